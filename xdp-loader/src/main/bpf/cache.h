/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The flow cache: what Java has decided about the first packet of a flow, repeated for those that follow. Java writes
 * it as its own hash table into the mapped array, a worker each into its own part; the programs read it and note what
 * they have seen. The mirror is io.caracal.xdp.cache; FlowCacheHeaderTest fails when the two sides drift apart.
 *
 * What the cache must not decide comes to Java: packets that open a connection (but see opening.h), fragments, IP
 * options, other protocols than TCP and UDP, a TTL that ends here, what is too big for the next link.
 *
 * An entry is read under its version (a seqlock): odd while Java writes, and changed when the entry is another's. The
 * key holds the interface that a packet comes by, so that no pod can use another's entry. Flows of other nodes' pods come
 * by the device of the overlay, or of an uplink, and leave by it, as the host's routes say. What NAT-outgoing has
 * translated is translated here too, by the numbers that Java has bound.
 */
#ifndef CARACAL_CACHE_H
#define CARACAL_CACHE_H

#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"
#include "flow.h"
#include "maps.h"

#define CACHE_MISS -1
#define CACHE_OPENING -2 /* a miss, too: a segment that may open a connection */
#define PART_OF_HASH 0xffffffff
#define AF_INET 2 /* linux/socket.h */
#define AF_INET6 10
#define PACKET_HOST 0 /* linux/if_packet.h: the frame is addressed to the interface that it came by */

/* One bucket is four slots: both are found by one look into the array. */
struct flow_bucket {
	struct cached_flow slots[CACHE_BUCKET_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_bucket);
} flow_cache SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_cache_state);
} cache_state SEC(".maps");

/* What is read of a packet once, before anything is changed. */
struct cache_packet {
	__u32 l3_length;
	__u32 header_length; /* of IP and transport */
	__u32 segments;
	__u32 seen;
};

/* What the far end of a flow of NAT-outgoing sees instead of the pod; a port of 0 is no translation. */
struct translation {
	__u32 address_be;
	__u16 port_be;
};

static __always_inline int is_cache_miss(int action)
{
	return action == CACHE_MISS || action == CACHE_OPENING;
}

/* Only of pods' packets: what else comes by an uplink is not said to have missed anything. */
static __always_inline int cache_miss(const struct workload_traffic *source, enum caracal_counter reason)
{
	if (source)
		count(reason);
	return CACHE_MISS;
}

/* The kinds of enum cache_seen; 0 for a segment that opens a connection or has no business in one. */
static __always_inline __u32 seen_of_tcp(const struct tcphdr *tcp)
{
	if (tcp->syn)
		return tcp->ack && !tcp->fin && !tcp->rst ? CACHE_SEEN_SYN_ACK : 0;
	if (tcp->rst)
		return CACHE_SEEN_RST;
	if (!tcp->ack)
		return 0;
	return tcp->fin ? CACHE_SEEN_FIN | CACHE_SEEN_ACK : CACHE_SEEN_ACK;
}

/*
 * Reads what the cache wants to know; returns the reason why the packet is not for it, or 0. NB: 0 is a counter too,
 * but none of these.
 */
static __always_inline enum caracal_counter read_cache_packet(struct __sk_buff *skb, const struct flow *flow,
							       struct cache_packet *packet)
{
	void *data_end = (void *)(long)skb->data_end;
	__u32 offset = flow->words == 1 ? ETH_HLEN + sizeof(struct iphdr) : ETH_HLEN + sizeof(struct ipv6hdr);
	struct tcphdr *tcp;

	/* A fragment has no transport offset, options and extensions move it. */
	if (flow->transport_offset != offset || skb->pkt_type != PACKET_HOST)
		return COUNTER_CACHE_UNFIT;
	packet->l3_length = skb->len - ETH_HLEN;
	packet->segments = skb->gso_segs ? skb->gso_segs : 1;
	if (flow->protocol == IPPROTO_UDP) {
		packet->header_length = offset - ETH_HLEN + sizeof(struct udphdr);
		packet->seen = CACHE_SEEN_ACK;
		return 0;
	}
	if (flow->protocol != IPPROTO_TCP)
		return COUNTER_CACHE_UNFIT;
	tcp = header_at(skb, offset);
	if ((void *)(tcp + 1) > data_end)
		return COUNTER_CACHE_UNFIT;
	packet->header_length = offset - ETH_HLEN + tcp->doff * 4;
	packet->seen = seen_of_tcp(tcp);
	return packet->seen ? 0 : COUNTER_CACHE_OPENINGS;
}

