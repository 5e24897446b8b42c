#include "burst.h"
#include "wire.h"

enum { PUNT_PREFIX = 0x02 };

/* Finaliser of MurmurHash3: every input bit reaches every output bit. */
static inline uint32_t mix(uint64_t value) {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdu;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(value >> 32);
}

/* Sum and xor of the two ends do not change when they are swapped: both directions of a flow hash alike. */
static inline uint32_t flow_hash(uint32_t source, uint32_t destination, uint32_t ports_sum, uint32_t ports_xor,
                                 uint8_t protocol, uint32_t seed) {
    const uint64_t addresses = (uint64_t)(source ^ destination) << 32 | (source + destination);
    const uint64_t ports = (uint64_t)ports_sum << 40 | (uint64_t)ports_xor << 8 | protocol;
    return mix((addresses ^ seed) * 0x9e3779b97f4a7c15u + ports);
}

static inline bool parse_transport(struct burst *burst, uint32_t row, const uint8_t *l4, uint32_t length) {
    switch (burst->ip_protocol[row]) {
        case PROTOCOL_UDP:
            if (length < UDP_MIN || load16(l4 + 4) < UDP_MIN || load16(l4 + 4) > length) {
                return false;
            }
            break;
        case PROTOCOL_TCP: {
            const uint32_t header_length = length < TCP_MIN ? 0 : (uint32_t)(l4[12] >> 4) * 4;
            if (header_length < TCP_MIN || header_length > length) {
                return false;
            }
            break;
        }
        case PROTOCOL_ICMP:
            if (length < ICMP_MIN) {
                return false;
            }
            burst->source_port[row] = load16(l4 + 4);
            burst->destination_port[row] = load16(l4);
            return true;
        default:
            burst->source_port[row] = 0;
            burst->destination_port[row] = 0;
            return true;
    }
    burst->source_port[row] = load16(l4);
    burst->destination_port[row] = load16(l4 + 2);
    return true;
}

static inline void parse_ipv4(struct burst *burst, uint32_t row, const uint8_t *packet, uint32_t seed) {
    const uint8_t *ip = packet + ETHERNET;
    const uint32_t available = burst->length[row] - ETHERNET;
    const uint32_t header_length = available < IPV4_MIN ? 0 : (uint32_t)(ip[0] & 15) * 4;
    const uint32_t total_length = available < IPV4_MIN ? 0 : load16(ip + 2);
    if (header_length < IPV4_MIN || ip[0] >> 4 != 4 || total_length < header_length || total_length > available) {
        burst_drop(burst, row, IPV4_INVALID);
        return;
    }
    if (!ipv4_sum_is_right(ip, header_length)) {
        burst_drop(burst, row, IPV4_CHECKSUM_INVALID);
        return;
    }
    const uint32_t fragment = load16(ip + 6);
    const bool later_fragment = (fragment & 0x1fff) != 0;
    const uint32_t source = load32(ip + 12), destination = load32(ip + 16);
    burst->ip_version[row] = 4;
    burst->length[row] = ETHERNET + total_length; /* Ethernet padding ends here */
    burst->l3_offset[row] = ETHERNET;
    burst->ip_protocol[row] = ip[9];
    burst->flags[row] = ((fragment & 0x3fff) != 0 ? FLAG_FRAGMENT : 0) | (later_fragment ? FLAG_LATER_FRAGMENT : 0)
        | (header_length > IPV4_MIN ? FLAG_IP_OPTIONS : 0) | (destination >> 28 >= 14 ? FLAG_MULTICAST : 0);
    burst->l4_offset[row] = later_fragment ? 0 : ETHERNET + header_length;
    burst->source_port[row] = 0;
    burst->destination_port[row] = 0;
    if (!later_fragment && !parse_transport(burst, row, ip + header_length, total_length - header_length)) {
        burst_drop(burst, row, L4_INVALID);
        return;
    }
    const uint32_t source_port = burst->source_port[row], destination_port = burst->destination_port[row];
    burst->flow_hash[row] = flow_hash(source, destination, source_port + destination_port,
        source_port ^ destination_port, ip[9], seed);
}

