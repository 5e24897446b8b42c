/*
 * The flow table of io.caracal.conntrack in C: same records (64 bytes), same groups of twelve tags and slots, same
 * seeded symmetric hash, same key order, huge pages where the kernel gives them. For one program at a time.
 */
#ifndef CARACAL_FLOWTABLE_H
#define CARACAL_FLOWTABLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GROUP_ENTRIES 12
#define MAX_PROBES 12
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
		perror("reserve memory of the flow table");
		exit(3);
	}
	madvise(memory, size, MADV_HUGEPAGE);
	memset(memory, 0, size);
	return memory;
}

static inline int is_prime(uint64_t n)
{
	for (uint64_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return 0;
	return 1;
}

/* Room for so many flows at three quarters full. */
static void table_create(uint64_t flows)
{
	seed0 = 0x243f6a8885a308d3ull;
	seed1 = 0x13198a2e03707344ull;
	seed2 = 0xa4093822299f31d1ull;
	group_count = flows * 2 * 100 / 75 / GROUP_ENTRIES + MAX_PROBES;
	while (!is_prime(group_count))
		group_count++;
	groups = reserve(group_count * sizeof(struct group));
	records = reserve(flows * sizeof(struct record));
}

#endif
