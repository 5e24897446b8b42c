/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The programs of uplinks and overlay devices. The uplink stays with the host: XDP takes what uplink.h lists, and all
 * else passes. What leaves is the engine's own, the host's own, or goes to the engine first.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"
#include "flow.h"
#include "maps.h"
#include "miss.h"
#include "cache.h"
#include "opening.h"
#include "uplink.h"

struct vlan_tag {
	__be16 tci_be;
	__be16 ether_type_be;
};

/*
 * Has the engine handed it to the host's stack by this device (return_to_host in punt.bpf.c)? The seed is this node's
 * secret, so that nobody on the wire can steer round the engine; and whoever did would meet to_workload.
 */
static __always_inline int is_handed_back(const struct ethhdr *ethernet)
{
	const struct punt_mac *source = (const void *)ethernet->h_source;
	const struct caracal_config *config = caracal_config();

	return source->prefix == PUNT_MAC_PREFIX && source->code == EGRESS_TO_HOST && config &&
	       source->ifindex_be == config->hash_seed;
}

/*
 * Reads the Ethernet header and one tag; returns where the IP header begins, or 0 when the frame is not for this
 * device. Broadcasts, other stations' frames (promiscuous mode) and other VLANs are not, nor is what the engine has
 * handed back.
 */
static __always_inline __u32 read_ethernet(void *data, void *data_end, const struct device *device,
					   __be16 *ether_type_be)
{
	struct ethhdr *ethernet = data;
	struct vlan_tag *tag = (void *)(ethernet + 1);
	__u32 vlan_id = 0;
	__u32 offset = ETH_HLEN;

	if ((void *)(ethernet + 1) > data_end)
		return 0;
	*ether_type_be = ethernet->h_proto;
	if (*(__u16 *)&ethernet->h_dest[0] != *(const __u16 *)&device->mac[0] ||
	    *(__u16 *)&ethernet->h_dest[2] != *(const __u16 *)&device->mac[2] ||
	    *(__u16 *)&ethernet->h_dest[4] != *(const __u16 *)&device->mac[4])
		return 0;
	if (is_handed_back(ethernet))
		return 0;
	if (*ether_type_be == bpf_htons(ETH_P_8021Q) || *ether_type_be == bpf_htons(ETH_P_8021AD)) {
		if ((void *)(tag + 1) > data_end)
			return 0;
		vlan_id = bpf_ntohs(tag->tci_be) & VLAN_ID_MASK;
		*ether_type_be = tag->ether_type_be;
		offset += sizeof(*tag);
	}
	return vlan_id == device->vlan_id ? offset : 0;
}

/*
 * Without a socket, VXLAN and plain packets go to the host's stack: the hooks of the workload interface decide then. A
 * return of NAT must not: the host would answer a segment that it knows nothing of with an RST, and end the pod's
 * connection.
 */
static __always_inline int take(struct xdp_md *context, const struct device *device, enum uplink_counter decision)
{
	int is_nat = decision == UPLINK_TAKEN_NAT_RETURN || decision == UPLINK_TAKEN_NAT_ERROR;
	int fallback = is_nat ? XDP_DROP : XDP_PASS;
	int action = fallback;

	if (context->rx_queue_index < device->queue_count)
		action = bpf_redirect_map(&uplink_xsks, device->queue_base + context->rx_queue_index, fallback);
	if (action == XDP_REDIRECT)
		count_uplink(decision);
	else
		count_uplink(is_nat ? UPLINK_DROPPED_NO_SOCKET : UPLINK_PASSED_NO_SOCKET);
	return action;
}

/*
 * Whether the flow cache will send on what is in a VXLAN packet once the kernel's own device has unwrapped it, or a
 * plain packet as it is: with GRO, so that a stream comes to its pod in large pieces. from_network on that device
 * decides, or from_uplink on this one; what they do not send on after all they give to the engine. Not static: so the
 * verifier looks at it once.
 */
__noinline int is_offloaded(struct xdp_md *context, __u32 offset, __u32 part, __u32 ifindex)
{
	const struct caracal_config *config = caracal_config();
	struct flow flow = {};

	if (!config || !config->queue_count || !ifindex)
		return 0;
	if (!read_plain_flow((void *)(long)context->data, (void *)(long)context->data_end, offset, &flow))
		return 0;
	return has_entry(config, &flow, part, ifindex);
}

