/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From the packet to its flow, and from the flow to its queue.
 *
 * The hash is symmetric: both directions of a flow reach the same worker. It is
 *
 *   endpoint(words of the address, port) = mix(... mix(mix(seed ^ word0) ^ word1) ... ^ port)
 *   hash = mix(endpoint(source) + endpoint(destination) + protocol)
 *
 * over host-order values; an IPv4 address is one word. Ports are 0 for protocols without them. A fragment, the first
 * one too, has ports and protocol 0, for the others could not follow it otherwise. An ICMP error is hashed as the
 * packet it carries, so that it reaches the worker that knows the flow it is about.
 */
#ifndef CARACAL_FLOW_H
#define CARACAL_FLOW_H

#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Extension headers we walk through: a packet of real hosts has two at most, and the verifier wants a bound. */
#define IPV6_EXTENSIONS_MAX 6
/* Nothing behind this offset is read: two IPv6 headers, extensions and an ICMP error fit. */
#define HEADERS_MAX 256
#define IPV4_FRAGMENT_MASK 0x3fff /* MF and the offset, not DF */

struct flow {
	__u32 source_be[4];
	__u32 destination_be[4];
	__u16 source_port_be;
	__u16 destination_port_be;
	__u16 transport_offset; /* 0 when the flow is not the packet's own (ICMP error) or it is a fragment */
	__u8 protocol;
	__u8 words; /* of an address: 1 = IPv4, 4 = IPv6, 0 = not an IP flow */
};

enum parse_result {
	PARSE_DONE,
	PARSE_DONE_OUTER, /* an ICMP error; the packet it carries is not in the linear part */
	PARSE_SHORT,      /* a header is not in the linear part */
	PARSE_UNKNOWN,    /* not IP, or not as its RFC says */
};

static __always_inline __u32 mix(__u32 x)
{
	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	x ^= x >> 16;
	return x;
}

static __always_inline __u32 endpoint_hash(const __u32 address_be[4], __u16 port_be, __u8 words, __u32 seed)
{
	__u32 h = mix(seed ^ bpf_ntohl(address_be[0]));

	if (words == 4) {
		h = mix(h ^ bpf_ntohl(address_be[1]));
		h = mix(h ^ bpf_ntohl(address_be[2]));
		h = mix(h ^ bpf_ntohl(address_be[3]));
	}
	return mix(h ^ bpf_ntohs(port_be));
}

static __always_inline __u32 flow_hash(const struct flow *flow, __u32 seed)
{
	__u32 sum = endpoint_hash(flow->source_be, flow->source_port_be, flow->words, seed) +
		    endpoint_hash(flow->destination_be, flow->destination_port_be, flow->words, seed);

	return mix(sum + flow->protocol);
}

static __always_inline int has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

/* RFC 792 and RFC 4443: the types that carry the packet they are about. */
static __always_inline int is_icmp_error(__u8 protocol, __u8 type)
{
	if (protocol == IPPROTO_ICMP)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return protocol == IPPROTO_ICMPV6 && type >= 1 && type <= 4;
}

static __always_inline void forget_transport(struct flow *flow)
{
	flow->protocol = 0;
	flow->transport_offset = 0;
}

static __always_inline enum parse_result parse_ipv4(void *data, void *data_end, __u32 offset, struct flow *flow)
{
	struct iphdr *ip = data + offset;

	if ((void *)(ip + 1) > data_end)
		return PARSE_SHORT;
	if (ip->version != 4 || ip->ihl < 5)
		return PARSE_UNKNOWN;
	flow->source_be[0] = ip->saddr;
	flow->destination_be[0] = ip->daddr;
	flow->words = 1;
	flow->protocol = ip->protocol;
	flow->transport_offset = offset + ip->ihl * 4;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_MASK))
		forget_transport(flow);
	return PARSE_DONE;
}

/*
 * The extension headers that are walked through (RFC 8200 section 4). Fragment is not: behind it may be no header at
 * all.
 */
static __always_inline int is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS || next == IPPROTO_AH;
}

