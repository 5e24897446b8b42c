/*
 * cpath: what a packet of a pod to a remote pod goes through in memory, in C: parse, route by longest prefix, source
 * check, flow lookup in a million flows and its bookkeeping, verdict, TTL, size, VXLAN. The twin of WholePathBenchmark:
 * as many packets, bursts, pods, blocks, nodes and flows, laid out alike.
 *
 * usage: cpath    prints one line of JSON.
 */
#include "burst.h"
#include "flowtable.h"
#include "vxlan.h"

#include <time.h>

enum { PACKETS = 4096, FRAME = 4096, HEADROOM = 256, VARIANTS = 256, PODS = 200, BLOCKS = 1000, NODES = 250 };
enum { INNER_LENGTH = 64, MTU = 1500, FIRST_IFINDEX = 10, HASH_SEED = 7 };
enum { FIRST_POD = 10 << 24 | 65 << 16 | 2, FIRST_BLOCK = 10 << 24 | 66 << 16, OWN = 0xc0a80001 };

static const double MEASURE_NS = 1.5e9;

static struct block_table blocks;
static struct tunnel tunnels[NODES];
static uint8_t *area;
static uint64_t overwritten[PACKETS][3];
static struct route_table pods;
static struct burst burst;
static uint64_t now_ms, hits, transmitted;
static uint32_t generation = 1;

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static uint32_t spread(uint64_t value)
{
	return (uint32_t)((value + 1) * SPREAD >> 32);
}

static uint8_t *frame(uint32_t packet)
{
	return area + (uint64_t)packet * FRAME + HEADROOM;
}

static void write_packet(uint32_t packet)
{
	uint8_t *to = frame(packet), *ip = to + ETHERNET;
	const uint32_t pod = spread(packet) % PODS, remote = spread(PACKETS + packet) % (BLOCKS << BLOCK_BITS);

	to[0] = 0x02;
	to[1] = 1;
	store32(to + 2, FIRST_IFINDEX + pod);
	store16(to + 12, 0x0800);
	ip[0] = 0x45;
	store16(ip + 2, INNER_LENGTH - ETHERNET);
	ip[8] = 64;
	ip[9] = UDP;
	store32(ip + 12, FIRST_POD + pod);
	store32(ip + 16, FIRST_BLOCK + remote);
	store_ipv4_sum(ip);
	store16(ip + 24, INNER_LENGTH - ETHERNET - 20);
	memcpy(&overwritten[packet][0], to, 8);
	memcpy(&overwritten[packet][1], to + 8, 8);
	memcpy(&overwritten[packet][2], to + 20, 8);
}

static void make_tables(void)
{
	for (uint32_t pod = 0; pod < PODS; pod++)
		route_add(&pods, FIRST_POD + pod, FIRST_IFINDEX + pod);
	for (uint32_t block = 0; block < BLOCKS; block++)
		block_add(&blocks, FIRST_BLOCK + (block << BLOCK_BITS), (uint16_t)(1 + block % NODES));
	for (uint32_t node = 0; node < NODES; node++) {
		struct tunnel_ends ends = { .own = OWN, .peer = OWN + 0x100 + node, .vni = 4096, .port = 4789 };

		memset(&ends.peer_vtep_mac, 0x66, 6);
		memset(&ends.own_vtep_mac, 0x66, 6);
		tunnel_create(&tunnels[node], &ends);
	}
}

/* The flow that a packet is of this time: its ports say so. */
static void receive(uint32_t number, uint32_t variant)
{
	burst.count = BURST_PACKETS;
	for (uint32_t row = 0; row < BURST_PACKETS; row++) {
		const uint32_t packet = number * BURST_PACKETS + row;
		uint8_t *to = frame(packet);

		memcpy(to, &overwritten[packet][0], 8);
		memcpy(to + 8, &overwritten[packet][1], 8);
		memcpy(to + 20, &overwritten[packet][2], 8);
		store32(to + 34, spread((uint64_t)packet * VARIANTS + variant));
		burst.address[row] = (uint64_t)packet * FRAME + HEADROOM;
		burst.length[row] = INNER_LENGTH;
		burst.verdict[row] = UNDECIDED;
	}
}

static uint32_t ifindex_of(uint32_t address)
{
	const uint32_t pod = address - FIRST_POD;

	return pod < PODS ? FIRST_IFINDEX + pod : 0;
}

