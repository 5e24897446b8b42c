/* Bytes of packets in network order, and checksums of IPv4 (RFC 1071, RFC 1624), for every twin. */
#ifndef CARACAL_WIRE_H
#define CARACAL_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ETHERNET = 14, IPV4_MIN = 20, UDP_MIN = 8, TCP_MIN = 20, ICMP_MIN = 8 };
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { ETHERTYPE_IPV4 = 0x0800 };

static inline uint16_t load16(const uint8_t *bytes) {
    uint16_t value;
    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap16(value);
}

static inline uint32_t load32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap32(value);
}

static inline void store16(uint8_t *bytes, uint32_t value) {
    const uint16_t swapped = __builtin_bswap16((uint16_t)value);
    memcpy(bytes, &swapped, sizeof(swapped));
}

static inline void store32(uint8_t *bytes, uint32_t value) {
    const uint32_t swapped = __builtin_bswap32(value);
    memcpy(bytes, &swapped, sizeof(swapped));
}

/* One's complement sum in 16 bits; the same whatever the byte order of what was added. */
static inline uint32_t fold_sum(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

/* Sum of bytes in the machine's order; a last single byte counts as if a zero followed it. */
static inline uint64_t sum_bytes(const uint8_t *bytes, uint32_t length) {
    uint64_t sum = 0;
    uint32_t word;
    for (; length >= 4; bytes += 4, length -= 4) {
        memcpy(&word, bytes, sizeof(word));
        sum += word;
    }
    word = 0;
    memcpy(&word, bytes, length);
    return sum + word;
}

static inline bool ipv4_sum_is_right(const uint8_t *ip, uint32_t header_length) {
    return fold_sum(sum_bytes(ip, header_length)) == 0xffff;
}

static inline void decrement_ttl(uint8_t *ip) {
    /* TTL is the high byte of its 16-bit word, so the sum falls by 0x0100 and the checksum rises by it (RFC 1624). */
    const uint32_t checksum = load16(ip + 10) + 0x0100u;
    store16(ip + 10, (checksum & 0xffff) + (checksum >> 16));
    ip[8]--;
}

#endif
