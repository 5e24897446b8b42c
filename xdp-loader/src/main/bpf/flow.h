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

static __always_inline enum parse_result parse_ipv4(struct __sk_buff *skb, __u32 offset, struct flow *flow)
{
	void *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = (void *)(long)skb->data + offset;

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
 * all. A mask, since each comparison would double the states that the verifier follows.
 */
static __always_inline int is_extension(__u8 next)
{
	const __u64 extensions = 1ull << IPPROTO_HOPOPTS | 1ull << IPPROTO_ROUTING | 1ull << IPPROTO_DSTOPTS |
				 1ull << IPPROTO_AH;

	return next < 64 && extensions >> next & 1;
}

/*
 * AH counts in words without the first two (RFC 4302 section 2.2), the others in 8 bytes without the first. Without a
 * branch, as above: the shift makes 1 of "equal" and 0 of all else.
 */
static __always_inline __u32 extension_length(__u8 next, __u8 hdrlen)
{
	__u32 is_ah = ((__u32)(next ^ IPPROTO_AH) - 1) >> 31;

	return (hdrlen + 1 + is_ah) << (3 - is_ah);
}

/*
 * Returns "offset << 8 | protocol" of what follows the extension headers, or a negated parse_result. Not static: so the
 * verifier looks at it once, and not once for every state that it may be called in.
 */
__noinline int skip_extensions(struct __sk_buff *skb, __u32 offset, __u32 first)
{
	void *data_end = (void *)(long)skb->data_end;
	void *data = (void *)(long)skb->data;
	__u8 next = first;
	int i;

	for (i = 0; i < IPV6_EXTENSIONS_MAX && is_extension(next); i++) {
		struct ipv6_opt_hdr *extension;

		if (offset > HEADERS_MAX)
			return -PARSE_UNKNOWN;
		extension = data + offset;
		if ((void *)(extension + 1) > data_end)
			return -PARSE_SHORT;
		offset += extension_length(next, extension->hdrlen);
		next = extension->nexthdr;
	}
	if (is_extension(next) || offset > HEADERS_MAX)
		return -PARSE_UNKNOWN;
	return offset << 8 | next;
}

static __always_inline enum parse_result parse_ipv6(struct __sk_buff *skb, __u32 offset, struct flow *flow)
{
	void *data_end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip = (void *)(long)skb->data + offset;
	int found;

	if ((void *)(ip + 1) > data_end)
		return PARSE_SHORT;
	if (ip->version != 6)
		return PARSE_UNKNOWN;
	__builtin_memcpy(flow->source_be, &ip->saddr, 16);
	__builtin_memcpy(flow->destination_be, &ip->daddr, 16);
	flow->words = 4;
	found = skip_extensions(skb, offset + sizeof(*ip), ip->nexthdr);
	if (found < 0)
		return -found;
	flow->protocol = found & 0xff;
	flow->transport_offset = found >> 8;
	if (flow->protocol == IPPROTO_FRAGMENT)
		forget_transport(flow);
	return PARSE_DONE;
}

/*
 * The header at an offset that the caller has bounded. The verifier forgets the bound when the offset was on the stack
 * meanwhile, and the compiler would add the offset twice, to two pointers of which only one is checked; the mask
 * changes nothing and forbids both.
 */
static __always_inline void *header_at(struct __sk_buff *skb, __u64 offset)
{
	asm volatile("%0 &= 511" : "+r"(offset));
	return (void *)(long)skb->data + offset;
}

static __always_inline enum parse_result parse_ports(struct __sk_buff *skb, struct flow *flow)
{
	void *data_end = (void *)(long)skb->data_end;
	__u32 offset = flow->transport_offset;
	__be16 *ports;

	if (!has_ports(flow->protocol))
		return PARSE_DONE;
	if (offset > HEADERS_MAX)
		return PARSE_UNKNOWN;
	ports = header_at(skb, offset);
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
static __always_inline enum parse_result parse_icmp_error(struct __sk_buff *skb, struct flow *flow)
{
	void *data_end = (void *)(long)skb->data_end;
	__u32 offset = flow->transport_offset;
	struct flow inner = {};
	enum parse_result result;
	__u8 *type;

	if (flow->protocol != IPPROTO_ICMP && flow->protocol != IPPROTO_ICMPV6)
		return PARSE_DONE;
	if (offset > HEADERS_MAX)
		return PARSE_UNKNOWN;
	type = header_at(skb, offset);
	if ((void *)(type + 1) > data_end)
		return PARSE_SHORT;
	if (!is_icmp_error(flow->protocol, *type))
		return PARSE_DONE;
	offset += 8;
	result = flow->protocol == IPPROTO_ICMP ? parse_ipv4(skb, offset, &inner) : parse_ipv6(skb, offset, &inner);
	if (result == PARSE_DONE)
		result = parse_ports(skb, &inner);
	if (result == PARSE_DONE) {
		inner.transport_offset = 0;
		*flow = inner;
	}
	return result == PARSE_SHORT ? PARSE_DONE_OUTER : PARSE_DONE;
}

/* Not static either: see skip_extensions. No caller passes NULL, but the verifier cannot know that. */
__noinline int parse_flow(struct __sk_buff *skb, struct flow *flow)
{
	int result = PARSE_UNKNOWN;

	if (!flow)
		return PARSE_UNKNOWN;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		result = parse_ipv4(skb, ETH_HLEN, flow);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		result = parse_ipv6(skb, ETH_HLEN, flow);
	if (result == PARSE_DONE)
		result = parse_ports(skb, flow);
	if (result == PARSE_DONE)
		result = parse_icmp_error(skb, flow);
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
