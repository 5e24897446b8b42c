/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the programs and the Java side agree on: the header of the punt pair, the values of the maps, the counters. The
 * Java mirror is io.caracal.xdp.punt (PuntConfig, Workload, WorkloadTraffic, PuntCounter); CaracalHeaderTest reads this
 * file and fails when the two sides drift apart.
 */
#ifndef CARACAL_H
#define CARACAL_H

#include <linux/types.h>

/*
 * The punt header is the packet's own Ethernet header with another meaning, so that the punt pair costs no extra bytes:
 *
 *   destination MAC  02 : code : ifindex (32 bit, big-endian)
 *   source MAC       FROM_WORKLOAD, FROM_UPLINK: the sender's, untouched
 *                    TO_WORKLOAD, TO_UPLINK: 02 : 00 : ingress_ifindex (32 bit, big-endian; 0 = the host itself)
 *
 * 02 is the locally administered bit: no such address can belong to hardware.
 */
#define PUNT_MAC_PREFIX 0x02

enum caracal_direction {
	DIRECTION_FROM_WORKLOAD = 1, /* tc ingress of the workload interface: a pod sent it */
	DIRECTION_TO_WORKLOAD = 2,   /* tc egress of the workload interface: the host's stack sends it */
	DIRECTION_FROM_UPLINK = 3,   /* tc ingress of an uplink or overlay device without XDP: a packet for a pod */
	DIRECTION_TO_UPLINK = 4,     /* tc egress of an uplink or overlay device: a pod's packet that nobody has policed */
};

enum caracal_egress_action {
	EGRESS_TO_WORKLOAD = 1, /* bpf_redirect_peer into the pod */
	EGRESS_TO_HOST = 2,     /* into the host's stack, as if it had arrived on the interface: a workload's, or an uplink
				 * or overlay device */
	EGRESS_TO_HOST_APPROVED = 3, /* the same, policed: it may leave by an uplink or the overlay device */
	EGRESS_TO_DEVICE = 4,   /* out of an uplink or overlay device, to the neighbour that the host's routes name */
};

struct punt_mac {
	__u8 prefix;
	__u8 code;
	__be32 ifindex_be;
} __attribute__((packed));

enum caracal_on_engine_loss {
	ON_ENGINE_LOSS_DROP = 0, /* zero, so that a map nobody has written yet fails closed */
	ON_ENGINE_LOSS_PASS = 1,
};

/*
 * Map `config`, one entry. A punt_ifindex or queue_count of 0 means "not configured": everything is dropped and
 * counted.
 */
struct caracal_config {
	__u32 punt_ifindex;
	__u32 queue_count;
	__u32 mark_handed;
	__u32 mark_approved;
	__u32 on_engine_loss;
	__u32 hash_seed; /* secret of this node: a pod cannot aim its flows at one worker */
};

/*
 * Map `workloads`, key ifindex. Written by Java alone, read by the programs. The limit on misses is a GCRA: one packet
 * costs miss_interval_ns, and a quiet interface may be miss_burst_ns ahead of its rate.
 */
struct workload {
	__u8 pod_mac[6];
	__u8 host_mac[6];
	__u32 flags; /* none yet; must be 0 */
	__u64 miss_interval_ns; /* 0 = no limit */
	__u64 miss_burst_ns;
};

/*
 * Map `devices`, key ifindex: the uplinks and the overlay devices of this node. Written by Java alone. A frame is
 * looked at only when its destination MAC is the device's own and its tag is vlan_id (0 = untagged).
 */
struct device {
	__u8 mac[6];
	__u16 vlan_id;
	__u32 queue_base;  /* of its sockets in the map uplink_xsks */
	__u32 queue_count; /* 0: no sockets (overlay device, or without XDP) */
};