static void route_stage(void)
{
	for (uint32_t row = 0; row < burst.count; row++) {
		const uint8_t *ip = area + burst.address[row] + burst.l3_offset[row];
		const uint32_t destination = load32(ip + 16);
		const uint32_t node = block_find(&blocks, destination);

		if (burst.verdict[row] != UNDECIDED)
			continue;
		if (node == 0)
			burst_drop(&burst, row, DESTINATION_UNKNOWN);
		else if (ifindex_of(load32(ip + 12)) != burst.ingress_ifindex[row])
			burst_drop(&burst, row, SOURCE_SPOOFED);
		burst.egress_ifindex[row] = node - 1;
	}
}

/* What a record keeps of its flow: time, packets and bytes of the direction, the policy it was allowed under. */
struct account {
	uint64_t seen_ms, packets, bytes;
	uint32_t generation, rule;
};

_Static_assert(sizeof(struct account) == sizeof(((struct record *)0)->part), "the record's own part");

static void track_stage(int creates)
{
	static uint64_t addresses[BURST_PACKETS], hashes[BURST_PACKETS];
	static uint32_t ports[BURST_PACKETS];

	for (uint32_t row = 0; row < burst.count; row++) {
		const uint8_t *ip = area + burst.address[row] + burst.l3_offset[row];

		addresses[row] = (uint64_t)load32(ip + 12) << 32 | load32(ip + 16);
		ports[row] = (uint32_t)burst.source_port[row] << 16 | burst.destination_port[row];
		hashes[row] = hash_of(addresses[row], ports[row], burst.ip_protocol[row]);
		__builtin_prefetch(&groups[home(hashes[row])]);
	}
	for (uint32_t row = 0; row < burst.count; row++) {
		const struct group *group = &groups[home(hashes[row])];
		const uint64_t found = matches(group, tag_of(hashes[row]));

		if (found)
			__builtin_prefetch(&records[group->slots[entry_of(found)]], 1);
	}
	for (uint32_t row = 0; row < burst.count; row++) {
		const int64_t found = find(hashes[row], addresses[row], ports[row], burst.ip_protocol[row]);
		struct account *account;

		if (found < 0) {
			burst_drop(&burst, row, DESTINATION_UNKNOWN);
			if (creates && insert(addresses[row], ports[row])) {
				account = (struct account *)records[used - 1].part;
				account->generation = generation;
			}
			continue;
		}
		account = (struct account *)records[found >> 1].part;
		if (account->generation != generation) {
			burst_drop(&burst, row, DESTINATION_UNKNOWN);
			continue;
		}
		account->seen_ms = now_ms;
		account->packets++;
		account->bytes += burst.length[row];
		hits++;
	}
}

static void encapsulate_stage(void)
{
	for (uint32_t row = 0; row < burst.count; row++) {
		uint8_t *ip = area + burst.address[row] + ETHERNET;

		if (burst.verdict[row] != UNDECIDED)
			continue;
		if (ip[8] <= 1 || burst.length[row] + TUNNEL - ETHERNET > MTU) {
			burst_drop(&burst, row, TTL_EXPIRED);
			continue;
		}
		decrement_ttl(ip);
		encapsulate(&burst, area, row, &tunnels[burst.egress_ifindex[row]]);
		transmitted++;
	}
}

static void process(int creates)
{
	parse_stage(&burst, area, HASH_SEED);
	route_stage();
	track_stage(creates);
	encapsulate_stage();
}

int main(void)
{
	uint32_t random = 1;
	uint64_t packets = 0;
	double start, elapsed;

	area = reserve((uint64_t)PACKETS * FRAME);
	table_create((uint64_t)PACKETS * VARIANTS);
	make_tables();
	for (uint32_t packet = 0; packet < PACKETS; packet++)
		write_packet(packet);
	for (uint32_t variant = 0; variant < VARIANTS; variant++)
		for (uint32_t number = 0; number < PACKETS / BURST_PACKETS; number++) {
			receive(number, variant);
			process(1);
		}
	hits = transmitted = 0;
	start = now_ns();
	do {
		now_ms = (uint64_t)(now_ns() / 1e6);
		for (uint32_t number = 0; number < PACKETS / BURST_PACKETS; number++) {
			random = random * 1664525u + 1013904223u;
			receive(number, random >> 24);
			process(0);
		}
		packets += PACKETS;
		elapsed = now_ns() - start;
	} while (elapsed < MEASURE_NS);
	printf("{\"flows\":%u,\"packets\":%llu,\"hits\":%llu,\"transmitted\":%llu,\"nsPerPacket\":%.2f}\n", used,
	       (unsigned long long)packets, (unsigned long long)hits, (unsigned long long)transmitted, elapsed / packets);
	return 0;
}
