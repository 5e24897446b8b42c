/*
 * cparse: the parse stage of io.caracal.stage written in C, for the machine's own limit: same packets (read from a
 * file that the Java side wrote), same checks, same columns, same seeded symmetric hash. TCP and UDP in IPv4 and IPv6
 * without options, ICMP echo; what is anything else counts as refused.
 *
 * usage: cparse FILE SEED    prints one line of JSON.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BURST 64
#define MEASURE_NS 1.5e9

/* In front of the file's memory image, which begins on a page of its own. */
struct head {
	uint32_t packets;
	uint32_t image_offset;
	uint64_t image_bytes;
	struct {
		uint32_t address;
		uint32_t length;
	} packet[];
};

static struct {
	uint64_t frame_address[BURST];
	uint32_t length[BURST], ifindex[BURST], ether_type[BURST], l3_offset[BURST], l4_offset[BURST], protocol[BURST];
	uint32_t source_port[BURST], destination_port[BURST], flags[BURST], flow_hash[BURST];
	uint8_t direction[BURST], ip_version[BURST], verdict[BURST];
} burst;

static uint64_t end_key, end_multiplier, port_key, flow_key, flow_multiplier;

static uint64_t expand(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + index * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* As Math.multiplyHigh: signed. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__int128 product = (__int128)(int64_t)a * (int64_t)b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t finish(uint64_t ends, uint32_t protocol)
{
	uint64_t mixed = mix(ends ^ flow_key, flow_multiplier + ((uint64_t)protocol << 1));

	return (uint32_t)(mixed ^ mixed >> 32);
}

static uint32_t hash4(uint32_t source, uint32_t destination, uint32_t protocol, uint32_t ports)
{
	uint64_t from = (uint64_t)source << 16 | ports >> 16;
	uint64_t to = (uint64_t)destination << 16 | (ports & 0xffff);

	return finish(mix(from ^ end_key, end_multiplier) + mix(to ^ end_key, end_multiplier), protocol);
}

static uint64_t end6(uint64_t high, uint64_t low, uint32_t port)
{
	return mix(mix(high ^ end_key, end_multiplier) ^ low, port_key + ((uint64_t)port << 1));
}

static uint16_t be16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return be16toh(value);
}

static uint32_t be32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return be32toh(value);
}

static uint64_t be64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return be64toh(value);
}

/* Transport header: ports into the columns and for the hash; negative when malformed. */
static int64_t transport(int row, const uint8_t *l4, uint32_t available, uint32_t protocol, int version)
{
	uint32_t ports = 0;
	uint32_t header;

	switch (protocol) {
	case 6:
		if (available < 20)
			return -1;
		header = (l4[12] >> 4) * 4;
		if (header < 20 || header > available)
			return -1;
		ports = be32(l4);
		break;
	case 17:
		if (available < 8 || be16(l4 + 4) < 8 || be16(l4 + 4) > available)
			return -1;
		ports = be32(l4);
		break;
	case 1:
	case 58:
		if (available < 8 || (protocol == 1) != (version == 4))
			return -1;
		burst.source_port[row] = be16(l4 + 4);
		burst.destination_port[row] = be16(l4);
		return (int64_t)be16(l4 + 4) << 16 | be16(l4 + 4);
	default:
		return -1;
	}
	burst.source_port[row] = ports >> 16;
	burst.destination_port[row] = ports & 0xffff;
	return ports;
}

static int parse4(int row, const uint8_t *l3, uint32_t available)
{
	uint64_t sum;
	uint32_t total, destination, protocol;
	int64_t ports;

	if (available < 20 || l3[0] != 0x45)
		return 0;
	total = be16(l3 + 2);
	if (total < 20 || total > available || (be16(l3 + 6) & 0x3fff))
		return 0;
	sum = (uint64_t)be32(l3) + be32(l3 + 4) + be32(l3 + 8) + be32(l3 + 12) + be32(l3 + 16);
	if (sum % 65535 != 0)
		return 0;
	destination = be32(l3 + 16);
	protocol = l3[9];
	burst.ip_version[row] = 4;
	burst.length[row] = 14 + total;
	burst.protocol[row] = protocol;
	burst.flags[row] = destination >> 28 == 14 || destination == 0xffffffff ? 8 : 0;
	burst.l4_offset[row] = 34;
	ports = transport(row, l3 + 20, total - 20, protocol, 4);
	burst.flow_hash[row] = hash4(be32(l3 + 12), destination, protocol, (uint32_t)ports);
	return ports >= 0;
}