/* Map `workload_traffic`, key ifindex, per CPU. Bytes are those of the frame with its Ethernet header. */
struct workload_traffic {
	__u64 from_workload_packets;
	__u64 from_workload_bytes;
	__u64 to_workload_packets;
	__u64 to_workload_bytes;
	__u64 delivered_packets;
	__u64 delivered_bytes;
	__u64 handed_packets;
	__u64 handed_bytes;
	__u64 dropped_packets;
	__u64 dropped_bytes;
};

#define CACHE_BUCKET_SLOTS 4
/* In cached_flow.protocol of an opening: no TCP or UDP packet has it, so none takes an opening for an entry. */
#define CACHE_OPENING_OF 0x80
/* cached_flow.flow of what a program has opened and Java has yet to see: the first packet's direction, the answers' */
#define CACHE_OPENED 0xffffffff
#define CACHE_OPENED_REPLY 0xfffffffe
/* Connections that Java may have left to see: of each worker's, a power of two */
#define CACHE_OPENED_MAX 4096

enum cache_action {
	CACHE_TO_WORKLOAD = 1, /* bpf_redirect_peer into the pod behind target_ifindex */
	CACHE_TO_DEVICE = 2, /* out of an uplink or overlay device, where the host's routes lead there */
	CACHE_TO_HOST = 3, /* into the host's stack, which translates it and sends it on */
	CACHE_PASS = 4, /* out of the interface that it is on its way to, if it came by target_ifindex */
};

/*
 * In the key of an entry of packets that the host's stack sends out of an interface: CACHE_PASS, and only there. The
 * others are of packets that come by it.
 */
#define CACHE_EGRESS 0x80000000
/* target_ifindex of CACHE_PASS: wherever it came from */
#define CACHE_ANY_INTERFACE 0xffffffff

/* What the packets of a direction were: bits of cached_flow.seen. */
enum cache_seen {
	CACHE_SEEN_SYN_ACK = 1,
	CACHE_SEEN_ACK = 2, /* any segment that acknowledges and opens nothing; any packet of UDP */
	CACHE_SEEN_FIN = 4,
	CACHE_SEEN_RST = 8,
	CACHE_SEEN_LAST_ACK = 16, /* an acknowledgement behind a FIN of the same direction */
};

/*
 * A slot of map `flow_cache`: one direction of a flow. What a packet of IPv4 needs is in the first cache line; IPv6's
 * longer addresses, translations, and what only Java reads, in the second. Java writes everything but packets, bytes, last_seen_ns
 * and seen, which the programs add up and Java takes away; a free slot may be taken by a program, too, by its version.
 *
 * A slot of map `openings` says of a kind of connections, told from others by all of the key but the source port, that
 * Java has let one through, and what both directions' entries of the next one are to be. Java alone writes it.
 */
struct cached_flow {
	__u32 version; /* odd while Java writes */
	__u32 ingress_ifindex; /* CACHE_EGRESS too; 0 = empty */
	__u32 source_be;
	__u32 destination_be;
	__u16 source_port_be;
	__u16 destination_port_be;
	__u8 protocol;
	__u8 words; /* of an address: 1 = IPv4, 4 = IPv6 */
	__u8 action;
	__u8 is_translated; /* 1 = NAT-outgoing: the far end sees nat_address_be and nat_port_be, not the pod's */
	__u32 target_ifindex;
	__u32 mtu; /* the longest packet from the IP header on, or segment of a GSO packet */
	__u64 packets;
	__u64 bytes; /* from the IP header on, a GSO packet by its segments, as conntrack counts */
	__u64 last_seen_ns; /* CLOCK_MONOTONIC, coarse */
	__u32 seen;
	__u32 generation; /* of the policy that has approved the flow */
	__u32 source_rest_be[3];
	__u32 destination_rest_be[3];
	__u32 flow; /* Java's own */
	__u32 nat_address_be; /* TO_DEVICE: the new source; TO_WORKLOAD: the new destination. IPv4 alone */
	__u16 nat_port_be;
	__u8 reply_action; /* of an opening, these five: the entry of the answers */
	__u8 unused;
	__u32 reply_ingress_ifindex;
	__u32 reply_target_ifindex;
	__u32 reply_mtu;
	__u32 epoch; /* of an opening: it holds in this one alone */
	__u32 source_rule; /* of an opening, and of what a program has opened by it: Java's own, for its record */
	__u32 destination_rule;
	__u32 other_slot; /* of what a program has opened: the other direction's, in the same part */
};

