/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Connections that open without Java. When Java lets the first packet of a TCP connection through, by rules that look at
 * no source port and log nothing, it writes down in map `openings` what both entries of the next connection of that kind
 * are to be: same interface, addresses and destination port. The program makes them itself then, notes them in map
 * `opened_flows`, and Java makes the record when it next runs. Nobody waits for it.
 *
 * An opening holds in one epoch alone. Java begins another one with each change of policy, routes and endpoints, so
 * what is opened here is what Java would let through now. While no engine is there, nothing is opened.
 *
 * The cache is Java's table: a program takes a slot only while it is free, by making its version odd in one step
 * (compare and exchange), as Java does since; nobody but Java frees one.
 */
#ifndef CARACAL_OPENING_H
#define CARACAL_OPENING_H

#include <linux/bpf.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include "cache.h"
#include "caracal.h"
#include "flow.h"
#include "maps.h"

/* Programs on so many CPUs may have found room at once, each for one. */
#define OPENED_MARGIN 1024

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_bucket);
} openings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QUEUES_MAX);
	__type(key, __u32);
	__type(value, struct opened_flows);
} opened_flows SEC(".maps");

/* One direction of what is opened, as its entry is to say. */
struct opened_way {
	__u32 ingress_ifindex;
	__u32 target_ifindex;
	__u32 mtu;
	__u8 action;
};

/* What an opening says. */
struct opening {
	struct opened_way way;
	struct opened_way reply;
	__u32 generation;
	__u32 source_rule;
	__u32 destination_rule;
};

static __always_inline int is_first_of_connection(struct __sk_buff *skb, const struct flow *flow)
{
	struct tcphdr *tcp;

	if (flow->transport_offset > HEADERS_MAX)
		return 0;
	tcp = header_at(skb, flow->transport_offset);
	if ((void *)(tcp + 1) > (void *)(long)skb->data_end)
		return 0;
	return tcp->syn && !tcp->ack && !tcp->rst && !tcp->fin && tcp->doff >= sizeof(*tcp) / 4;
}

/*
 * Reads the opening of a flow's kind; returns whether there is one that holds. The epoch is read after the opening: one
 * that was written by what has changed since meets the epoch of the change.
 */
static __always_inline int read_opening(const struct flow_cache_state *state, const struct caracal_config *config,
					const struct flow *flow, __u32 part, __u32 ifindex, struct opening *opening)
{
	struct flow kind = *flow;
	struct flow_bucket *bucket;
	struct cached_flow *slot;
	__u32 index, version, epoch;

	if (!state->opening_bucket_count)
		return 0;
	kind.source_port_be = 0;
	index = part * state->opening_bucket_count +
		bucket_number(flow_hash(&kind, config->hash_seed), ifindex, state->opening_bucket_count);
	kind.protocol |= CACHE_OPENING_OF;
	bucket = bpf_map_lookup_elem(&openings, &index);
	slot = bucket ? find_slot(bucket, &kind, ifindex) : NULL;
	if (!slot || !begin_read(slot, &kind, ifindex, &version))
		return 0;
	opening->way.ingress_ifindex = ifindex;
	opening->way.target_ifindex = slot->target_ifindex;
	opening->way.mtu = slot->mtu;
	opening->way.action = slot->action;
	opening->reply.ingress_ifindex = slot->reply_ingress_ifindex;
	opening->reply.target_ifindex = slot->reply_target_ifindex;
	opening->reply.mtu = slot->reply_mtu;
	opening->reply.action = slot->reply_action;
	opening->generation = slot->generation;
	opening->source_rule = slot->source_rule;
	opening->destination_rule = slot->destination_rule;
	epoch = slot->epoch;
	asm volatile("" ::: "memory");
	if (*(volatile __u32 *)&slot->version != version)
		return 0;
	return epoch == *(volatile __u32 *)&state->epoch && (__s32)(opening->generation - state->generation_min) >= 0;
}

/* Takes a free slot of a bucket, its version is odd then; returns its number there, or a negative one. */
static __always_inline int take_slot(struct flow_bucket *bucket)
{
	int i;

#pragma unroll
	for (i = 0; i < CACHE_BUCKET_SLOTS; i++) {
		struct cached_flow *slot = &bucket->slots[i];
		__u32 version = *(volatile __u32 *)&slot->version;

		if (!(version & 1) && !*(volatile __u32 *)&slot->ingress_ifindex &&
		    __sync_val_compare_and_swap(&slot->version, version, version + 1) == version)
			return i;
	}
	return -1;
}

/* What was written before is there before the version is even again: stores stay in order on x86-64. */
static __always_inline void end_write(struct cached_flow *slot)
{
	asm volatile("" ::: "memory");
	*(volatile __u32 *)&slot->version += 1;
}