static int parse6(int row, const uint8_t *l3, uint32_t available)
{
	uint32_t payload, protocol;
	int64_t ports;

	if (available < 40 || l3[0] >> 4 != 6)
		return 0;
	payload = be16(l3 + 4);
	protocol = l3[6];
	if (payload > available - 40)
		return 0;
	burst.ip_version[row] = 6;
	burst.length[row] = 54 + payload;
	burst.protocol[row] = protocol;
	burst.flags[row] = l3[24] == 0xff ? 8 : 0;
	burst.l4_offset[row] = 54;
	ports = transport(row, l3 + 40, payload, protocol, 6);
	burst.flow_hash[row] = finish(end6(be64(l3 + 8), be64(l3 + 16), (uint32_t)ports >> 16)
				      + end6(be64(l3 + 24), be64(l3 + 32), ports & 0xffff), protocol);
	return ports >= 0;
}

static int parse(int row, const uint8_t *memory)
{
	const uint8_t *frame = memory + burst.frame_address[row];
	uint32_t length = burst.length[row];
	uint32_t mark, ifindex;

	if (length < 14)
		return 0;
	mark = be16(frame);
	ifindex = be32(frame + 2);
	if ((int32_t)ifindex <= 0 || mark < 0x201 || mark > 0x204 || (mark != 0x201 && be16(frame + 6) != 0x200))
		return 0;
	burst.direction[row] = mark & 0xff;
	burst.ifindex[row] = ifindex;
	burst.l3_offset[row] = 14;
	burst.ether_type[row] = be16(frame + 12);
	switch (burst.ether_type[row]) {
	case 0x0800:
		return parse4(row, frame + 14, length - 14);
	case 0x86dd:
		return parse6(row, frame + 14, length - 14);
	default:
		return 0;
	}
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static uint64_t parse_all(const struct head *head, const uint8_t *memory, uint64_t *refused)
{
	uint64_t sum = 0;

	for (uint32_t first = 0; first + BURST <= head->packets; first += BURST) {
		for (int row = 0; row < BURST; row++) {
			burst.frame_address[row] = head->packet[first + row].address;
			burst.length[row] = head->packet[first + row].length;
			burst.verdict[row] = 0;
			burst.flags[row] = 0;
		}
		for (int row = 0; row < BURST; row++)
			burst.verdict[row] = !parse(row, memory);
		for (int row = 0; row < BURST; row++) {
			sum += burst.flow_hash[row];
			*refused += burst.verdict[row];
		}
	}
	return sum;
}

int main(int argc, char **argv)
{
	struct stat status;
	const struct head *head;
	uint64_t refused = 0, sum, rounds = 0;
	uint8_t *memory;
	double start;
	int file;

	if (argc != 3 || (file = open(argv[1], O_RDONLY)) < 0 || fstat(file, &status) < 0) {
		fprintf(stderr, "cparse: usage: cparse FILE SEED (cannot open %s)\n", argc > 1 ? argv[1] : "FILE");
		return 2;
	}
	head = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
	if (head == MAP_FAILED || head->image_offset + head->image_bytes > (uint64_t)status.st_size) {
		fprintf(stderr, "cparse: %s is no memory image\n", argv[1]);
		return 1;
	}
	/* Anonymous memory, as a heap has it, not the page cache's pages. */
	memory = mmap(NULL, head->image_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("cparse: mmap");
		return 1;
	}
	memcpy(memory, (const uint8_t *)head + head->image_offset, head->image_bytes);
	end_key = expand(strtoull(argv[2], NULL, 10), 1);
	end_multiplier = expand(strtoull(argv[2], NULL, 10), 2) | 1;
	port_key = expand(strtoull(argv[2], NULL, 10), 3) | 1;
	flow_key = expand(strtoull(argv[2], NULL, 10), 4);
	flow_multiplier = expand(strtoull(argv[2], NULL, 10), 5) | 1;
	sum = parse_all(head, memory, &refused);
	for (int warm = 0; warm < 100; warm++)
		parse_all(head, memory, &refused);
	refused = 0;
	start = now_ns();
	while (now_ns() - start < MEASURE_NS) {
		parse_all(head, memory, &refused);
		rounds++;
	}
	printf("{\"nsPerPacket\":%.2f,\"hashSum\":%llu,\"refused\":%llu}\n",
	       (now_ns() - start) / rounds / head->packets, (unsigned long long)sum,
	       (unsigned long long)(refused / rounds));
	return 0;
}
