/*
 * ctable: the flow table of io.caracal.conntrack written in C, for the machine's own limit: same records (64 bytes),
 * same groups of twelve tags and slots, same seeded symmetric hash, same key order, huge pages where the kernel gives
 * them; but a prefetch instruction instead of Java's two touching passes.
 *
 * usage: ctable FLOWS    prints one line of JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define GROUP_ENTRIES 12
#define MAX_PROBES 12
#define BURST 64
#define SPREAD 0x9e3779b97f4a7c15ull
#define UDP 17

struct group {
	uint8_t tags[GROUP_ENTRIES];
	uint16_t overflow;
	uint16_t unused;
	uint32_t slots[GROUP_ENTRIES];
};

struct record {
	uint32_t sequence;
	uint8_t protocol;
	uint8_t state;
	uint16_t flags;
	uint64_t addresses;
	uint32_t ports;
	uint32_t reply_ports;
	uint64_t reply_addresses;
	uint8_t part[32];
};

_Static_assert(sizeof(struct group) == 64, "a group is a cache line");
_Static_assert(sizeof(struct record) == 64, "a record is a cache line");

static struct group *groups;
static struct record *records;
static uint64_t group_count;
static uint32_t used;
static uint64_t seed0, seed1, seed2;

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(uint64_t addresses, uint32_t ports, uint32_t protocol)
{
	uint64_t source = (addresses >> 32) << 16 | ports >> 16;
	uint64_t destination = (addresses & 0xffffffffull) << 16 | (ports & 0xffff);
	uint64_t low = source < destination ? source : destination;
	uint64_t high = (source < destination ? destination : source) | (uint64_t)protocol << 48;

	return fold(fold(low ^ seed0, high ^ seed1) ^ SPREAD, seed2);
}

static uint64_t home(uint64_t hash)
{
	return (hash >> 32) * group_count >> 32;
}

static uint64_t next(uint64_t group, uint64_t hash)
{
	uint64_t after = group + 1 + ((hash >> 8 & 0xffffff) * (group_count - 1) >> 24);

	return after < group_count ? after : after - group_count;
}

static uint8_t tag_of(uint64_t hash)
{
	uint8_t tag = hash & 0xff;

	return tag == 0 ? 1 : tag;
}

static uint64_t zero_bytes(uint64_t word)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7full;

	return ~(((word & low) + low) | word | low);
}

/* The entries that have a tag, one bit each, as in FlowIndex. */
static uint64_t matches(const struct group *group, uint8_t tag)
{
	const uint64_t every = 0x0101010101010101ull * tag;
	uint64_t first;
	uint32_t second;

	memcpy(&first, group->tags, 8);
	memcpy(&second, group->tags + 8, 4);
	return zero_bytes(first ^ every) >> 7 | (zero_bytes((second ^ every) & 0xffffffffull) & 0x80808080ull) >> 6;
}

static int entry_of(uint64_t found)
{
	int bit = __builtin_ctzll(found);

	return (bit >> 3) + ((bit & 1) << 3);
}

static int64_t find(uint64_t hash, uint64_t addresses, uint32_t ports, uint32_t protocol)
{
	uint8_t tag = tag_of(hash);
	uint64_t at = home(hash);

	for (int probe = 0; probe < MAX_PROBES; probe++) {
		const struct group *group = &groups[at];

		for (uint64_t found = matches(group, tag); found; found &= found - 1) {
			uint32_t slot = group->slots[entry_of(found)];
			const struct record *record = &records[slot];

			if (record->protocol != protocol)
				continue;
			if (record->addresses == addresses && record->ports == ports)
				return (int64_t)slot << 1;
			if (record->reply_addresses == addresses && record->reply_ports == ports)
				return (int64_t)slot << 1 | 1;
		}
		if (!group->overflow)
			return -1;
		at = next(at, hash);
	}
	return -1;
}

static int insert(uint64_t addresses, uint32_t ports)
{
	uint64_t hash = hash_of(addresses, ports, UDP);
	uint64_t at = home(hash);

	for (int probe = 0; probe < MAX_PROBES; probe++) {
		uint64_t free_entries = matches(&groups[at], 0);

		if (free_entries) {
			int entry = entry_of(free_entries);
			struct record *record = &records[used];

			groups[at].tags[entry] = tag_of(hash);
			groups[at].slots[entry] = used++;
			for (uint64_t passed = home(hash); passed != at; passed = next(passed, hash))
				groups[passed].overflow++;
			record->protocol = UDP;
			record->state = 16;
			record->addresses = addresses;
			record->ports = ports;
			record->reply_addresses = addresses << 32 | addresses >> 32;
			record->reply_ports = ports << 16 | ports >> 16;
			return 1;
		}
		at = next(at, hash);
	}
	return 0;
}

static void *reserve(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("ctable: reserve memory");
		exit(3);
	}
	madvise(memory, size, MADV_HUGEPAGE);
	memset(memory, 0, size);
	return memory;
}

static int is_prime(uint64_t n)
{
	for (uint64_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return 0;
	return 1;
}

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
	seed0 = 0x243f6a8885a308d3ull;
	seed1 = 0x13198a2e03707344ull;
	seed2 = 0xa4093822299f31d1ull;
	group_count = flows * 2 * 100 / 75 / GROUP_ENTRIES + MAX_PROBES;
	while (!is_prime(group_count))
		group_count++;
	groups = reserve(group_count * sizeof(struct group));
	records = reserve(flows * sizeof(struct record));
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
