/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which packets of an uplink are for the pods of this node, and which are the host's. The contract with Java is
 * io.caracal.xdp.uplink; UplinkHeaderTest reads this file and fails when the two sides drift apart.
 *
 * Taken are, and nothing else:
 *  - VXLAN of our VNI and port to this node's VTEP address, from a known VTEP, whose inner destination is a local
 *    workload;
 *  - packets to a local workload's address, without encapsulation;
 *  - returns of NAT-outgoing, by the exact binding: never by a range of ports, for the host and MASQUERADE may use the
 *    same ones;
 *  - ICMP errors about such a binding.
 *
 * What cannot be read here (a truncated header, more extension headers than we walk through, an outer fragment of
 * VXLAN) is the host's. It does not slip past the engine: what the host's stack sends on to a pod meets to_workload.
 */
#ifndef CARACAL_UPLINK_H
#define CARACAL_UPLINK_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "cache.h"
#include "caracal.h"
#include "flow.h"
#include "maps.h"

#define UPLINK_QUEUES_MAX 256
#define LOCAL_ADDRESSES_MAX 4096
#define VTEPS_MAX 16384
#define NAT_BINDINGS_MAX 262144
#define NAT_FRAGMENTS_MAX 1024

#define VLAN_ID_MASK 0x0fff
#define VXLAN_FLAG_VNI 0x08 /* RFC 7348 section 5: the VNI is valid */
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS 0x0001
#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO_REQUEST 8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

/* An IP address of either version: one word, or four. The words that it has not are 0. */
struct address {
	__u32 words; /* 1 = IPv4, 4 = IPv6, 0 = none */
	__u32 word_be[4];
};

/* Map `uplink_config`, one entry; all zero takes nothing. */
struct uplink_config {
	struct address local_v4; /* this node's VTEP addresses, the outer destination */
	struct address local_v6;
	__u32 vni;
	__u32 vxlan_port;
	__u32 drop_unknown_vtep; /* 1 = our VNI from a node that is no VTEP is dropped, as Felix does */
	__u32 overlay_ifindex_v4; /* the kernel's device that decapsulates what comes to local_v4; 0 = none */
	__u32 overlay_ifindex_v6;
};

/*
 * Map `nat_bindings`: what NAT-outgoing has translated to, seen from this node. Ports are 0 for protocols without them;
 * an ICMP query has its identifier as own_port_be and 0 as remote_port_be.
 */
struct nat_binding {
	struct address own;
	struct address remote;
	__u16 own_port_be;
	__u16 remote_port_be;
	__u32 protocol;
};

/* Map `nat_fragments`: a packet whose first fragment had a binding. */
struct nat_fragment {
	struct address own;
	struct address remote;
	__u32 id_be;
	__u32 protocol;
};

/* Map `uplink_counters`, per-CPU array. Ids are never reused. */
enum uplink_counter {
	UPLINK_TAKEN_OVERLAY = 0,
	UPLINK_TAKEN_PLAIN = 1,
	UPLINK_TAKEN_NAT_RETURN = 2,
	UPLINK_TAKEN_NAT_ERROR = 3,
	UPLINK_PASSED = 4,
	UPLINK_PASSED_NO_SOCKET = 5,
	UPLINK_DROPPED_NO_SOCKET = 6,
	UPLINK_DROPPED_UNKNOWN_VTEP = 7,
	UPLINK_PASSED_OFFLOADED = 8,
	UPLINK_COUNTER_COUNT = 9,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct uplink_config);
} uplink_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LOCAL_ADDRESSES_MAX);
	__type(key, struct address);
	__type(value, __u32); /* ifindex of the workload interface, for those who look at the map */
} local_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTEPS_MAX);
	__type(key, struct address);
	__type(value, __u32); /* 1 */
} vteps SEC(".maps");

/*
 * Workers insert on their path, tens of thousands a second at worst: preallocated, so that an insert cannot fail for
 * want of memory and costs no allocation in the kernel.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NAT_BINDINGS_MAX);
	__type(key, struct nat_binding);
	__type(value, __u32); /* the worker that owns the binding */
} nat_bindings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NAT_FRAGMENTS_MAX);
	__type(key, struct nat_fragment);
	__type(value, __u32); /* the worker that owns the binding */
} nat_fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, UPLINK_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} uplink_counters SEC(".maps");

/* queue_base of the device + its receive queue -> AF_XDP socket */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, UPLINK_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} uplink_xsks SEC(".maps");

enum fragment {
	FRAGMENT_NONE,
	FRAGMENT_FIRST,
	FRAGMENT_LATER,
};