/* Map `cache_state`, one entry, written by Java. */
struct flow_cache_state {
	__u32 bucket_count; /* of each queue's part of the array, a power of two; 0 = the cache is off */
	__u32 generation_min; /* older entries are outdated */
	__u32 opening_bucket_count; /* of each queue's part of the map `openings`, a power of two */
	__u32 epoch; /* of openings: another one with each change of policy, routes or endpoints */
};

/*
 * Map `opened_flows`, one for each queue: what programs have opened, for Java to make records of. A place is 0 until it
 * is written, and Java makes it 0 again.
 */
struct opened_flows {
	__u64 taken; /* Java's: how many it has seen */
	__u64 unused[7];
	__u64 noted; /* the programs': how many places they have taken */
	__u64 unused_too[7];
	__u32 slot_plus_one[4096]; /* CACHE_OPENED_MAX; in the queue's part of the cache */
};

/* Map `counters`, per-CPU array. Ids are never reused: a reader of an older version must not show a wrong name. */
enum caracal_counter {
	COUNTER_PUNTED_FROM_WORKLOAD = 0,
	COUNTER_PUNTED_TO_WORKLOAD = 1,
	COUNTER_PUNTED_UNPARSED = 2,
	COUNTER_HANDED_ACCEPTED = 3,
	COUNTER_PASSED_ENGINE_ABSENT = 4,
	COUNTER_PASSED_HOST_TO_WORKLOAD = 5,
	COUNTER_PASSED_ANSWER_TO_HOST = 6,
	COUNTER_PASSED_NEIGHBOUR = 7,
	COUNTER_DROPPED_NOT_CONFIGURED = 8,
	COUNTER_DROPPED_UNKNOWN_WORKLOAD = 9,
	COUNTER_DROPPED_VLAN_TAG = 10,
	COUNTER_DROPPED_TOO_SHORT = 11,
	COUNTER_DROPPED_TOO_BIG = 12,
	COUNTER_DROPPED_MISS_RATE = 13,
	COUNTER_DROPPED_ENGINE_ABSENT = 14,
	COUNTER_ENGINE_RECEIVED = 15,
	COUNTER_DROPPED_NO_SOCKET = 16,
	COUNTER_DROPPED_FOREIGN_FRAME = 17,
	COUNTER_DELIVERED_TO_WORKLOAD = 18,
	COUNTER_DELIVERED_TO_HOST = 19,
	COUNTER_DROPPED_ENGINE_HEADER = 20,
	COUNTER_DROPPED_ENGINE_UNKNOWN_WORKLOAD = 21,
	COUNTER_PUNTED_TO_NETWORK = 22,
	COUNTER_PUNTED_FROM_NETWORK = 23,
	COUNTER_APPROVED_TO_NETWORK = 24,
	COUNTER_DELIVERED_TO_DEVICE = 25,
	COUNTER_DROPPED_ENGINE_UNKNOWN_DEVICE = 26,
	COUNTER_CACHE_HITS = 27,
	COUNTER_CACHE_MISSES = 28,
	COUNTER_CACHE_UNFIT = 29,
	COUNTER_CACHE_OPENINGS = 30,
	COUNTER_CACHE_TTL = 31,
	COUNTER_CACHE_TOO_BIG = 32,
	COUNTER_CACHE_OUTDATED = 33,
	COUNTER_CACHE_TORN = 34,
	COUNTER_CACHE_ROUTED_ELSEWHERE = 35,
	COUNTER_CACHE_OPENED = 36,
	COUNTER_COUNT = 37,
};

#endif
