/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The two tc programs of a workload interface (the host side of a pod's veth). What they cannot decide, the engine
 * does: the packet is redirected to the punt pair with direction and ifindex in its destination MAC (caracal.h).
 *
 * What it has decided before about a flow, the flow cache repeats (cache.h).
 *
 * Mark APPROVED is not looked at here: every other packet from or to a pod is the engine's to judge. A packet for a
 * service is HANDED, not APPROVED, so it comes back through to_workload, or through to_network of uplink.bpf.c, after
 * kube-proxy's DNAT.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"
#include "flow.h"
#include "maps.h"
#include "engine_loss.h"
#include "miss.h"
#include "cache.h"
#include "opening.h"

static __always_inline int drop(struct __sk_buff *skb, enum caracal_counter counter)
{
	__u32 ifindex = skb->ifindex;
	struct workload_traffic *traffic = bpf_map_lookup_elem(&workload_traffic, &ifindex);

	if (traffic) {
		traffic->dropped_packets += 1;
		traffic->dropped_bytes += skb->len;
	}
	count(counter);
	return TC_ACT_SHOT;
}

static __always_inline void count_punted(struct __sk_buff *skb, enum caracal_direction direction)
{
	__u32 ifindex = skb->ifindex;
	struct workload_traffic *traffic = bpf_map_lookup_elem(&workload_traffic, &ifindex);

	count(direction == DIRECTION_FROM_WORKLOAD ? COUNTER_PUNTED_FROM_WORKLOAD : COUNTER_PUNTED_TO_WORKLOAD);
	if (!traffic)
		return;
	if (direction == DIRECTION_FROM_WORKLOAD) {
		traffic->from_workload_packets += 1;
		traffic->from_workload_bytes += skb->len;
	} else {
		traffic->to_workload_packets += 1;
		traffic->to_workload_bytes += skb->len;
	}
}

/*
 * By the flow cache, if it can. An interface that Java has taken away has no traffic counters (`source`) any more: its
 * entries are dead at once, before Java has removed them. Of what the host's stack sends to a pod, only what it has
 * translated and sends on has entries.
 */
static __always_inline int send_known(struct __sk_buff *skb, const struct caracal_config *config,
				      const struct flow *flow, __u32 hash, __u32 queue,
				      enum caracal_direction direction, struct workload_traffic *source)
{
	if (direction == DIRECTION_FROM_WORKLOAD)
		return source ? send_by_cache(skb, config, flow, hash, queue, 0, source) : CACHE_MISS;
	return skb->ingress_ifindex ? send_by_cache(skb, config, flow, hash, queue, CACHE_EGRESS, NULL) : CACHE_MISS;
}

static __always_inline int punt(struct __sk_buff *skb, const struct caracal_config *config,
				enum caracal_direction direction)
{
	__u32 ifindex = skb->ifindex;
	const struct workload *workload;
	struct workload_traffic *source = NULL;
	struct flow flow = {};
	int parsed, action = CACHE_MISS;
	__u32 hash = 0, queue = 0;

	if (!config->punt_ifindex || !config->queue_count)
		return drop(skb, COUNTER_DROPPED_NOT_CONFIGURED);
	/*
	 * A tag in the metadata would be invisible to XDP on punt1, and the packet would be judged as if it had none.
	 */
	if (skb->vlan_present)
		return drop(skb, COUNTER_DROPPED_VLAN_TAG);
	if (skb->len < ETH_HLEN)
		return drop(skb, COUNTER_DROPPED_TOO_SHORT);
	parsed = find_flow(skb, &flow);
	if (parsed) {
		if (direction == DIRECTION_FROM_WORKLOAD)
			source = bpf_map_lookup_elem(&workload_traffic, &ifindex);
		hash = flow_hash(&flow, config->hash_seed);
		queue = hash % config->queue_count;
		action = send_known(skb, config, &flow, hash, queue, direction, source);
		if (!is_cache_miss(action))
			return action;
	}
	workload = bpf_map_lookup_elem(&workloads, &ifindex);
	if (!workload)
		return drop(skb, COUNTER_DROPPED_UNKNOWN_WORKLOAD);
	/* Present as long as a living process holds the socket: docs/decisions/002-engine-liveness.md. */
	if (!bpf_map_lookup_elem(&xsks, &queue))
		return engine_absent(skb, config, direction, parsed ? &flow : NULL);
	if (!conforms_to_miss_rate(ifindex, workload))
		return drop(skb, COUNTER_DROPPED_MISS_RATE);
	if (action == CACHE_OPENING) {
		action = open_by_kind(skb, config, &flow, hash, queue,
				      direction == DIRECTION_FROM_WORKLOAD ? 0 : CACHE_EGRESS, source);
		if (!is_cache_miss(action))
			return action;
	}
	if (exceeds_punt_mtu(skb, config->punt_ifindex))
		return drop(skb, COUNTER_DROPPED_TOO_BIG);
	if (write_punt_header(skb, direction))
		return drop(skb, COUNTER_DROPPED_TOO_SHORT);
	if (!parsed)
		count(COUNTER_PUNTED_UNPARSED);
	count_punted(skb, direction);
	/*
	 * The kernel reads it as "received on queue n - 1" and sends on the same queue of punt0, which is punt1's
	 * receive queue.
	 */
	skb->queue_mapping = queue + 1;
	return bpf_redirect(config->punt_ifindex, 0);
}

/* tc ingress: what the pod sends, and what the engine has handed to the host's stack through this interface. */
SEC("tc")
int from_workload(struct __sk_buff *skb)
{
	const struct caracal_config *config = caracal_config();

	if (!config)
		return drop(skb, COUNTER_DROPPED_NOT_CONFIGURED);
	/* A pod cannot forge the mark: the kernel clears it when a packet changes its network namespace. */
	if (skb->mark & config->mark_handed) {
		skb->mark &= ~config->mark_handed;
		count(COUNTER_HANDED_ACCEPTED);
		return TC_ACT_OK;
	}
	return punt(skb, config, DIRECTION_FROM_WORKLOAD);
}

/*
 * tc egress: what the host's stack sends to the pod, its own or forwarded. The engine's own deliveries do not come by
 * here.
 */
SEC("tc")
int to_workload(struct __sk_buff *skb)
{
	const struct caracal_config *config = caracal_config();

	if (!config)
		return drop(skb, COUNTER_DROPPED_NOT_CONFIGURED);
	return punt(skb, config, DIRECTION_TO_WORKLOAD);
}

/* The kernel's code, to which the helpers belong, is GPL; "Dual BSD/GPL" is compatible by the kernel's own list. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";