/* One IP header with its extensions. */
struct ip_packet {
	struct address source;
	struct address destination;
	__u32 fragment_id_be;
	__u32 transport_offset; /* at most HEADERS_MAX */
	__u8 protocol;
	__u8 fragment;
};

/*
 * Where the header behind the IP header is. read_ip has bounded it, but the verifier forgets that when the offset was
 * on the stack meanwhile; the mask changes nothing, and the compiler may not leave it out.
 */
static __always_inline void *transport(void *data, const struct ip_packet *packet)
{
	__u64 offset = packet->transport_offset;

	asm volatile("%0 &= 511" : "+r"(offset));
	return data + offset;
}

static __always_inline void count_uplink(enum uplink_counter counter)
{
	__u32 key = counter;
	__u64 *value = bpf_map_lookup_elem(&uplink_counters, &key);

	if (value)
		*value += 1;
}

static __always_inline int is_same_address(const struct address *a, const struct address *b)
{
	return a->words == b->words && a->word_be[0] == b->word_be[0] && a->word_be[1] == b->word_be[1] &&
	       a->word_be[2] == b->word_be[2] && a->word_be[3] == b->word_be[3];
}

static __always_inline int read_ipv4(void *data, void *data_end, __u32 offset, struct ip_packet *packet)
{
	struct iphdr *ip = data + offset;
	__u16 fragment_word;

	if ((void *)(ip + 1) > data_end || ip->version != 4 || ip->ihl < 5)
		return -1;
	packet->source.words = 1;
	packet->source.word_be[0] = ip->saddr;
	packet->destination.words = 1;
	packet->destination.word_be[0] = ip->daddr;
	packet->protocol = ip->protocol;
	packet->transport_offset = offset + ip->ihl * 4;
	packet->fragment_id_be = ip->id;
	fragment_word = bpf_ntohs(ip->frag_off);
	if (fragment_word & IPV4_FRAGMENT_OFFSET)
		packet->fragment = FRAGMENT_LATER;
	else if (fragment_word & IPV4_MORE_FRAGMENTS)
		packet->fragment = FRAGMENT_FIRST;
	return 0;
}

struct ipv6_fragment_header {
	__u8 nexthdr;
	__u8 reserved;
	__be16 offset_be;
	__be32 id_be;
};

/* Reads the fragment header at data + offset; returns what follows it, or -1. */
static __always_inline int read_ipv6_fragment(void *data, void *data_end, __u32 offset, struct ip_packet *packet)
{
	struct ipv6_fragment_header *header = data + offset;
	__u16 word;

	if ((void *)(header + 1) > data_end)
		return -1;
	word = bpf_ntohs(header->offset_be);
	packet->fragment_id_be = header->id_be;
	if (word & IPV6_FRAGMENT_OFFSET)
		packet->fragment = FRAGMENT_LATER;
	else if (word & IPV6_MORE_FRAGMENTS)
		packet->fragment = FRAGMENT_FIRST;
	return header->nexthdr;
}

static __always_inline int read_ipv6(void *data, void *data_end, __u32 offset, struct ip_packet *packet)
{
	struct ipv6hdr *ip = data + offset;
	int next;
	int i;

	if ((void *)(ip + 1) > data_end || ip->version != 6)
		return -1;
	packet->source.words = 4;
	__builtin_memcpy(packet->source.word_be, &ip->saddr, 16);
	packet->destination.words = 4;
	__builtin_memcpy(packet->destination.word_be, &ip->daddr, 16);
	next = ip->nexthdr;
	offset += sizeof(*ip);
	for (i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		struct ipv6_opt_hdr *extension;

		if (offset > HEADERS_MAX)
			return -1;
		if (next == IPPROTO_FRAGMENT) {
			next = read_ipv6_fragment(data, data_end, offset, packet);
			if (next < 0)
				return -1;
			offset += sizeof(struct ipv6_fragment_header);
			/* Behind a later fragment's header is no header, but a piece of the packet. */
			if (packet->fragment == FRAGMENT_LATER)
				break;
			continue;
		}
		if (!is_extension(next))
			break;
		extension = data + offset;
		if ((void *)(extension + 1) > data_end)
			return -1;
		offset += extension_length(next, extension->hdrlen);
		next = extension->nexthdr;
	}
	if ((is_extension(next) || next == IPPROTO_FRAGMENT) && packet->fragment != FRAGMENT_LATER)
		return -1;
	packet->protocol = next;
	packet->transport_offset = offset;
	return 0;
}

/* Fills a zeroed packet; returns 0 when it is an IP packet whose headers could be read. */
static __always_inline int read_ip(void *data, void *data_end, __u32 offset, __be16 ether_type,
				   struct ip_packet *packet)
{
	int result = -1;

