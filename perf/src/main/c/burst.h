/*
 * A burst as columns, and the two stages of the twin: what io.caracal.burst.PacketBurst, ParseStage and the forwarding
 * stage do with an IPv4 packet, in C. Packets that are not IPv4 are dropped with a reason: the benchmark sends none.
 */
#ifndef CARACAL_BURST_H
#define CARACAL_BURST_H

#include <stdbool.h>
#include <stdint.h>

enum { BURST_PACKETS = 64 };

enum verdict { UNDECIDED, TRANSMIT, SENT, DROP };

/* As io.caracal.burst has them; on the wire of the punt pair in the destination MAC. */
enum direction { FROM_WORKLOAD = 1, TO_WORKLOAD = 2, FROM_UPLINK = 3 };
enum egress_action { ACTION_TO_WORKLOAD = 1, ACTION_TO_UPLINK = 5 };

enum drop_reason {
    PUNT_HEADER_INVALID, ETHERTYPE_UNSUPPORTED, IPV4_INVALID, IPV4_CHECKSUM_INVALID, L4_INVALID, INTERFACE_UNKNOWN,
    SOURCE_SPOOFED, DESTINATION_UNKNOWN, TTL_EXPIRED, TOO_BIG, OVERLAY_INVALID, TX_RING_FULL, DROP_REASONS
};

enum packet_flag { FLAG_FRAGMENT = 1, FLAG_LATER_FRAGMENT = 2, FLAG_IP_OPTIONS = 4, FLAG_MULTICAST = 8 };

struct burst {
    uint64_t address[BURST_PACKETS];
    uint32_t length[BURST_PACKETS];
    uint32_t ingress_ifindex[BURST_PACKETS];
    uint8_t direction[BURST_PACKETS];
    uint16_t ether_type[BURST_PACKETS];
    uint8_t ip_version[BURST_PACKETS];
    uint32_t l3_offset[BURST_PACKETS];
    uint32_t l4_offset[BURST_PACKETS];
    uint8_t ip_protocol[BURST_PACKETS];
    uint16_t source_port[BURST_PACKETS];
    uint16_t destination_port[BURST_PACKETS];
    uint32_t flags[BURST_PACKETS];
    uint32_t flow_hash[BURST_PACKETS];
    uint8_t verdict[BURST_PACKETS];
    uint8_t drop_reason[BURST_PACKETS];
    uint8_t egress_action[BURST_PACKETS];
    uint32_t egress_ifindex[BURST_PACKETS];
    uint32_t count;
};

/* Address → interface, open addressing, at most half full; 0 marks a free slot. */
enum { ROUTE_SLOTS = 2048, ROUTES_MAX = ROUTE_SLOTS / 2 };

struct route {
    uint32_t address, ifindex;
};

struct route_table {
    struct route slots[ROUTE_SLOTS];
    uint32_t hash_seed;
};

void route_add(struct route_table *table, uint32_t address, uint32_t ifindex);

/* The interface of an address; 0 = none. */
uint32_t route_find(const struct route_table *table, uint32_t address);

/* The frame leaves for a pod by the punt pair: action and interface in the destination MAC. */
void aim_at_workload(struct burst *burst, uint8_t *area, uint32_t row);

/* A destination MAC that says a direction or an action, and an interface. */
void punt_header(uint8_t *packet, uint8_t code, uint32_t ifindex);

/* Punt header, Ethernet, IPv4 with its checksum, TCP, UDP or ICMP, flags and the symmetric flow hash. */
void parse_stage(struct burst *burst, const uint8_t *area, uint32_t hash_seed);

/* As parse_stage, of what was in a tunnel: its Ethernet header names no interface. */
void parse_inner(struct burst *burst, const uint8_t *area, uint32_t hash_seed);

/* Source check, route lookup, TTL (RFC 1812 5.3.1) and its checksum (RFC 1624), destination MAC. */
void forward_stage(struct burst *burst, uint8_t *area, const struct route_table *table);

static inline void burst_drop(struct burst *burst, uint32_t row, enum drop_reason reason) {
    burst->verdict[row] = DROP;
    burst->drop_reason[row] = (uint8_t)reason;
}

#endif
