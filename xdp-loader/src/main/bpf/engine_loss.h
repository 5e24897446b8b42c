/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What happens to a miss while no engine is there: it is dropped (fail closed), or passed to the host's stack when the
 * operator has chosen so. Three kinds pass in either case, or kubelet would restart every pod of the node while the
 * engine is away:
 *
 *  - what the host itself sends to a pod (its probes);
 *  - TCP segments of a pod that belong to a connection which the host has: answers, that is. A SYN without ACK never
 *    passes, not even to a socket in TIME_WAIT, which would give it to the listener (tcp_timewait_state_process);
 *  - ARP and neighbour discovery of a pod on its own link, or the answers would stop with the pod's neighbour entry.
 *    They stay on the link: ARP is never forwarded, and of neighbour discovery only link-scope destinations pass.
 */
#ifndef CARACAL_ENGINE_LOSS_H
#define CARACAL_ENGINE_LOSS_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "caracal.h"
#include "flow.h"
#include "maps.h"

#define ICMPV6_NEIGHBOUR_SOLICITATION 135
#define ICMPV6_NEIGHBOUR_ADVERTISEMENT 136

static __always_inline int drop(struct __sk_buff *skb, enum caracal_counter counter);

static __always_inline int pass(enum caracal_counter counter)
{
	count(counter);
	return TC_ACT_OK;
}

static __always_inline int is_link_scope(const struct in6_addr *address)
{
	__u8 first = address->in6_u.u6_addr8[0];
	__u8 second = address->in6_u.u6_addr8[1];

	return (first == 0xfe && (second & 0xc0) == 0x80) || (first == 0xff && (second & 0x0f) == 0x02);
}

static __always_inline int is_neighbour_protocol(struct __sk_buff *skb)
{
	void *data_end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip = (void *)(long)skb->data + ETH_HLEN;
	__u8 *type = (void *)(ip + 1);

	if (skb->protocol == bpf_htons(ETH_P_ARP))
		return 1;
	if (skb->protocol != bpf_htons(ETH_P_IPV6) || (void *)(type + 1) > data_end)
		return 0;
	return ip->nexthdr == IPPROTO_ICMPV6 && ip->hop_limit == 255 && is_link_scope(&ip->daddr) &&
	       (*type == ICMPV6_NEIGHBOUR_SOLICITATION || *type == ICMPV6_NEIGHBOUR_ADVERTISEMENT);
}

/* LISTEN is what a stranger's first packet would find; every other socket has agreed to this very connection. */
static __always_inline int has_connection(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, __u32 tuple_size)
{
	struct bpf_sock *socket = bpf_skc_lookup_tcp(skb, tuple, tuple_size, BPF_F_CURRENT_NETNS, 0);
	__u32 state;

	if (!socket)
		return 0;
	state = socket->state;
	bpf_sk_release(socket);
	return state != BPF_TCP_LISTEN && state != BPF_TCP_CLOSE;
}

static __always_inline int is_first_syn(struct __sk_buff *skb, __u32 transport_offset)
{
	__u8 flags = 0;

	/* Unreadable flags count as a SYN: fail closed. */
	if (bpf_skb_load_bytes(skb, transport_offset + 13, &flags, 1))
		return 1;
	return (flags & 0x12) == 0x02;
}

static __always_inline int is_answer_to_host(struct __sk_buff *skb, const struct flow *flow)
{
	struct bpf_sock_tuple tuple = {};

	if (flow->protocol != IPPROTO_TCP || !flow->transport_offset || is_first_syn(skb, flow->transport_offset))
		return 0;
	if (flow->words == 1) {
		tuple.ipv4.saddr = flow->source_be[0];
		tuple.ipv4.daddr = flow->destination_be[0];
		tuple.ipv4.sport = flow->source_port_be;
		tuple.ipv4.dport = flow->destination_port_be;
		return has_connection(skb, &tuple, sizeof(tuple.ipv4));
	}
	__builtin_memcpy(tuple.ipv6.saddr, flow->source_be, 16);
	__builtin_memcpy(tuple.ipv6.daddr, flow->destination_be, 16);
	tuple.ipv6.sport = flow->source_port_be;
	tuple.ipv6.dport = flow->destination_port_be;
	return has_connection(skb, &tuple, sizeof(tuple.ipv6));
}

static __always_inline int engine_absent(struct __sk_buff *skb, const struct caracal_config *config,
					 enum caracal_direction direction, const struct flow *flow)
{
	if (direction == DIRECTION_TO_WORKLOAD && !skb->ingress_ifindex)
		return pass(COUNTER_PASSED_HOST_TO_WORKLOAD);
	if (direction == DIRECTION_FROM_WORKLOAD && is_neighbour_protocol(skb))
		return pass(COUNTER_PASSED_NEIGHBOUR);
	if (direction == DIRECTION_FROM_WORKLOAD && flow && is_answer_to_host(skb, flow))
		return pass(COUNTER_PASSED_ANSWER_TO_HOST);
	if (config->on_engine_loss == ON_ENGINE_LOSS_PASS)
		return pass(COUNTER_PASSED_ENGINE_ABSENT);
	return drop(skb, COUNTER_DROPPED_ENGINE_ABSENT);
}

#endif