static __always_inline void write_entry(struct cached_flow *slot, const struct flow *flow,
					const struct opened_way *way, const struct opening *opening)
{
	slot->source_be = flow->source_be[0];
	slot->destination_be = flow->destination_be[0];
	slot->source_port_be = flow->source_port_be;
	slot->destination_port_be = flow->destination_port_be;
	slot->protocol = flow->protocol;
	slot->words = flow->words;
	slot->action = way->action;
	slot->is_translated = 0;
	slot->target_ifindex = way->target_ifindex;
	slot->mtu = way->mtu;
	slot->packets = 0;
	slot->bytes = 0;
	slot->last_seen_ns = 0;
	slot->seen = 0;
	slot->generation = opening->generation;
	slot->source_rest_be[0] = flow->source_be[1];
	slot->source_rest_be[1] = flow->source_be[2];
	slot->source_rest_be[2] = flow->source_be[3];
	slot->destination_rest_be[0] = flow->destination_be[1];
	slot->destination_rest_be[1] = flow->destination_be[2];
	slot->destination_rest_be[2] = flow->destination_be[3];
	slot->source_rule = opening->source_rule;
	slot->destination_rule = opening->destination_rule;
	slot->ingress_ifindex = way->ingress_ifindex;
}

static __always_inline void turn_round(const struct flow *flow, struct flow *answer)
{
	int i;

#pragma unroll
	for (i = 0; i < 4; i++) {
		answer->source_be[i] = flow->destination_be[i];
		answer->destination_be[i] = flow->source_be[i];
	}
	answer->source_port_be = flow->destination_port_be;
	answer->destination_port_be = flow->source_port_be;
	answer->protocol = flow->protocol;
	answer->words = flow->words;
}

/* Writes both entries and notes them for Java; returns whether there was room for all of it. */
static __always_inline int enter(const struct flow_cache_state *state, const struct flow *flow, __u32 hash, __u32 part,
				 const struct opening *opening, __u32 length)
{
	__u32 forth_number = bucket_number(hash, opening->way.ingress_ifindex, state->bucket_count);
	__u32 back_number = bucket_number(hash, opening->reply.ingress_ifindex, state->bucket_count);
	struct opened_flows *opened = bpf_map_lookup_elem(&opened_flows, &part);
	struct flow_bucket *forth, *back;
	struct cached_flow *slot;
	struct flow answer = {};
	int forth_slot, back_slot;
	__u32 index;
	__u64 place;

	if (!opened || opened->noted - *(volatile __u64 *)&opened->taken >= CACHE_OPENED_MAX - OPENED_MARGIN)
		return 0;
	index = part * state->bucket_count + forth_number;
	forth = bpf_map_lookup_elem(&flow_cache, &index);
	index = part * state->bucket_count + back_number;
	back = bpf_map_lookup_elem(&flow_cache, &index);
	/* One that has an entry is Java's to look at: it may be the same connection once more, or another one. */
	if (!forth || !back || find_slot(forth, flow, opening->way.ingress_ifindex))
		return 0;
	forth_slot = take_slot(forth);
	if (forth_slot < 0)
		return 0;
	back_slot = take_slot(back);
	if (back_slot < 0) {
		end_write(&forth->slots[forth_slot & (CACHE_BUCKET_SLOTS - 1)]);
		return 0;
	}
	turn_round(flow, &answer);
	slot = &back->slots[back_slot & (CACHE_BUCKET_SLOTS - 1)];
	write_entry(slot, &answer, &opening->reply, opening);
	slot->flow = CACHE_OPENED_REPLY;
	slot->other_slot = forth_number * CACHE_BUCKET_SLOTS + forth_slot;
	end_write(slot);
	slot = &forth->slots[forth_slot & (CACHE_BUCKET_SLOTS - 1)];
	write_entry(slot, flow, &opening->way, opening);
	slot->flow = CACHE_OPENED;
	slot->other_slot = back_number * CACHE_BUCKET_SLOTS + back_slot;
	slot->packets = 1;
	slot->bytes = length;
	slot->last_seen_ns = bpf_ktime_get_coarse_ns();
	end_write(slot);
	place = __sync_fetch_and_add(&opened->noted, 1);
	*(volatile __u32 *)&opened->slot_plus_one[place & (CACHE_OPENED_MAX - 1)] =
		forth_number * CACHE_BUCKET_SLOTS + forth_slot + 1;
	return 1;
}

/*
 * Opens a connection of a kind that Java has let through before; returns what the program returns then, or a miss: it is
 * Java's. Behind everything that a miss has to pass; an engine is there. Parameters as of send_by_cache.
 */
static __always_inline int open_by_kind(struct __sk_buff *skb, const struct caracal_config *config,
					const struct flow *flow, __u32 hash, __u32 part, __u32 side,
					struct workload_traffic *source)
{
	struct translation translation = {};
	struct cache_packet packet = {};
	struct checked_way way = {};
	struct opening opening = {};
	const struct flow_cache_state *state;
	enum caracal_counter reason;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&cache_state, &zero);
	if (!state || !state->bucket_count || !is_first_of_connection(skb, flow) ||
	    !read_opening(state, config, flow, part, skb->ifindex | side, &opening))
		return CACHE_MISS;
	read_cache_packet(skb, flow, &packet);
	reason = check_way(skb, flow, &translation, side, opening.way.action, opening.way.target_ifindex, &way);
	if (reason)
		return cache_miss(source, reason);
	if (exceeds_cached_mtu(skb, &packet, opening.way.mtu))
		return cache_miss(source, COUNTER_CACHE_TOO_BIG);
	if (!enter(state, flow, hash, part, &opening, packet.l3_length))
		return CACHE_MISS;
	count(COUNTER_CACHE_OPENED);
	count_cached(skb, source, opening.way.action, opening.way.target_ifindex);
	return send_on(skb, config, opening.way.action, opening.way.target_ifindex, &way, flow->words);
}

#endif