/* A GSO packet is measured by its segments, as the next link will see them. */
static __always_inline int exceeds_cached_mtu(struct __sk_buff *skb, const struct cache_packet *packet, __u32 mtu)
{
	__u32 segment_size = skb->gso_size;

	if (packet->l3_length <= mtu)
		return 0;
	return !segment_size || packet->header_length + segment_size > mtu;
}

static __always_inline int is_entry_of(const struct cached_flow *slot, const struct flow *flow, __u32 ifindex)
{
	if (slot->ingress_ifindex != ifindex || slot->source_be != flow->source_be[0] ||
	    slot->destination_be != flow->destination_be[0] || slot->source_port_be != flow->source_port_be ||
	    slot->destination_port_be != flow->destination_port_be || slot->protocol != flow->protocol ||
	    slot->words != flow->words)
		return 0;
	if (flow->words == 1)
		return 1;
	return slot->source_rest_be[0] == flow->source_be[1] && slot->source_rest_be[1] == flow->source_be[2] &&
	       slot->source_rest_be[2] == flow->source_be[3] &&
	       slot->destination_rest_be[0] == flow->destination_be[1] &&
	       slot->destination_rest_be[1] == flow->destination_be[2] &&
	       slot->destination_rest_be[2] == flow->destination_be[3];
}

/*
 * Of a part with so many buckets. The hash of the queue once more, with the interface: both directions of a flow shall
 * not share a bucket.
 */
static __always_inline __u32 bucket_number(__u32 hash, __u32 ifindex, __u32 bucket_count)
{
	return mix(hash ^ mix(ifindex)) & (bucket_count - 1);
}

static __always_inline struct flow_bucket *find_bucket(__u32 hash, __u32 part, __u32 ifindex,
						       const struct flow_cache_state *state)
{
	__u32 bucket = part * state->bucket_count + bucket_number(hash, ifindex, state->bucket_count);

	return bpf_map_lookup_elem(&flow_cache, &bucket);
}

static __always_inline struct cached_flow *find_slot(struct flow_bucket *bucket, const struct flow *flow,
						     __u32 ifindex)
{
	int i;

#pragma unroll
	for (i = 0; i < CACHE_BUCKET_SLOTS; i++)
		if (is_entry_of(&bucket->slots[i], flow, ifindex))
			return &bucket->slots[i];
	return NULL;
}

/* Begins to read a slot under its version; returns whether it is the flow's, whole. */
static __always_inline int begin_read(const struct cached_flow *slot, const struct flow *flow, __u32 ifindex,
				      __u32 *version)
{
	*version = *(volatile __u32 *)&slot->version;
	/* Read again, after the version: in between another flow may have come into the slot. */
	asm volatile("" ::: "memory");
	return !(*version & 1) && is_entry_of(slot, flow, ifindex);
}

/*
 * Whether a flow that comes by an interface has an entry that holds now, in a worker's part or (PART_OF_HASH) the one
 * that its hash names; a hint, since nothing is read under a version.
 */
static __always_inline int has_entry(const struct caracal_config *config, const struct flow *flow, __u32 part,
				     __u32 ifindex)
{
	__u32 hash = flow_hash(flow, config->hash_seed);
	const struct flow_cache_state *state;
	struct flow_bucket *bucket;
	struct cached_flow *slot;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&cache_state, &zero);
	if (!state || !state->bucket_count)
		return 0;
	if (part == PART_OF_HASH)
		part = hash % config->queue_count;
	bucket = find_bucket(hash, part, ifindex, state);
	slot = bucket ? find_slot(bucket, flow, ifindex) : NULL;
	return slot && (__s32)(slot->generation - state->generation_min) >= 0;
}

/*
 * Reads the flow of a packet whose IP header is at data + offset, if it is one that the cache would take: without
 * options, extensions and fragments, and opening no connection. For XDP, where there is no skb to be asked.
 */
