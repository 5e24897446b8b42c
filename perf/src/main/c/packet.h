/*
 * The test packets: UDP over IPv4, each flow with its own source port (and, beyond 16384 flows, source address).
 * A stamped packet carries its number and its time of sending in the payload, so that a receiver can tell loss,
 * duplicates, order and latency:
 *
 *     offset 42: magic (4)   46: sequence number (8)   54: CLOCK_MONOTONIC ns (8)     all big-endian
 *
 * Lengths count from the Ethernet header on and have no frame check sequence: what Linux shows.
 */
#ifndef CARACAL_PACKET_H
#define CARACAL_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ETHERNET_LENGTH = 14,
    IPV4_LENGTH = 20,
    UDP_LENGTH = 8,
    HEADERS_LENGTH = ETHERNET_LENGTH + IPV4_LENGTH + UDP_LENGTH,
    STAMP_LENGTH = 20,
    PACKET_LENGTH_MIN = HEADERS_LENGTH + STAMP_LENGTH,
    FLOWS_PER_ADDRESS = 16384,
    SOURCE_PORT_BASE = 10000,
    SOURCE_PORTS = 50000,
};

struct packet_spec {
    uint8_t destination_mac[6], source_mac[6];
    uint32_t source_address, destination_address; /* host order */
    uint16_t destination_port;
    uint32_t length; /* of the whole packet */
};

/* What a receiver finds in a packet. */
enum packet_fault {
    PACKET_FOREIGN,          /* not one of ours: no IPv4 UDP, or another destination port */
    PACKET_LENGTH_WRONG,     /* shorter than its headers say, or than they need */
    PACKET_IP_SUM_WRONG,
    PACKET_UDP_SUM_WRONG,
    PACKET_SOUND,
    PACKET_FAULTS
};

struct packet_view {
    uint32_t source_address;
    uint16_t source_port;
    bool stamped;
    uint64_t sequence, sent_ns;
};

/* Writes a whole, correct packet of a flow: payload of ascending bytes, both checksums. */
void packet_build(uint8_t *bytes, const struct packet_spec *spec, uint32_t flow);

/* Makes a built packet one of another flow. */
void packet_aim(uint8_t *bytes, uint32_t source_address, uint16_t source_port, uint16_t destination_port);

/* Writes the stamp and repairs the UDP checksum from the difference alone (RFC 1624). */
void packet_stamp(uint8_t *bytes, uint64_t sequence, uint64_t sent_ns);

/* Checks lengths and both checksums over all bytes, and reads what a sound packet carries. */
enum packet_fault packet_check(const uint8_t *bytes, uint32_t length, uint16_t destination_port,
                               struct packet_view *view);

/* Sum of 16-bit words (RFC 1071), unfolded; bytes may have an odd length. */
uint64_t sum_words(const uint8_t *bytes, size_t length);
uint16_t fold_sum(uint64_t sum);

#endif
