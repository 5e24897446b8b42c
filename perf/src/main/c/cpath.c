/*
 * cpath: what a packet goes through in memory, in C; as many packets, bursts, pods, blocks, nodes and flows as the
 * benchmarks have of which it is the twin, laid out alike.
 *
 *   memory   of a pod to a remote pod: parse, route by longest prefix, source check, flow lookup in a million flows and
 *            its bookkeeping, verdict, TTL, size, VXLAN (WholePathBenchmark)
 *   encap    the same without the flow (PipelineBenchmark.encap)
 *   decap    of a remote pod to a pod: the tunnel's checks, a sender among all nodes, parse of what is inside
 *            (PipelineBenchmark.decap)
 *
 * usage: cpath memory|encap|decap    prints one line of JSON.
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
static struct route_table pods, senders;
static struct burst burst;
static uint64_t now_ms, hits, finished;
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
		route_add(&senders, ends.peer, 1 + node);
	}
}

/* The packet that a node sends for a pod here. */
static void write_tunnelled(uint32_t packet)
{
	const struct tunnel_ends *ends = &tunnels[spread(packet) % NODES].ends;
	const struct tunnel_ends back = { .own = ends->peer, .peer = ends->own, .vni = ends->vni, .port = ends->port,
					  .peer_vtep_mac = { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66 } };
	struct tunnel tunnel;

	tunnel_create(&tunnel, &back);
	burst.address[0] = (uint64_t)packet * FRAME + HEADROOM + TUNNEL;
	burst.length[0] = INNER_LENGTH;
	burst.flow_hash[0] = packet;
	memmove(frame(packet) + TUNNEL, frame(packet), INNER_LENGTH);
	encapsulate(&burst, area, 0, &tunnel);
}

/* What the kernel brings: forwarding has changed nothing of it. */
static void receive_tunnelled(uint32_t number)
{
	burst.count = BURST_PACKETS;
	for (uint32_t row = 0; row < BURST_PACKETS; row++) {
		burst.address[row] = (uint64_t)(number * BURST_PACKETS + row) * FRAME + HEADROOM;
		burst.length[row] = TUNNEL + INNER_LENGTH;
		burst.verdict[row] = UNDECIDED;
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
		finished++;
	}
}

static void decapsulate_stage(void)
{
	for (uint32_t row = 0; row < burst.count; row++) {
		const uint32_t node = route_find(&senders, load32(area + burst.address[row] + ETHERNET + 12));

		if (node == 0 || !decapsulate(&burst, area, row, &tunnels[node - 1]))
			burst_drop(&burst, row, OVERLAY_INVALID);
	}
	parse_inner(&burst, area, HASH_SEED);
	for (uint32_t row = 0; row < burst.count; row++)
		finished += burst.verdict[row] == UNDECIDED;
}

static void forward(int creates)
{
	parse_stage(&burst, area, HASH_SEED);
	route_stage();
	if (groups)
		track_stage(creates);
	encapsulate_stage();
}

static void make_flows(void)
{
	table_create((uint64_t)PACKETS * VARIANTS);
	for (uint32_t variant = 0; variant < VARIANTS; variant++)
		for (uint32_t number = 0; number < PACKETS / BURST_PACKETS; number++) {
			receive(number, variant);
			forward(1);
		}
}

static void make_packets(int tunnelled)
{
	area = reserve((uint64_t)PACKETS * FRAME);
	for (uint32_t packet = 0; packet < PACKETS; packet++) {
		write_packet(packet);
		if (tunnelled)
			write_tunnelled(packet);
	}
}

int main(int argc, char **argv)
{
	const int is_memory = argc == 2 && !strcmp(argv[1], "memory"), is_decap = argc == 2 && !strcmp(argv[1], "decap");
	uint32_t random = 1;
	uint64_t packets = 0;
	double start, elapsed;

	if (!is_memory && !is_decap && (argc != 2 || strcmp(argv[1], "encap"))) {
		fprintf(stderr, "cpath: usage: cpath memory|encap|decap\n");
		return 2;
	}
	make_tables();
	make_packets(is_decap);
	if (is_memory)
		make_flows();
	hits = finished = 0;
	start = now_ns();
	do {
		now_ms = (uint64_t)(now_ns() / 1e6);
		for (uint32_t number = 0; number < PACKETS / BURST_PACKETS; number++) {
			random = random * 1664525u + 1013904223u;
			if (is_decap) {
				receive_tunnelled(number);
				decapsulate_stage();
			} else {
				receive(number, random >> 24);
				forward(0);
			}
		}
		packets += PACKETS;
		elapsed = now_ns() - start;
	} while (elapsed < MEASURE_NS);
	printf("{\"flows\":%u,\"packets\":%llu,\"hits\":%llu,\"finished\":%llu,\"nsPerPacket\":%.2f}\n", used,
	       (unsigned long long)packets, (unsigned long long)hits, (unsigned long long)finished, elapsed / packets);
	return 0;
}