static __always_inline int read_plain_flow(void *data, void *data_end, __u64 offset, struct flow *flow)
{
	const struct ipv6hdr *ipv6;
	const struct iphdr *ip;
	const struct tcphdr *tcp;

	asm volatile("%0 &= 511" : "+r"(offset));
	ip = data + offset;
	ipv6 = data + offset;
	if ((void *)(ip + 1) > data_end)
		return 0;
	if (ip->version == 4) {
		if (ip->ihl != 5 || ip->frag_off & bpf_htons(IPV4_FRAGMENT_MASK))
			return 0;
		flow->source_be[0] = ip->saddr;
		flow->destination_be[0] = ip->daddr;
		flow->words = 1;
		flow->protocol = ip->protocol;
		tcp = (void *)(ip + 1);
	} else {
		if (ip->version != 6 || (void *)(ipv6 + 1) > data_end)
			return 0;
		__builtin_memcpy(flow->source_be, &ipv6->saddr, 16);
		__builtin_memcpy(flow->destination_be, &ipv6->daddr, 16);
		flow->words = 4;
		flow->protocol = ipv6->nexthdr;
		tcp = (void *)(ipv6 + 1);
	}
	if ((void *)tcp + sizeof(struct udphdr) > data_end)
		return 0;
	flow->source_port_be = tcp->source;
	flow->destination_port_be = tcp->dest;
	if (flow->protocol == IPPROTO_UDP)
		return 1;
	return flow->protocol == IPPROTO_TCP && (void *)(tcp + 1) <= data_end && seen_of_tcp(tcp);
}

static __always_inline void note_seen(struct cached_flow *slot, __u32 seen)
{
	__u64 now_ns = bpf_ktime_get_coarse_ns();

	if (slot->last_seen_ns != now_ns)
		slot->last_seen_ns = now_ns;
	if (seen == CACHE_SEEN_ACK && slot->seen & CACHE_SEEN_FIN)
		seen |= CACHE_SEEN_LAST_ACK;
	if ((slot->seen & seen) != seen)
		__sync_fetch_and_or(&slot->seen, seen);
}

/* Takes one from the TTL; RFC 1624 for IPv4's checksum, of which only the word with the TTL changes, by 0x0100. */
static __always_inline int decrement_ttl(struct __sk_buff *skb, __u8 words)
{
	void *data_end = (void *)(long)skb->data_end;
	void *data = (void *)(long)skb->data;

	if (words == 1) {
		struct iphdr *ip = data + ETH_HLEN;
		__u32 sum;

		if ((void *)(ip + 1) > data_end || ip->ttl <= 1)
			return -1;
		sum = ip->check + bpf_htons(0x0100);
		ip->check = sum + (sum >= 0xffff);
		ip->ttl--;
	} else {
		struct ipv6hdr *ip = data + ETH_HLEN;

		if ((void *)(ip + 1) > data_end || ip->hop_limit <= 1)
			return -1;
		ip->hop_limit--;
	}
	return 0;
}

static __always_inline int ends_here(struct __sk_buff *skb, __u8 words)
{
	void *data_end = (void *)(long)skb->data_end;
	void *data = (void *)(long)skb->data;

	if (words == 1) {
		struct iphdr *ip = data + ETH_HLEN;

		return (void *)(ip + 1) > data_end || ip->ttl <= 1;
	}
	return data + ETH_HLEN + sizeof(struct ipv6hdr) > data_end ||
	       ((struct ipv6hdr *)(data + ETH_HLEN))->hop_limit <= 1;
}

static __always_inline void count_cached(struct __sk_buff *skb, struct workload_traffic *source, __u8 action,
					 __u32 target_ifindex)
{
	__u32 ifindex = action == CACHE_PASS ? skb->ifindex : target_ifindex;
	struct workload_traffic *target = NULL;

	/* Behind a device and in the host's stack is no pod. */
	if (action == CACHE_TO_WORKLOAD || action == CACHE_PASS)
		target = bpf_map_lookup_elem(&workload_traffic, &ifindex);
	if (source) {
		source->from_workload_packets += 1;
		source->from_workload_bytes += skb->len;
	}
	if (target) {
		target->delivered_packets += 1;
		target->delivered_bytes += skb->len;
	}
	count(COUNTER_CACHE_HITS);
}

static __always_inline int set_cached_macs(struct __sk_buff *skb, const __u8 *destination, const __u8 *source)
{
	void *data_end = (void *)(long)skb->data_end;
	struct ethhdr *ethernet = (void *)(long)skb->data;

	if ((void *)(ethernet + 1) > data_end)
		return -1;
	__builtin_memcpy(ethernet->h_dest, destination, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, source, ETH_ALEN);
	return 0;
}

/*
 * Asks the host's routes and neighbours for the way of a packet: fills in both MACs. Whatever does not lead out of the
 * device that Java has written down, at once and to a known neighbour, is Java's to look at: so a route that has
 * changed holds with the next packet, before Java has heard of it.
 */