void parse_stage(struct burst *burst, const uint8_t *area, uint32_t hash_seed) {
    for (uint32_t row = 0; row < burst->count; row++) {
        const uint8_t *packet = area + burst->address[row];
        if (burst->length[row] < ETHERNET || packet[0] != PUNT_PREFIX || packet[1] == 0 || packet[1] > FROM_UPLINK) {
            burst_drop(burst, row, PUNT_HEADER_INVALID);
            continue;
        }
        burst->direction[row] = packet[1];
        burst->ingress_ifindex[row] = load32(packet + 2);
        burst->ether_type[row] = load16(packet + 12);
        if (burst->ether_type[row] != ETHERTYPE_IPV4) {
            burst_drop(burst, row, ETHERTYPE_UNSUPPORTED);
            continue;
        }
        parse_ipv4(burst, row, packet, hash_seed);
    }
}

void parse_inner(struct burst *burst, const uint8_t *area, uint32_t hash_seed) {
    for (uint32_t row = 0; row < burst->count; row++) {
        const uint8_t *packet = area + burst->address[row];
        if (burst->verdict[row] != UNDECIDED) {
            continue;
        }
        burst->direction[row] = FROM_UPLINK;
        burst->ether_type[row] = load16(packet + 12);
        if (burst->ether_type[row] != ETHERTYPE_IPV4) {
            burst_drop(burst, row, ETHERTYPE_UNSUPPORTED);
            continue;
        }
        parse_ipv4(burst, row, packet, hash_seed);
    }
}

void route_add(struct route_table *table, uint32_t address, uint32_t ifindex) {
    uint32_t slot = mix(address ^ table->hash_seed) & (ROUTE_SLOTS - 1);
    while (table->slots[slot].address != 0) {
        slot = (slot + 1) & (ROUTE_SLOTS - 1);
    }
    table->slots[slot] = (struct route){ address, ifindex };
}

uint32_t route_find(const struct route_table *table, uint32_t address) {
    uint32_t slot = mix(address ^ table->hash_seed) & (ROUTE_SLOTS - 1);
    while (table->slots[slot].address != address && table->slots[slot].address != 0) {
        slot = (slot + 1) & (ROUTE_SLOTS - 1);
    }
    return table->slots[slot].address == 0 ? 0 : table->slots[slot].ifindex;
}

void punt_header(uint8_t *packet, uint8_t code, uint32_t ifindex) {
    packet[0] = PUNT_PREFIX;
    packet[1] = code;
    store32(packet + 2, ifindex);
}

void aim_at_workload(struct burst *burst, uint8_t *area, uint32_t row) {
    burst->egress_action[row] = ACTION_TO_WORKLOAD;
    burst->verdict[row] = TRANSMIT;
    punt_header(area + burst->address[row], ACTION_TO_WORKLOAD, burst->egress_ifindex[row]);
}

void forward_stage(struct burst *burst, uint8_t *area, const struct route_table *table) {
    for (uint32_t row = 0; row < burst->count; row++) {
        if (burst->verdict[row] != UNDECIDED) {
            continue;
        }
        uint8_t *ip = area + burst->address[row] + burst->l3_offset[row];
        const uint32_t source_ifindex = route_find(table, load32(ip + 12));
        if (source_ifindex == 0) {
            burst_drop(burst, row, INTERFACE_UNKNOWN);
        } else if (source_ifindex != burst->ingress_ifindex[row]) {
            burst_drop(burst, row, SOURCE_SPOOFED);
        } else if (ip[8] <= 1) {
            burst_drop(burst, row, TTL_EXPIRED);
        } else if ((burst->egress_ifindex[row] = route_find(table, load32(ip + 16))) == 0) {
            burst_drop(burst, row, DESTINATION_UNKNOWN);
        } else {
            decrement_ttl(ip);
            aim_at_workload(burst, area, row);
        }
    }
}