	if (ether_type == bpf_htons(ETH_P_IP))
		result = read_ipv4(data, data_end, offset, packet);
	else if (ether_type == bpf_htons(ETH_P_IPV6))
		result = read_ipv6(data, data_end, offset, packet);
	return packet->transport_offset > HEADERS_MAX ? -1 : result;
}

static __always_inline int is_local(const struct address *address)
{
	return bpf_map_lookup_elem(&local_addresses, address) != NULL;
}

struct vxlan_header {
	__u8 flags;
	__u8 reserved[3];
	__be32 vni_be; /* 24 bits, then 8 reserved */
};

/*
 * Is it VXLAN of our network to this node? Not when it is fragmented: the rest could not be recognised, so the kernel
 * puts it together and its own device decapsulates it.
 */
static __always_inline struct vxlan_header *our_vxlan(void *data, void *data_end, const struct ip_packet *outer,
						       const struct uplink_config *config)
{
	struct udphdr *udp = transport(data, outer);
	struct vxlan_header *vxlan = (void *)(udp + 1);

	if (outer->protocol != IPPROTO_UDP || outer->fragment != FRAGMENT_NONE || !config->vxlan_port ||
	    (void *)(vxlan + 1) > data_end)
		return NULL;
	if (udp->dest != bpf_htons(config->vxlan_port) || !(vxlan->flags & VXLAN_FLAG_VNI) ||
	    bpf_ntohl(vxlan->vni_be) >> 8 != config->vni)
		return NULL;
	if (!is_same_address(&outer->destination, &config->local_v4) &&
	    !is_same_address(&outer->destination, &config->local_v6))
		return NULL;
	return vxlan;
}

static __always_inline enum uplink_counter classify_vxlan(void *data_end, const struct vxlan_header *vxlan,
							  const struct ip_packet *outer,
							  const struct uplink_config *config)
{
	struct ethhdr *ethernet = (void *)(vxlan + 1);
	struct address destination = {};

	if (!bpf_map_lookup_elem(&vteps, &outer->source))
		return config->drop_unknown_vtep ? UPLINK_DROPPED_UNKNOWN_VTEP : UPLINK_PASSED;
	if ((void *)(ethernet + 1) > data_end)
		return UPLINK_PASSED;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(ethernet + 1);

		if ((void *)(ip + 1) > data_end || ip->version != 4)
			return UPLINK_PASSED;
		destination.words = 1;
		destination.word_be[0] = ip->daddr;
	} else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(ethernet + 1);

		if ((void *)(ip + 1) > data_end || ip->version != 6)
			return UPLINK_PASSED;
		destination.words = 4;
		__builtin_memcpy(destination.word_be, &ip->daddr, 16);
	}
	return is_local(&destination) ? UPLINK_TAKEN_OVERLAY : UPLINK_PASSED;
}

/* The first four bytes behind the IP header, where every protocol with ports has them; 0 when they are not there. */
static __always_inline __u32 first_word(void *data, void *data_end, const struct ip_packet *packet)
{
	__u32 *word = transport(data, packet);

	return (void *)(word + 1) > data_end ? 0 : *word;
}

/* The identifier of an ICMP query, in the second word. */
static __always_inline __u16 icmp_id_be(void *data, void *data_end, const struct ip_packet *packet)
{
	__u16 *id = transport(data, packet) + 4;

	return (void *)(id + 1) > data_end ? 0 : *id;
}

static __always_inline __u32 *binding_of(const struct nat_binding *binding)
{
	return bpf_map_lookup_elem(&nat_bindings, binding);
}

/* A packet that comes back: its source is the remote side of the binding. */
static __always_inline __u32 *binding_of_return(void *data, void *data_end, const struct ip_packet *packet,
						int is_echo_reply)
{
	struct nat_binding binding = {.own = packet->destination, .remote = packet->source,
				      .protocol = packet->protocol};

	if (is_echo_reply) {
		binding.own_port_be = icmp_id_be(data, data_end, packet);
	} else if (has_ports(packet->protocol)) {
		__u16 ports_be[2];

		*(__u32 *)ports_be = first_word(data, data_end, packet);
		binding.remote_port_be = ports_be[0];
		binding.own_port_be = ports_be[1];
	}
	return binding_of(&binding);
}

static __always_inline void remember_fragments(const struct ip_packet *packet, const __u32 *worker)
{
	struct nat_fragment fragment = {.own = packet->destination, .remote = packet->source,
					.id_be = packet->fragment_id_be, .protocol = packet->protocol};
	__u32 owner = *worker;

	bpf_map_update_elem(&nat_fragments, &fragment, &owner, BPF_ANY);
}