static __always_inline int find_way(struct __sk_buff *skb, const struct flow *flow,
				    const struct translation *translation, __u32 device_ifindex,
				    struct bpf_fib_lookup *way)
{
	way->ifindex = skb->ifindex;
	way->l4_protocol = flow->protocol;
	if (flow->words == 1) {
		way->family = AF_INET;
		way->ipv4_src = translation->port_be ? translation->address_be : flow->source_be[0];
		way->ipv4_dst = flow->destination_be[0];
	} else {
		way->family = AF_INET6;
		__builtin_memcpy(way->ipv6_src, flow->source_be, sizeof(way->ipv6_src));
		__builtin_memcpy(way->ipv6_dst, flow->destination_be, sizeof(way->ipv6_dst));
	}
	if (bpf_fib_lookup(skb, way, sizeof(*way), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return -1;
	return way->ifindex == device_ifindex ? 0 : -1;
}

/*
 * Writes the node's address and port over the pod's, or back (RFC 3022). The helpers know checksums that a device is
 * still to complete, or has summed up, and leave a UDP checksum of 0 as it is.
 */
static __always_inline int translate(struct __sk_buff *skb, const struct flow *flow,
				     const struct translation *translation, int is_source)
{
	__u32 ip = ETH_HLEN, transport = ETH_HLEN + sizeof(struct iphdr);
	__u32 address_be = is_source ? flow->source_be[0] : flow->destination_be[0];
	__u16 port_be = is_source ? flow->source_port_be : flow->destination_port_be;
	__u32 address_at = ip + (is_source ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr));
	__u32 port_at = transport + (is_source ? 0 : sizeof(port_be)); /* of TCP and UDP */
	__u32 sum_at = transport + (flow->protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check)
								  : offsetof(struct udphdr, check));
	__u64 flags = flow->protocol == IPPROTO_TCP ? 0 : BPF_F_MARK_MANGLED_0;

	return bpf_l4_csum_replace(skb, sum_at, address_be, translation->address_be,
				   flags | BPF_F_PSEUDO_HDR | sizeof(address_be)) ||
	       bpf_l4_csum_replace(skb, sum_at, port_be, translation->port_be, flags | sizeof(port_be)) ||
	       bpf_l3_csum_replace(skb, ip + offsetof(struct iphdr, check), address_be, translation->address_be,
				   sizeof(address_be)) ||
	       bpf_skb_store_bytes(skb, address_at, &translation->address_be, sizeof(address_be), 0) ||
	       bpf_skb_store_bytes(skb, port_at, &translation->port_be, sizeof(port_be), 0);
}

static __always_inline int deliver_cached(struct __sk_buff *skb, __u32 target_ifindex, const struct workload *target,
					  __u8 words)
{
	if (decrement_ttl(skb, words) || set_cached_macs(skb, target->pod_mac, target->host_mac))
		return TC_ACT_SHOT;
	return bpf_redirect_peer(target_ifindex, 0);
}

/* The mark lets it through to_network, which clears it. */
static __always_inline int send_to_device(struct __sk_buff *skb, const struct caracal_config *config,
					  const struct bpf_fib_lookup *way, __u8 words)
{
	if (decrement_ttl(skb, words) || set_cached_macs(skb, way->dmac, way->smac))
		return TC_ACT_SHOT;
	skb->mark |= config->mark_approved;
	return bpf_redirect(way->ifindex, 0);
}

/* Where check_way_in has said that a packet may go: into a pod, out of a device, or into the stack. */
struct checked_way {
	const struct workload *workload; /* of CACHE_TO_WORKLOAD */
	struct bpf_fib_lookup fib; /* of CACHE_TO_DEVICE */
};

static __always_inline int send_on(struct __sk_buff *skb, const struct caracal_config *config, __u8 action,
				   __u32 target_ifindex, const struct checked_way *way, __u8 words)
{
	if (action == CACHE_TO_WORKLOAD)
		return way->workload ? deliver_cached(skb, target_ifindex, way->workload, words) : TC_ACT_SHOT;
	return action == CACHE_TO_DEVICE ? send_to_device(skb, config, &way->fib, words) : TC_ACT_OK;
}

/*
 * Whether a packet that comes by an interface may go the way that an entry names; fills it in. An interface that Java
 * has taken away has no workload any more: entries towards it are dead at once.
 */
