/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the programs do alike with a packet that only the engine can judge: its limit, its size, its header. */
#ifndef CARACAL_MISS_H
#define CARACAL_MISS_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"
#include "maps.h"

/*
 * One word of state an interface: the time at which its next packet would be on schedule. The lock makes it right on
 * several CPUs.
 */
struct miss_bucket {
	struct bpf_spin_lock lock;
	__u64 scheduled_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WORKLOADS_MAX);
	__type(key, __u32);
	__type(value, struct miss_bucket);
} miss_buckets SEC(".maps");

/*
 * GCRA (ITU-T I.371): a packet conforms when the schedule is not further ahead of now than the burst allows. A limit
 * without its bucket is an interface half taken away: nothing conforms.
 */
static __always_inline int conforms_to_miss_rate(__u32 ifindex, const struct workload *workload)
{
	__u64 now_ns = bpf_ktime_get_ns();
	struct miss_bucket *bucket;
	__u64 scheduled_ns;
	int conforms;

	if (!workload->miss_interval_ns)
		return 1;
	bucket = bpf_map_lookup_elem(&miss_buckets, &ifindex);
	if (!bucket)
		return 0;
	bpf_spin_lock(&bucket->lock);
	scheduled_ns = bucket->scheduled_ns > now_ns ? bucket->scheduled_ns : now_ns;
	conforms = scheduled_ns - now_ns <= workload->miss_burst_ns;
	if (conforms)
		bucket->scheduled_ns = scheduled_ns + workload->miss_interval_ns;
	bpf_spin_unlock(&bucket->lock);
	return conforms;
}

/*
 * The punt pair would drop it without a word. A GSO packet is measured by its segments: the kernel cuts it on that hop.
 * Most packets are small and are spared the call.
 */
static __always_inline int exceeds_punt_mtu(struct __sk_buff *skb, __u32 punt_ifindex)
{
	__u32 mtu = 0;

	return skb->len > ETH_FRAME_LEN && bpf_check_mtu(skb, punt_ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) > 0;
}

static __always_inline int write_punt_header(struct __sk_buff *skb, enum caracal_direction direction)
{
	struct punt_mac destination = {PUNT_MAC_PREFIX, direction, bpf_htonl(skb->ifindex)};
	struct punt_mac source = {PUNT_MAC_PREFIX, 0, bpf_htonl(skb->ingress_ifindex)};

	if (bpf_skb_store_bytes(skb, 0, &destination, sizeof(destination), 0))
		return -1;
	if (direction == DIRECTION_FROM_WORKLOAD || direction == DIRECTION_FROM_UPLINK)
		return 0;
	return bpf_skb_store_bytes(skb, ETH_ALEN, &source, sizeof(source), 0);
}

#endif