static __always_inline int follows_first_fragment(const struct ip_packet *packet)
{
	struct nat_fragment fragment = {.own = packet->destination, .remote = packet->source,
					.id_be = packet->fragment_id_be, .protocol = packet->protocol};

	return bpf_map_lookup_elem(&nat_fragments, &fragment) != NULL;
}

/*
 * An ICMP error carries the packet that it is about, as it left this node: our own address is its source there. A
 * function of its own to the verifier, which would follow the walk over extension headers within that of the outer
 * packet otherwise. Returns whether there is a binding.
 */
static __noinline int is_error_about_binding(void *data, void *data_end, __u32 offset, __u32 is_ipv6)
{
	struct ip_packet about = {};
	struct nat_binding binding = {};
	__u8 *type;

	if (offset > HEADERS_MAX || read_ip(data, data_end, offset, is_ipv6 ? bpf_htons(ETH_P_IPV6)
									      : bpf_htons(ETH_P_IP), &about))
		return 0;
	if (about.fragment == FRAGMENT_LATER)
		return 0;
	binding.own = about.source;
	binding.remote = about.destination;
	binding.protocol = about.protocol;
	if (about.protocol == IPPROTO_ICMP || about.protocol == IPPROTO_ICMPV6) {
		type = transport(data, &about);
		if ((void *)(type + 1) > data_end || (*type != ICMP_ECHO_REQUEST && *type != ICMPV6_ECHO_REQUEST))
			return 0;
		binding.own_port_be = icmp_id_be(data, data_end, &about);
	} else if (has_ports(about.protocol)) {
		__u16 ports_be[2];

		*(__u32 *)ports_be = first_word(data, data_end, &about);
		binding.own_port_be = ports_be[0];
		binding.remote_port_be = ports_be[1];
	}
	return binding_of(&binding) != NULL;
}

/*
 * What the flow cache may know: where the IP header is that an entry would be about, whose part that is in, and the
 * device that would bring the packet to tc.
 */
struct carried_packet {
	__u32 offset;
	__u32 part;
	__u32 ifindex; /* 0 = none */
};

static __always_inline enum uplink_counter classify_nat(void *data, void *data_end, const struct ip_packet *packet,
							struct carried_packet *carried)
{
	int is_echo_reply = 0;
	__u32 *worker;

	if (packet->fragment == FRAGMENT_LATER)
		return follows_first_fragment(packet) ? UPLINK_TAKEN_NAT_RETURN : UPLINK_PASSED;
	if (packet->protocol == IPPROTO_ICMP || packet->protocol == IPPROTO_ICMPV6) {
		__u8 *type = transport(data, packet);

		if ((void *)(type + 1) > data_end)
			return UPLINK_PASSED;
		if (is_icmp_error(packet->protocol, *type)) {
			int found = is_error_about_binding(data, data_end, packet->transport_offset + 8,
							   packet->protocol == IPPROTO_ICMPV6);

			return found ? UPLINK_TAKEN_NAT_ERROR : UPLINK_PASSED;
		}
		is_echo_reply = *type == (packet->protocol == IPPROTO_ICMP ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
		if (!is_echo_reply)
			return UPLINK_PASSED;
	}
	worker = binding_of_return(data, data_end, packet, is_echo_reply);
	if (!worker)
		return UPLINK_PASSED;
	carried->part = *worker;
	if (packet->fragment == FRAGMENT_FIRST)
		remember_fragments(packet, worker);
	return UPLINK_TAKEN_NAT_RETURN;
}

/* Whose is the packet that begins at data + offset? Fills in what the flow cache may know of one that is taken. */
static __always_inline enum uplink_counter classify(void *data, void *data_end, __u32 offset, __be16 ether_type,
						     struct carried_packet *carried)
{
	const struct uplink_config *config;
	const struct vxlan_header *vxlan;
	struct ip_packet packet = {};
	__u32 key = 0;

	config = bpf_map_lookup_elem(&uplink_config, &key);
	if (!config || read_ip(data, data_end, offset, ether_type, &packet))
		return UPLINK_PASSED;
	carried->offset = offset;
	carried->part = PART_OF_HASH;
	if (is_local(&packet.destination))
		return UPLINK_TAKEN_PLAIN;
	vxlan = our_vxlan(data, data_end, &packet, config);
	if (vxlan) {
		enum uplink_counter decision = classify_vxlan(data_end, vxlan, &packet, config);

		carried->offset = packet.transport_offset + sizeof(struct udphdr) + sizeof(*vxlan) + ETH_HLEN;
		if (decision == UPLINK_TAKEN_OVERLAY)
			carried->ifindex = packet.destination.words == 1 ? config->overlay_ifindex_v4
									  : config->overlay_ifindex_v6;
		return decision;
	}
	return classify_nat(data, data_end, &packet, carried);
}

#endif