static __always_inline int steer(struct xdp_md *context)
{
	void *data_end = (void *)(long)context->data_end;
	void *data = (void *)(long)context->data;
	__u32 ifindex = context->ingress_ifindex;
	struct carried_packet carried = {};
	enum uplink_counter decision;
	const struct device *device;
	__be16 ether_type_be = 0;
	__u32 offset;

	device = bpf_map_lookup_elem(&devices, &ifindex);
	if (!device)
		return XDP_PASS;
	offset = read_ethernet(data, data_end, device, &ether_type_be);
	if (!offset) {
		count_uplink(UPLINK_PASSED);
		return XDP_PASS;
	}
	decision = classify(data, data_end, offset, ether_type_be, &carried);
	/* tc would see a tagged packet on another device. */
	if ((decision == UPLINK_TAKEN_NAT_RETURN || decision == UPLINK_TAKEN_PLAIN) && !device->vlan_id)
		carried.ifindex = ifindex;
	if (carried.ifindex && is_offloaded(context, carried.offset, carried.part, carried.ifindex)) {
		count_uplink(UPLINK_PASSED_OFFLOADED);
		return XDP_PASS;
	}
	if (decision == UPLINK_PASSED || decision == UPLINK_DROPPED_UNKNOWN_VTEP) {
		count_uplink(decision);
		return decision == UPLINK_PASSED ? XDP_PASS : XDP_DROP;
	}
	return take(context, device, decision);
}

/* XDP of an uplink whose packets fit one buffer. */
SEC("xdp")
int steer_uplink(struct xdp_md *context)
{
	return steer(context);
}

/* The same for packets in several buffers (Linux 5.18); headers are in the first one. */
SEC("xdp.frags")
int steer_uplink_frags(struct xdp_md *context)
{
	return steer(context);
}

static __always_inline int drop_miss(enum caracal_counter counter)
{
	count(counter);
	return TC_ACT_SHOT;
}

/*
 * Gives a packet to the engine; the limit is that of the workload interface it came by, if it came by one. An answer to
 * what NAT-outgoing has translated is dropped without an engine, even where others may pass: the host's stack would end
 * the pod's connection (see take).
 */
static __always_inline int punt_network(struct __sk_buff *skb, const struct caracal_config *config,
					enum caracal_direction direction, const struct workload *limit, int is_answer)
{
	struct flow flow = {};
	int action = CACHE_MISS;
	__u32 queue = 0;
	__u32 hash = 0;

	if (skb->vlan_present)
		return drop_miss(COUNTER_DROPPED_VLAN_TAG);
	if (find_flow(skb, &flow)) {
		hash = flow_hash(&flow, config->hash_seed);
		queue = hash % config->queue_count;
		/* Of a service whose backend is elsewhere: the host's stack has translated it. */
		if (direction == DIRECTION_TO_UPLINK)
			action = send_by_cache(skb, config, &flow, hash, queue, CACHE_EGRESS, NULL);
		if (!is_cache_miss(action))
			return action;
	} else {
		count(COUNTER_PUNTED_UNPARSED);
	}
	if (!bpf_map_lookup_elem(&xsks, &queue)) {
		if (is_answer || config->on_engine_loss != ON_ENGINE_LOSS_PASS)
			return drop_miss(COUNTER_DROPPED_ENGINE_ABSENT);
		count(COUNTER_PASSED_ENGINE_ABSENT);
		return TC_ACT_OK;
	}
	if (limit && !conforms_to_miss_rate(skb->ingress_ifindex, limit))
		return drop_miss(COUNTER_DROPPED_MISS_RATE);
	if (action == CACHE_OPENING) {
		action = open_by_kind(skb, config, &flow, hash, queue, CACHE_EGRESS, NULL);
		if (!is_cache_miss(action))
			return action;
	}
	if (exceeds_punt_mtu(skb, config->punt_ifindex))
		return drop_miss(COUNTER_DROPPED_TOO_BIG);
	if (write_punt_header(skb, direction))
		return drop_miss(COUNTER_DROPPED_TOO_SHORT);
	count(direction == DIRECTION_TO_UPLINK ? COUNTER_PUNTED_TO_NETWORK : COUNTER_PUNTED_FROM_NETWORK);
	skb->queue_mapping = queue + 1;
	return bpf_redirect(config->punt_ifindex, 0);
}

static __always_inline int is_from_local_workload(struct __sk_buff *skb)
{
	struct address source = {};

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		source.words = 1;
		if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, saddr), source.word_be, 4))
			return 0;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		source.words = 4;
		if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, saddr), source.word_be, 16))
			return 0;
	} else {
		return 0;
	}
	return is_local(&source);
}

/*
 * tc egress of an uplink or overlay device. A packet of a pod that the engine has not approved has gone round it
 * through the host's stack: to a service that kube-proxy has sent elsewhere, say. Masquerading hides its source, but
 * not the interface it came by. The host's own packets, and those it forwards for others, pass.
 */
SEC("tc")
int to_network(struct __sk_buff *skb)
{
	const struct caracal_config *config = caracal_config();
	__u32 ingress_ifindex = skb->ingress_ifindex;
	const struct workload *workload = NULL;

	/* Before the configuration there is no engine, and no workload interface lets a packet through. */
	if (!config || !config->punt_ifindex || !config->queue_count)
		return TC_ACT_OK;
	if (skb->mark & config->mark_approved) {
		skb->mark &= ~config->mark_approved;
		count(COUNTER_APPROVED_TO_NETWORK);
		return TC_ACT_OK;
	}
	if (ingress_ifindex)
		workload = bpf_map_lookup_elem(&workloads, &ingress_ifindex);
	if (!workload && !is_from_local_workload(skb))
		return TC_ACT_OK;
	return punt_network(skb, config, DIRECTION_TO_UPLINK, workload, 0);
}