static __always_inline enum caracal_counter check_way_in(struct __sk_buff *skb, const struct flow *flow,
							  const struct translation *translation, __u8 action,
							  __u32 target_ifindex, struct checked_way *way)
{
	if (action == CACHE_TO_HOST)
		return 0;
	if (ends_here(skb, flow->words))
		return COUNTER_CACHE_TTL;
	if (action == CACHE_TO_WORKLOAD) {
		way->workload = bpf_map_lookup_elem(&workloads, &target_ifindex);
		return way->workload ? 0 : COUNTER_CACHE_OUTDATED;
	}
	if (action != CACHE_TO_DEVICE || !bpf_map_lookup_elem(&devices, &target_ifindex))
		return COUNTER_CACHE_OUTDATED;
	return find_way(skb, flow, translation, target_ifindex, &way->fib) ? COUNTER_CACHE_ROUTED_ELSEWHERE : 0;
}

/* The host's stack has routed it and taken one from its TTL. */
static __always_inline enum caracal_counter check_way_out(struct __sk_buff *skb, __u8 action, __u32 origin_ifindex)
{
	if (action != CACHE_PASS)
		return COUNTER_CACHE_OUTDATED;
	return origin_ifindex == CACHE_ANY_INTERFACE || origin_ifindex == skb->ingress_ifindex
		       ? 0 : COUNTER_CACHE_ROUTED_ELSEWHERE;
}

/* At tc egress `side` is CACHE_EGRESS, else 0. */
static __always_inline enum caracal_counter check_way(struct __sk_buff *skb, const struct flow *flow,
						      const struct translation *translation, __u32 side, __u8 action,
						      __u32 target_ifindex, struct checked_way *way)
{
	return side ? check_way_out(skb, action, target_ifindex)
		    : check_way_in(skb, flow, translation, action, target_ifindex, way);
}

/*
 * Sends a packet the way that Java has written down; returns what the program returns then, or CACHE_MISS when it is
 * Java's. Works without an engine: established flows go on. At tc egress `side` is CACHE_EGRESS, else 0. The source's traffic is
 * NULL for what no pod sends to this hook itself. Whose part the entry is in says the hash, but for answers to a
 * translated flow: those the worker that has bound it.
 */
static __always_inline int send_by_cache(struct __sk_buff *skb, const struct caracal_config *config,
					 const struct flow *flow, __u32 hash, __u32 part, __u32 side,
					 struct workload_traffic *source)
{
	__u32 ifindex = skb->ifindex | side;
	struct translation translation = {};
	struct cache_packet packet = {};
	struct checked_way way = {};
	const struct flow_cache_state *state;
	enum caracal_counter reason;
	struct flow_bucket *bucket;
	struct cached_flow *slot;
	__u32 version, target_ifindex, zero = 0;
	__u64 before;
	__u8 action;

	state = bpf_map_lookup_elem(&cache_state, &zero);
	if (!state || !state->bucket_count)
		return CACHE_MISS;
	reason = read_cache_packet(skb, flow, &packet);
	if (reason) {
		cache_miss(source, reason);
		return reason == COUNTER_CACHE_OPENINGS ? CACHE_OPENING : CACHE_MISS;
	}
	bucket = find_bucket(hash, part, ifindex, state);
	slot = bucket ? find_slot(bucket, flow, ifindex) : NULL;
	if (!slot)
		return cache_miss(source, COUNTER_CACHE_MISSES);
	if (!begin_read(slot, flow, ifindex, &version))
		return cache_miss(source, COUNTER_CACHE_TORN);
	target_ifindex = slot->target_ifindex;
	action = slot->action;
	if (slot->is_translated) {
		translation.address_be = slot->nat_address_be;
		translation.port_be = slot->nat_port_be;
	}
	if ((__s32)(slot->generation - state->generation_min) < 0)
		return cache_miss(source, COUNTER_CACHE_OUTDATED);
	reason = check_way(skb, flow, &translation, side, action, target_ifindex, &way);
	if (reason)
		return cache_miss(source, reason);
	if (exceeds_cached_mtu(skb, &packet, slot->mtu))
		return cache_miss(source, COUNTER_CACHE_TOO_BIG);
	/* With its old value asked for, an atomic add is a full barrier (Documentation/bpf/instruction-set). */
	before = __sync_fetch_and_add(&slot->packets, packet.segments);
	asm volatile("" : : "r"(before) : "memory");
	if (*(volatile __u32 *)&slot->version != version)
		return cache_miss(source, COUNTER_CACHE_TORN);
	__sync_fetch_and_add(&slot->bytes, packet.l3_length + (packet.segments - 1) * packet.header_length);
	note_seen(slot, packet.seen);
	count_cached(skb, source, action, target_ifindex);
	if (translation.port_be && translate(skb, flow, &translation, action == CACHE_TO_DEVICE))
		return TC_ACT_SHOT;
	return send_on(skb, config, action, target_ifindex, &way, flow->words);
}

#endif
