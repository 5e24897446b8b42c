#include "packet.h"

#include <string.h>

enum { STAMP_MAGIC = 0x43617261, STAMP_OFFSET = HEADERS_LENGTH, IP_TTL = 64, PROTOCOL_UDP = 17 };
enum { IP = ETHERNET_LENGTH, UDP = ETHERNET_LENGTH + IPV4_LENGTH };

static void put16(uint8_t *bytes, uint32_t value) {
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value) {
    put16(bytes, value >> 16);
    put16(bytes + 2, value & 0xffff);
}

static void put64(uint8_t *bytes, uint64_t value) {
    put32(bytes, (uint32_t)(value >> 32));
    put32(bytes + 4, (uint32_t)value);
}

static uint16_t get16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes) {
    return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static uint64_t get64(const uint8_t *bytes) {
    return (uint64_t)get32(bytes) << 32 | get32(bytes + 4);
}

uint64_t sum_words(const uint8_t *bytes, size_t length) {
    uint64_t sum = 0;
    for (size_t i = 0; i + 1 < length; i += 2) {
        sum += get16(bytes + i);
    }
    return (length & 1) != 0 ? sum + ((uint64_t)bytes[length - 1] << 8) : sum;
}

uint16_t fold_sum(uint64_t sum) {
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static uint16_t udp_sum(const uint8_t *bytes, uint32_t udp_length) {
    const uint64_t pseudo_header = sum_words(bytes + IP + 12, 8) + PROTOCOL_UDP + udp_length;
    return fold_sum(pseudo_header + sum_words(bytes + UDP, udp_length));
}

static void put_udp_checksum(uint8_t *bytes, uint16_t sum) {
    const uint16_t checksum = (uint16_t)~sum;
    /* 0 on the wire means "no checksum" (RFC 768). */
    put16(bytes + UDP + 6, checksum == 0 ? 0xffff : checksum);
}

void packet_build(uint8_t *bytes, const struct packet_spec *spec, uint32_t flow) {
    memcpy(bytes, spec->destination_mac, 6);
    memcpy(bytes + 6, spec->source_mac, 6);
    put16(bytes + 12, 0x0800);

    const uint32_t ip_length = spec->length - ETHERNET_LENGTH;
    memset(bytes + IP, 0, IPV4_LENGTH + UDP_LENGTH);
    bytes[IP] = 0x45;
    put16(bytes + IP + 2, ip_length);
    put16(bytes + IP + 6, 0x4000); /* don't fragment */
    bytes[IP + 8] = IP_TTL;
    bytes[IP + 9] = PROTOCOL_UDP;
    put32(bytes + IP + 12, spec->source_address + flow / FLOWS_PER_ADDRESS);
    put32(bytes + IP + 16, spec->destination_address);
    put16(bytes + IP + 10, (uint16_t)~fold_sum(sum_words(bytes + IP, IPV4_LENGTH)));

    const uint32_t udp_length = ip_length - IPV4_LENGTH;
    put16(bytes + UDP, SOURCE_PORT_BASE + flow % FLOWS_PER_ADDRESS);
    put16(bytes + UDP + 2, spec->destination_port);
    put16(bytes + UDP + 4, udp_length);
    for (uint32_t i = HEADERS_LENGTH; i < spec->length; i++) {
        bytes[i] = (uint8_t)i;
    }
    put_udp_checksum(bytes, udp_sum(bytes, udp_length));
}

void packet_aim(uint8_t *bytes, uint32_t source_address, uint16_t source_port, uint16_t destination_port) {
    put32(bytes + IP + 12, source_address);
    put16(bytes + IP + 10, 0);
    put16(bytes + IP + 10, (uint16_t)~fold_sum(sum_words(bytes + IP, IPV4_LENGTH)));
    put16(bytes + UDP, source_port);
    put16(bytes + UDP + 2, destination_port);
    put16(bytes + UDP + 6, 0);
    put_udp_checksum(bytes, udp_sum(bytes, get16(bytes + UDP + 4)));
}

void packet_stamp(uint8_t *bytes, uint64_t sequence, uint64_t sent_ns) {
    uint8_t *stamp = bytes + STAMP_OFFSET;
    const uint64_t before = sum_words(stamp, STAMP_LENGTH);
    put32(stamp, STAMP_MAGIC);
    put64(stamp + 4, sequence);
    put64(stamp + 12, sent_ns);
    const uint64_t after = sum_words(stamp, STAMP_LENGTH);
    const uint16_t old_sum = (uint16_t)~get16(bytes + UDP + 6);
    put_udp_checksum(bytes, fold_sum((uint64_t)old_sum + (uint16_t)~fold_sum(before) + after));
}

static enum packet_fault check_lengths(const uint8_t *bytes, uint32_t length) {
    const uint32_t ip_length = get16(bytes + IP + 2);
    if (bytes[IP] != 0x45 || ip_length < IPV4_LENGTH + UDP_LENGTH || ip_length + ETHERNET_LENGTH > length
        || get16(bytes + UDP + 4) != ip_length - IPV4_LENGTH) {
        return PACKET_LENGTH_WRONG;
    }
    return PACKET_SOUND;
}

enum packet_fault packet_check(const uint8_t *bytes, uint32_t length, uint16_t destination_port,
                               struct packet_view *view) {
    if (length < HEADERS_LENGTH || get16(bytes + 12) != 0x0800 || bytes[IP + 9] != PROTOCOL_UDP
        || get16(bytes + UDP + 2) != destination_port) {
        return PACKET_FOREIGN;
    }
    if (check_lengths(bytes, length) != PACKET_SOUND) {
        return PACKET_LENGTH_WRONG;
    }
    if (fold_sum(sum_words(bytes + IP, IPV4_LENGTH)) != 0xffff) {
        return PACKET_IP_SUM_WRONG;
    }
    const uint32_t udp_length = get16(bytes + UDP + 4);
    if (get16(bytes + UDP + 6) != 0 && udp_sum(bytes, udp_length) != 0xffff) {
        return PACKET_UDP_SUM_WRONG;
    }
    view->source_address = get32(bytes + IP + 12);
    view->source_port = get16(bytes + UDP);
    view->stamped = udp_length >= UDP_LENGTH + STAMP_LENGTH && get32(bytes + STAMP_OFFSET) == STAMP_MAGIC;
    view->sequence = view->stamped ? get64(bytes + STAMP_OFFSET + 4) : 0;
    view->sent_ns = view->stamped ? get64(bytes + STAMP_OFFSET + 12) : 0;
    return PACKET_SOUND;
}
