/*
 * VXLAN in C, for the twins of the overlay (RFC 7348): what io.caracal.stage.LinkHeaderWriter, VxlanDecapStage and
 * io.caracal.wire.TransportChecksum do with IPv4 in IPv4, and blocks of addresses behind nodes.
 */
#ifndef CARACAL_VXLAN_H
#define CARACAL_VXLAN_H

#include "burst.h"
#include "wire.h"

#include <stdlib.h>

enum { VXLAN = 8, TUNNEL = ETHERNET + IPV4_MIN + UDP_MIN + VXLAN, TUNNEL_HEADERS = TUNNEL + ETHERNET };
enum { ENTROPY_FIRST_PORT = 49152, ENTROPY_MASK = 0x3fff, OUTER_TTL = 64 };

/* The two ends of a tunnel; addresses in host order. */
struct tunnel_ends {
    uint32_t own, peer, vni;
    uint16_t port;
    uint8_t own_mac[6], next_hop_mac[6], own_vtep_mac[6], peer_vtep_mac[6];
};

/* Ready-made headers, outer and the inner Ethernet one, and the sum of what of the outer IPv4 header stays. */
struct tunnel {
    struct tunnel_ends ends;
    uint8_t headers[TUNNEL_HEADERS];
    uint64_t header_sum;
};

static inline void store_ipv4_sum(uint8_t *ip) {
    const uint16_t checksum = (store16(ip + 10, 0), (uint16_t)~fold_sum(sum_bytes(ip, IPV4_MIN)));
    memcpy(ip + 10, &checksum, sizeof(checksum));
}

static inline void tunnel_create(struct tunnel *tunnel, const struct tunnel_ends *ends) {
    uint8_t *to = tunnel->headers, *ip = to + ETHERNET, *udp = ip + IPV4_MIN, *inner = to + TUNNEL;
    memset(tunnel, 0, sizeof(*tunnel));
    tunnel->ends = *ends;
    memcpy(to, ends->next_hop_mac, 6);
    memcpy(to + 6, ends->own_mac, 6);
    store16(to + 12, ETHERTYPE_IPV4);
    ip[0] = 0x45;
    ip[8] = OUTER_TTL;
    ip[9] = PROTOCOL_UDP;
    store32(ip + 12, ends->own);
    store32(ip + 16, ends->peer);
    store16(udp + 2, ends->port);
    udp[UDP_MIN] = 0x08;
    store32(udp + UDP_MIN + 4, ends->vni << 8);
    memcpy(inner, ends->peer_vtep_mac, 6);
    memcpy(inner + 6, ends->own_vtep_mac, 6);
    store16(inner + 12, ETHERTYPE_IPV4);
    tunnel->header_sum = sum_bytes(ip, IPV4_MIN);
}

/* Puts the tunnel's headers in front of the packet, over its Ethernet header, and sends it to the uplink. */
static inline void encapsulate(struct burst *burst, uint8_t *area, uint32_t row, const struct tunnel *tunnel) {
    uint8_t *to = area + burst->address[row] - TUNNEL, *ip = to + ETHERNET, *udp = ip + IPV4_MIN;
    const uint32_t total = burst->length[row] + TUNNEL - ETHERNET;
    const uint16_t checksum = (uint16_t)~fold_sum(tunnel->header_sum + __builtin_bswap16((uint16_t)total));
    memcpy(to, tunnel->headers, TUNNEL_HEADERS);
    store16(ip + 2, total);
    memcpy(ip + 10, &checksum, sizeof(checksum));
    store16(udp, ENTROPY_FIRST_PORT + (burst->flow_hash[row] & ENTROPY_MASK));
    store16(udp + 4, total - IPV4_MIN);
    burst->address[row] -= TUNNEL;
    burst->length[row] += TUNNEL;
    burst->egress_action[row] = ACTION_TO_UPLINK;
    burst->verdict[row] = TRANSMIT;
}

/* Takes the tunnel's headers off a packet that is ours: known sender, our address, VNI and inner MAC. */
static inline bool decapsulate(struct burst *burst, const uint8_t *area, uint32_t row, const struct tunnel *tunnel) {
    const uint8_t *outer = area + burst->address[row], *ip = outer + ETHERNET, *udp = ip + IPV4_MIN;
    const uint32_t length = burst->length[row], total = length < TUNNEL_HEADERS ? 0 : load16(ip + 2);
    if (total < TUNNEL || total > length - ETHERNET || load16(outer + 12) != ETHERTYPE_IPV4 || ip[0] != 0x45
        || !ipv4_sum_is_right(ip, IPV4_MIN) || (load16(ip + 6) & 0x3fff) != 0 || ip[9] != PROTOCOL_UDP
        || load32(ip + 12) != tunnel->ends.peer || load32(ip + 16) != tunnel->ends.own
        || load16(udp + 2) != tunnel->ends.port || load16(udp + 4) != total - IPV4_MIN || (udp[UDP_MIN] & 0x08) == 0
        || load32(udp + UDP_MIN + 4) >> 8 != tunnel->ends.vni
        || memcmp(udp + UDP_MIN + VXLAN, tunnel->ends.own_vtep_mac, 6) != 0) {
        return false;
    }
    burst->address[row] += TUNNEL;
    burst->length[row] = total + ETHERNET - TUNNEL;
    return true;
}

/* Finishes a checksum that the sender left to hardware: its field is then the sum of the pseudo header alone. */
static inline void complete_checksum(uint8_t *ip, uint32_t header_length, uint32_t total_length) {
    uint8_t *l4 = ip + header_length;
    const uint32_t length = total_length - header_length, protocol = ip[9];
    uint8_t *field = l4 + (protocol == PROTOCOL_TCP ? 16 : 6);
    uint16_t present, checksum;
    if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) {
        return;
    }
    const uint64_t pseudo =
        sum_bytes(ip + 12, 8) + __builtin_bswap16((uint16_t)protocol) + __builtin_bswap16((uint16_t)length);
    memcpy(&present, field, sizeof(present));
    if (present != fold_sum(pseudo)) {
        return;
    }
    checksum = (uint16_t)~fold_sum(sum_bytes(l4, length));
    checksum = checksum == 0 && protocol == PROTOCOL_UDP ? 0xffff : checksum;
    memcpy(field, &checksum, sizeof(checksum));
}

/* Longest prefix in two steps: sixteen bits, then the ten that tell blocks of 64 addresses apart. 0 = no node. */
enum { BLOCK_BITS = 6, BLOCKS_OF_LEAF = 1 << (16 - BLOCK_BITS) };

struct block_table {
    uint16_t *leaves[1 << 16];
};

static inline void block_add(struct block_table *table, uint32_t address, uint16_t node) {
    uint16_t **leaf = &table->leaves[address >> 16];
    if (*leaf == NULL) {
        *leaf = calloc(BLOCKS_OF_LEAF, sizeof(uint16_t));
    }
    if (*leaf == NULL) {
        abort();
    }
    (*leaf)[address >> BLOCK_BITS & (BLOCKS_OF_LEAF - 1)] = node;
}

static inline uint32_t block_find(const struct block_table *table, uint32_t address) {
    const uint16_t *leaf = table->leaves[address >> 16];
    return leaf == NULL ? 0 : leaf[address >> BLOCK_BITS & (BLOCKS_OF_LEAF - 1)];
}

#endif
