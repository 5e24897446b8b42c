/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The punt pair: punt1's XDP gives packets to the engine's sockets, punt0's tc ingress takes what the engine sends. */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"
#include "maps.h"

/*
 * XDP of punt1. Only what the tc programs have addressed goes to the engine: a DHCP client or LLDP daemon that tries
 * every interface of the host must not look like a pod.
 */
static __always_inline int give_to_engine(struct xdp_md *context)
{
	void *data_end = (void *)(long)context->data_end;
	struct punt_mac *destination = (void *)(long)context->data;
	int action;

	if ((void *)destination + ETH_HLEN > data_end || destination->prefix != PUNT_MAC_PREFIX ||
	    destination->code < DIRECTION_FROM_WORKLOAD || destination->code > DIRECTION_TO_UPLINK) {
		count(COUNTER_DROPPED_FOREIGN_FRAME);
		return XDP_DROP;
	}
	/*
	 * XDP_DROP is the answer when the queue has no socket: never XDP_PASS, which would let the packet past the
	 * engine.
	 */
	action = bpf_redirect_map(&xsks, context->rx_queue_index, XDP_DROP);
	count(action == XDP_REDIRECT ? COUNTER_ENGINE_RECEIVED : COUNTER_DROPPED_NO_SOCKET);
	return action;
}

/* For packets of one buffer: the pair has an MTU of 3506 then. */
SEC("xdp")
int to_engine(struct xdp_md *context)
{
	return give_to_engine(context);
}

/* The same for packets in several buffers (Linux 5.18): the pair may have an MTU of 9000 and more. */
SEC("xdp.frags")
int to_engine_frags(struct xdp_md *context)
{
	return give_to_engine(context);
}

static __always_inline void set_macs(struct ethhdr *ethernet, const __u8 *destination, const __u8 *source)
{
	__builtin_memcpy(ethernet->h_dest, destination, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, source, ETH_ALEN);
}

static __always_inline int deliver_to_workload(struct __sk_buff *skb, struct ethhdr *ethernet, __u32 ifindex,
					       const struct workload *workload, struct workload_traffic *traffic)
{
	set_macs(ethernet, workload->pod_mac, workload->host_mac);
	if (traffic) {
		traffic->delivered_packets += 1;
		traffic->delivered_bytes += skb->len;
	}
	count(COUNTER_DELIVERED_TO_WORKLOAD);
	return bpf_redirect_peer(ifindex, 0);
}

static __always_inline int deliver_to_host(struct __sk_buff *skb, struct ethhdr *ethernet, __u32 ifindex,
					   const struct workload *workload, struct workload_traffic *traffic,
					   int is_approved)
{
	const struct caracal_config *config = caracal_config();

	/* Without the mark the tc ingress of the interface would punt the packet again, for ever. */
	if (!config || !config->mark_handed) {
		count(COUNTER_DROPPED_NOT_CONFIGURED);
		return TC_ACT_SHOT;
	}
	set_macs(ethernet, workload->host_mac, workload->pod_mac);
	if (traffic) {
		traffic->handed_packets += 1;
		traffic->handed_bytes += skb->len;
	}
	skb->mark |= config->mark_handed | (is_approved ? config->mark_approved : 0);
	count(COUNTER_DELIVERED_TO_HOST);
	return bpf_redirect(ifindex, BPF_F_INGRESS);
}

/*
 * What an uplink brought and the host's stack shall have after all: the reply of a flow that went out through its NAT.
 * It comes in by the uplink again, or by the overlay device, so that the reverse path filter finds what it expects. The
 * source MAC tells our own programs there, XDP in the generic mode among them, to let it pass (is_handed_back).
 */
static __always_inline int return_to_host(struct ethhdr *ethernet, __u32 ifindex)
{
	const struct caracal_config *config = caracal_config();
	const struct device *device = bpf_map_lookup_elem(&devices, &ifindex);
	struct punt_mac source = {PUNT_MAC_PREFIX, EGRESS_TO_HOST, 0};

	if (!config || !device) {
		count(config ? COUNTER_DROPPED_ENGINE_UNKNOWN_DEVICE : COUNTER_DROPPED_NOT_CONFIGURED);
		return TC_ACT_SHOT;
	}
	source.ifindex_be = config->hash_seed;
	set_macs(ethernet, device->mac, (const __u8 *)&source);
	count(COUNTER_DELIVERED_TO_HOST);
	return bpf_redirect(ifindex, BPF_F_INGRESS);
}

/*
 * By the host's own route and neighbour of the device (bpf_redirect_neigh), which also sets both MACs. The mark lets
 * the packet through to_network, which clears it.
 */
static __always_inline int deliver_to_device(struct __sk_buff *skb, __u32 ifindex)
{
	const struct caracal_config *config = caracal_config();

	if (!config || !config->mark_approved) {
		count(COUNTER_DROPPED_NOT_CONFIGURED);
		return TC_ACT_SHOT;
	}
	if (!bpf_map_lookup_elem(&devices, &ifindex)) {
		count(COUNTER_DROPPED_ENGINE_UNKNOWN_DEVICE);
		return TC_ACT_SHOT;
	}
	skb->mark |= config->mark_approved;
	count(COUNTER_DELIVERED_TO_DEVICE);
	return bpf_redirect_neigh(ifindex, NULL, 0, 0);
}

/* tc ingress of punt0: what the engine has transmitted on punt1, with its decision in the destination MAC. */
SEC("tc")
int from_engine(struct __sk_buff *skb)
{
	void *data_end = (void *)(long)skb->data_end;
	struct ethhdr *ethernet = (void *)(long)skb->data;
	struct workload_traffic *traffic;
	const struct workload *workload;
	struct punt_mac action;
	__u32 ifindex;

	if ((void *)(ethernet + 1) > data_end) {
		count(COUNTER_DROPPED_ENGINE_HEADER);
		return TC_ACT_SHOT;
	}
	__builtin_memcpy(&action, ethernet->h_dest, sizeof(action));
	ifindex = bpf_ntohl(action.ifindex_be);
	if (action.prefix != PUNT_MAC_PREFIX || action.code < EGRESS_TO_WORKLOAD || action.code > EGRESS_TO_DEVICE) {
		count(COUNTER_DROPPED_ENGINE_HEADER);
		return TC_ACT_SHOT;
	}
	if (action.code == EGRESS_TO_DEVICE)
		return deliver_to_device(skb, ifindex);
	workload = bpf_map_lookup_elem(&workloads, &ifindex);
	if (!workload && action.code == EGRESS_TO_HOST && bpf_map_lookup_elem(&devices, &ifindex))
		return return_to_host(ethernet, ifindex);
	if (!workload) {
		count(COUNTER_DROPPED_ENGINE_UNKNOWN_WORKLOAD);
		return TC_ACT_SHOT;
	}
	traffic = bpf_map_lookup_elem(&workload_traffic, &ifindex);
	if (action.code == EGRESS_TO_WORKLOAD)
		return deliver_to_workload(skb, ethernet, ifindex, workload, traffic);
	return deliver_to_host(skb, ethernet, ifindex, workload, traffic,
			       action.code == EGRESS_TO_HOST_APPROVED);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
