/*
 * ctable: the flow table of io.caracal.conntrack written in C, for the machine's own limit: same records (64 bytes),
 * same groups of twelve tags and slots, same seeded symmetric hash, same key order, huge pages where the kernel gives
 * them; but a prefetch instruction instead of Java's two touching passes.
 *
 * usage: ctable FLOWS    prints one line of JSON.
 */
#include "flowtable.h"

#include <time.h>

#define BURST 64

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* The tuple of the i-th flow, as FlowTableMeasurement makes it. */
static void tuple(uint64_t i, uint64_t *addresses, uint32_t *ports)
{
	uint64_t mixed = (i + 1) * SPREAD;

	*addresses = (mixed >> 32) << 32 | 0x0a010000 | (i & 0xffff);
	*ports = (uint32_t)mixed;
}

static double measure(uint64_t flows, uint64_t first, int64_t *sum)
{
	static uint64_t addresses[BURST], hashes[BURST];
	static uint32_t ports[BURST];
	uint64_t random = 88172645463325252ull;
	uint64_t packets = 0;
	double start = now_ns();

	while (now_ns() - start < 0.5e9) {
		for (int round = 0; round < 256; round++) {
			for (int i = 0; i < BURST; i++) {
				random ^= random << 13;
				random ^= random >> 7;
				random ^= random << 17;
				tuple(first + ((random >> 32) * flows >> 32), &addresses[i], &ports[i]);
				hashes[i] = hash_of(addresses[i], ports[i], UDP);
				__builtin_prefetch(&groups[home(hashes[i])]);
			}
			for (int i = 0; i < BURST; i++) {
				const struct group *group = &groups[home(hashes[i])];
				uint64_t found = matches(group, tag_of(hashes[i]));

				if (found)
					__builtin_prefetch(&records[group->slots[entry_of(found)]]);
			}
			for (int i = 0; i < BURST; i++)
				*sum += find(hashes[i], addresses[i], ports[i], UDP);
		}
		packets += 256 * BURST;
	}
	return (now_ns() - start) / packets;
}

int main(int argc, char **argv)
{
	uint64_t flows = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t addresses;
	uint32_t ports;
	int64_t sum = 0;
	double start, insert_ns, hit_ns, miss_ns;

	if (flows < 1 || flows > 100000000) {
		fprintf(stderr, "ctable: usage: ctable FLOWS (1 to 100000000)\n");
		return 2;
	}
	table_create(flows);
	start = now_ns();
	for (uint64_t i = 0; i < flows; i++) {
		tuple(i, &addresses, &ports);
		if (!insert(addresses, ports)) {
			fprintf(stderr, "ctable: no room for flow %llu\n", (unsigned long long)i);
			return 1;
		}
	}
	insert_ns = (now_ns() - start) / flows;
	hit_ns = measure(flows, 0, &sum);
	miss_ns = measure(flows, flows, &sum);
	printf("{\"insertPerS\":%.0f,\"hitNs\":%.2f,\"missNs\":%.2f,\"sum\":%lld}\n", 1e9 / insert_ns, hit_ns, miss_ns,
	       (long long)sum);
	return 0;
}