static __always_inline void set_address(struct address *address, const __u32 word_be[4], __u8 words)
{
	int i;

	address->words = words;
#pragma unroll
	for (i = 0; i < 4; i++)
		address->word_be[i] = word_be[i]; /* an IPv4 flow's others are 0 */
}

/* In whose part a plain packet's entry would be: PART_OF_HASH for a pod's, the worker that has bound it for an answer */
static __always_inline int find_part(const struct flow *flow, __u32 *part)
{
	struct nat_binding binding = {};
	const __u32 *worker;

	set_address(&binding.own, flow->destination_be, flow->words);
	*part = PART_OF_HASH;
	if (is_local(&binding.own))
		return 1;
	set_address(&binding.remote, flow->source_be, flow->words);
	binding.own_port_be = flow->destination_port_be;
	binding.remote_port_be = flow->source_port_be;
	binding.protocol = flow->protocol;
	worker = binding_of(&binding);
	if (worker)
		*part = *worker;
	return worker != NULL;
}

/* By the flow cache, of what a network brings. */
static __always_inline int send_arriving(struct __sk_buff *skb, const struct caracal_config *config,
					 const struct flow *flow, __u32 part)
{
	__u32 hash = flow_hash(flow, config->hash_seed);

	if (part == PART_OF_HASH)
		part = hash % config->queue_count;
	return send_by_cache(skb, config, flow, hash, part, 0, NULL);
}

/*
 * tc ingress of an uplink with XDP: what XDP has left to the cache. All else is the host's, and costs it two looks into
 * maps. What has lost its entry in between goes through the host's stack to the hooks of the workload interface, but for
 * an answer.
 */
SEC("tc")
int from_uplink(struct __sk_buff *skb)
{
	const struct caracal_config *config = caracal_config();
	struct flow flow = {};
	__u32 part;
	int action;

	if (!config || !config->punt_ifindex || !config->queue_count || skb->vlan_present)
		return TC_ACT_OK;
	if (!find_flow(skb, &flow) || !flow.transport_offset || !find_part(&flow, &part))
		return TC_ACT_OK;
	action = send_arriving(skb, config, &flow, part);
	if (!is_cache_miss(action))
		return action;
	return part == PART_OF_HASH ? TC_ACT_OK : punt_network(skb, config, DIRECTION_FROM_UPLINK, NULL, 1);
}

/* What comes by the overlay device is for pods; who has the entry of what comes by an uplink must be looked for. */
static __always_inline int send_networks_packet(struct __sk_buff *skb, const struct caracal_config *config)
{
	const struct uplink_config *uplink;
	__u32 part = PART_OF_HASH, zero = 0;
	struct flow flow = {};

	uplink = bpf_map_lookup_elem(&uplink_config, &zero);
	if (!uplink || !find_flow(skb, &flow))
		return CACHE_MISS;
	if (skb->ifindex != uplink->overlay_ifindex_v4 && skb->ifindex != uplink->overlay_ifindex_v6 &&
	    !find_part(&flow, &part))
		return CACHE_MISS;
	return send_arriving(skb, config, &flow, part);
}

/*
 * tc ingress of the overlay device, which gives what the kernel has decapsulated, and of an uplink that has no XDP: the
 * flow cache first, then the decisions of the XDP program. VXLAN itself is left to the kernel here.
 */
SEC("tc")
int from_network(struct __sk_buff *skb)
{
	const struct caracal_config *config = caracal_config();
	__u32 length = skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX;
	struct carried_packet carried = {};
	__u32 ifindex = skb->ifindex;
	enum uplink_counter decision;
	const struct device *device;
	__be16 ether_type_be = 0;
	__u32 offset;
	int action;

	if (!config || !config->punt_ifindex || !config->queue_count || skb->vlan_present)
		return TC_ACT_OK;
	device = bpf_map_lookup_elem(&devices, &ifindex);
	if (!device)
		return TC_ACT_OK;
	action = send_networks_packet(skb, config);
	if (!is_cache_miss(action))
		return action;
	if (bpf_skb_pull_data(skb, length))
		return TC_ACT_OK;
	offset = read_ethernet((void *)(long)skb->data, (void *)(long)skb->data_end, device, &ether_type_be);
	if (!offset) {
		count_uplink(UPLINK_PASSED);
		return TC_ACT_OK;
	}
	decision = classify((void *)(long)skb->data, (void *)(long)skb->data_end, offset, ether_type_be, &carried);
	count_uplink(decision == UPLINK_TAKEN_OVERLAY ? UPLINK_PASSED : decision);
	if (decision == UPLINK_DROPPED_UNKNOWN_VTEP)
		return TC_ACT_SHOT;
	if (decision == UPLINK_PASSED || decision == UPLINK_TAKEN_OVERLAY)
		return TC_ACT_OK;
	return punt_network(skb, config, DIRECTION_FROM_UPLINK, NULL, decision != UPLINK_TAKEN_PLAIN);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