static __always_inline enum parse_result parse_ipv6(void *data, void *data_end, __u32 offset, struct flow *flow)
{
	struct ipv6hdr *ip = data + offset;
	__u8 next;
	int i;

	if ((void *)(ip + 1) > data_end)
		return PARSE_SHORT;
	if (ip->version != 6)
		return PARSE_UNKNOWN;
	__builtin_memcpy(flow->source_be, &ip->saddr, 16);
	__builtin_memcpy(flow->destination_be, &ip->daddr, 16);
	flow->words = 4;
	next = ip->nexthdr;
	offset += sizeof(*ip);
	for (i = 0; i < IPV6_EXTENSIONS_MAX && is_extension(next); i++) {
		struct ipv6_opt_hdr *extension;

		if (offset > HEADERS_MAX)
			return PARSE_UNKNOWN;
		extension = data + offset;
		if ((void *)(extension + 1) > data_end)
			return PARSE_SHORT;
		/*
		 * AH counts in words without the first two (RFC 4302 section 2.2), the others in 8 bytes without the
		 * first.
		 */
		offset += next == IPPROTO_AH ? (extension->hdrlen + 2) * 4 : (extension->hdrlen + 1) * 8;
		next = extension->nexthdr;
	}
	if (is_extension(next) || offset > HEADERS_MAX)
		return PARSE_UNKNOWN;
	flow->protocol = next;
	flow->transport_offset = offset;
	if (next == IPPROTO_FRAGMENT)
		forget_transport(flow);
	return PARSE_DONE;
}

static __always_inline enum parse_result parse_ports(void *data, void *data_end, struct flow *flow)
{
	__u32 offset = flow->transport_offset;
	__be16 *ports;

	if (!has_ports(flow->protocol))
		return PARSE_DONE;
	if (offset > HEADERS_MAX)
		return PARSE_UNKNOWN;
	ports = data + offset;
	if ((void *)(ports + 2) > data_end)
		return PARSE_SHORT;
	flow->source_port_be = ports[0];
	flow->destination_port_be = ports[1];
	return PARSE_DONE;
}

/*
 * Replaces the flow by the one that an ICMP error is about. The packet inside may be cut anywhere, and it is a
 * stranger's bytes: when it cannot be read, the outer flow stays.
 */
static __always_inline enum parse_result parse_icmp_error(void *data, void *data_end, struct flow *flow)
{
	__u32 offset = flow->transport_offset;
	struct flow inner = {};
	enum parse_result result;
	__u8 *type;

	if (flow->protocol != IPPROTO_ICMP && flow->protocol != IPPROTO_ICMPV6)
		return PARSE_DONE;
	if (offset > HEADERS_MAX)
		return PARSE_UNKNOWN;
	type = data + offset;
	if ((void *)(type + 1) > data_end)
		return PARSE_SHORT;
	if (!is_icmp_error(flow->protocol, *type))
		return PARSE_DONE;
	offset += 8;
	result = flow->protocol == IPPROTO_ICMP ? parse_ipv4(data, data_end, offset, &inner)
						: parse_ipv6(data, data_end, offset, &inner);
	if (result == PARSE_DONE)
		result = parse_ports(data, data_end, &inner);
	if (result == PARSE_DONE) {
		inner.transport_offset = 0;
		*flow = inner;
	}
	return result == PARSE_SHORT ? PARSE_DONE_OUTER : PARSE_DONE;
}

/* A function of its own to the verifier, so that the retry of find_flow does not double its code. */
static __noinline int parse_flow(struct __sk_buff *skb, struct flow *flow)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	int result = PARSE_UNKNOWN;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		result = parse_ipv4(data, data_end, ETH_HLEN, flow);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		result = parse_ipv6(data, data_end, ETH_HLEN, flow);
	if (result == PARSE_DONE)
		result = parse_ports(data, data_end, flow);
	if (result == PARSE_DONE)
		result = parse_icmp_error(data, data_end, flow);
	return result;
}

/*
 * Returns whether the packet has a flow. Headers are pulled before they are read: the usual ones are in the linear part
 * of what a TCP or UDP socket sends and cost nothing, deeper ones (options, extensions, ICMP errors) cost a pull and a
 * second pass.
 */
static __always_inline int find_flow(struct __sk_buff *skb, struct flow *flow)
{
	int result = parse_flow(skb, flow);

	if (result == PARSE_DONE_OUTER || result == PARSE_SHORT) {
		__u32 length = skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX;

		if (!bpf_skb_pull_data(skb, length)) {
			__builtin_memset(flow, 0, sizeof(*flow));
			result = parse_flow(skb, flow);
		}
	}
	return result == PARSE_DONE || result == PARSE_DONE_OUTER;
}

#endif
