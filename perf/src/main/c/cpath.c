/*
 * cpath: what a packet of a pod to a remote pod goes through in memory, in C: parse, route by longest prefix, source
 * check, flow lookup in a million flows and its bookkeeping, verdict, TTL, size, VXLAN. The twin of WholePathBenchmark:
 * as many packets, bursts, pods, blocks, nodes and flows, laid out alike.
 *
 * usage: cpath    prints one line of JSON.
 */
#include "burst.h"
#include "flowtable.h"

#include <time.h>

enum { PACKETS = 4096, FRAME = 4096, HEADROOM = 256, VARIANTS = 256, PODS = 200, BLOCKS = 1000, NODES = 250 };
enum { ETHERNET = 14, TUNNEL = 50, INNER_LENGTH = 64, MTU = 1500, FIRST_IFINDEX = 10, HASH_SEED = 7 };
enum { FIRST_POD = 10 << 24 | 65 << 16 | 2, FIRST_BLOCK = 10 << 24 | 66 << 16, BLOCK_BITS = 6, OWN = 0xc0a80001 };

static const double MEASURE_NS = 1.5e9;

/* Longest prefix in two steps: sixteen bits, then the ten that tell blocks of 64 addresses apart. */
static uint16_t *leaves[1 << 16];
static uint8_t outer[NODES][TUNNEL];
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

static void put16(uint8_t *to, uint32_t value)
{
	const uint16_t swapped = __builtin_bswap16((uint16_t)value);

	memcpy(to, &swapped, 2);
}

static void put32(uint8_t *to, uint32_t value)
{
	const uint32_t swapped = __builtin_bswap32(value);

	memcpy(to, &swapped, 4);
}

static uint32_t get32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, 4);
	return __builtin_bswap32(value);
}

static uint32_t sum_of_header(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
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
	put32(to + 2, FIRST_IFINDEX + pod);
	put16(to + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, INNER_LENGTH - ETHERNET);
	ip[8] = 64;
	ip[9] = UDP;
	put32(ip + 12, FIRST_POD + pod);
	put32(ip + 16, FIRST_BLOCK + remote);
	put16(ip + 10, sum_of_header(ip));
	put16(ip + 24, INNER_LENGTH - ETHERNET - 20);
	memcpy(&overwritten[packet][0], to, 8);
	memcpy(&overwritten[packet][1], to + 8, 8);
	memcpy(&overwritten[packet][2], to + 20, 8);
}

static void make_tables(void)
{
	for (uint32_t pod = 0; pod < PODS; pod++)
		route_add(&pods, FIRST_POD + pod, FIRST_IFINDEX + pod);
	for (uint32_t block = 0; block < BLOCKS; block++) {
		const uint32_t address = FIRST_BLOCK + (block << BLOCK_BITS);
		uint16_t **leaf = &leaves[address >> 16];

		if (*leaf == NULL)
			*leaf = calloc(1 << 10, sizeof(uint16_t));
		(*leaf)[address >> BLOCK_BITS & 0x3ff] = (uint16_t)(1 + block % NODES);
	}
	for (uint32_t node = 0; node < NODES; node++) {
		uint8_t *to = outer[node];

		put16(to + 12, 0x0800);
		to[14] = 0x45;
		to[22] = 64;
		to[23] = UDP;
		put32(to + 26, OWN);
		put32(to + 30, OWN + 0x100 + node);
		put16(to + 36, 4789);
		to[42] = 0x08;
		put32(to + 46, 4096 << 8);
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
		put32(to + 34, spread((uint64_t)packet * VARIANTS + variant));
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
		const uint32_t destination = get32(ip + 16);
		const uint16_t *leaf = leaves[destination >> 16];
		const uint32_t node = leaf == NULL ? 0 : leaf[destination >> BLOCK_BITS & 0x3ff];

		if (burst.verdict[row] != UNDECIDED)
			continue;
		if (node == 0)
			burst_drop(&burst, row, DESTINATION_UNKNOWN);
		else if (ifindex_of(get32(ip + 12)) != burst.ingress_ifindex[row])
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

		addresses[row] = (uint64_t)get32(ip + 12) << 32 | get32(ip + 16);
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
		uint8_t *packet = area + burst.address[row], *ip = packet + ETHERNET, *to = packet - TUNNEL;
		const uint32_t total = burst.length[row] + TUNNEL - ETHERNET;
		uint32_t checksum;

		if (burst.verdict[row] != UNDECIDED)
			continue;
		if (ip[8] <= 1 || total > MTU) {
			burst_drop(&burst, row, TTL_EXPIRED);
			continue;
		}
		checksum = ((uint32_t)ip[10] << 8 | ip[11]) + 0x0100u;
		put16(ip + 10, (checksum & 0xffff) + (checksum >> 16));
		ip[8]--;
		memset(packet, 0x66, 12);
		memcpy(to, outer[burst.egress_ifindex[row]], TUNNEL);
		put16(to + 16, total);
		put16(to + 24, sum_of_header(to + 14));
		put16(to + 34, 49152 + (burst.flow_hash[row] & 0x3fff));
		put16(to + 38, total - 20);
		burst.address[row] -= TUNNEL;
		burst.length[row] += TUNNEL;
		burst.verdict[row] = TRANSMIT;
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
