/* The parts of the generator that need no network: prints "ok", or the first thing that is wrong. */
#include "histogram.h"
#include "packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) \
    do { \
        if (!(condition)) { \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static struct packet_spec spec(uint32_t length) {
    return (struct packet_spec){
        .destination_mac = { 2, 0, 0, 0, 0, 2 }, .source_mac = { 2, 0, 0, 0, 0, 1 }, .source_address = 0x0a010001,
        .destination_address = 0x0a020001, .destination_port = 9000, .length = length,
    };
}

/* Every value is in the bucket whose range holds it, buckets ascend, and a bucket is at most 1/32 wide. */
static void test_histogram(void) {
    for (unsigned shift = 0; shift < 64; shift++) {
        for (int delta = -2; delta <= 2; delta++) {
            const uint64_t value = (1ull << shift) + (uint64_t)delta;
            const unsigned bucket = histogram_bucket(value);
            REQUIRE(bucket < HISTOGRAM_BUCKETS);
            REQUIRE(histogram_upper_value(bucket) >= value);
            REQUIRE(bucket == 0 || histogram_upper_value(bucket - 1) < value);
            REQUIRE(histogram_upper_value(bucket) - value <= value / 32);
        }
    }
}

/* A 1 in any single bit that the checksums cover is noticed; the sound packet itself passes. */
static void test_every_flipped_bit_is_noticed(uint32_t length, bool stamped) {
    uint8_t bytes[2048];
    struct packet_view view;
    const struct packet_spec wanted = spec(length);
    packet_build(bytes, &wanted, 20001);
    if (stamped) {
        packet_stamp(bytes, 0x0102030405060708, 0x1112131415161718);
    }
    REQUIRE(packet_check(bytes, length, 9000, &view) == PACKET_SOUND);
    REQUIRE(view.source_address == 0x0a010002 && view.source_port == SOURCE_PORT_BASE + 20001 - FLOWS_PER_ADDRESS);
    REQUIRE(view.stamped == stamped);
    REQUIRE(!stamped || (view.sequence == 0x0102030405060708 && view.sent_ns == 0x1112131415161718));
    for (uint32_t bit = ETHERNET_LENGTH * 8; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        REQUIRE(packet_check(bytes, length, 9000, &view) != PACKET_SOUND);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    REQUIRE(packet_check(bytes, length - 1, 9000, &view) == PACKET_LENGTH_WRONG);
    REQUIRE(packet_check(bytes, HEADERS_LENGTH - 1, 9000, &view) == PACKET_FOREIGN);
}

/* The incremental checksum of a stamp is what summing everything anew gives, for any stamp and however often. */
static void test_stamps_keep_the_checksum(void) {
    uint8_t bytes[2048];
    struct packet_view view;
    uint64_t random = 88172645463325252ull;
    const struct packet_spec wanted = spec(64);
    packet_build(bytes, &wanted, 0);
    for (int i = 0; i < 200000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        packet_stamp(bytes, random >> (i % 60), random << (i % 50));
        REQUIRE(packet_check(bytes, 64, 9000, &view) == PACKET_SOUND);
    }
}

/* A packet that is aimed anew is the packet of that flow, as if it had been built so; stamps may follow. */
static void test_aimed_packets_are_sound(uint32_t length) {
    static const uint32_t sources[] = { 0x0a400001, 0x0a400fff, 0xfffefdfc, 0x00000001 };
    static const uint16_t ports[] = { 1, 9000, 1024, 65535 };
    uint8_t bytes[2048];
    struct packet_view view;
    const struct packet_spec wanted = spec(length);
    packet_build(bytes, &wanted, 7);
    for (unsigned i = 0; i < 16; i++) {
        const uint16_t source_port = (uint16_t)(SOURCE_PORT_BASE + i * 3333);
        packet_aim(bytes, sources[i / 4], source_port, ports[i % 4]);
        REQUIRE(packet_check(bytes, length, ports[i % 4], &view) == PACKET_SOUND);
        REQUIRE(view.source_address == sources[i / 4] && view.source_port == source_port && !view.stamped);
        REQUIRE(packet_check(bytes, length, (uint16_t)(ports[i % 4] ^ 1), &view) == PACKET_FOREIGN);
    }
    packet_stamp(bytes, 1, 2);
    REQUIRE(packet_check(bytes, length, 65535, &view) == PACKET_SOUND && view.stamped && view.sequence == 1);
}

/* The example of RFC 1071, section 3: 0001 f203 f4f5 f6f7 sums to ddf2. */
static void test_checksum_of_rfc_1071(void) {
    const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    REQUIRE(fold_sum(sum_words(bytes, sizeof(bytes))) == 0xddf2);
    REQUIRE(fold_sum(sum_words(bytes, 3)) == 0xf201);
}

int main(void) {
    test_histogram();
    test_checksum_of_rfc_1071();
    test_every_flipped_bit_is_noticed(64, true);
    test_every_flipped_bit_is_noticed(65, true);
    test_every_flipped_bit_is_noticed(64, false);
    test_every_flipped_bit_is_noticed(1400, true);
    test_stamps_keep_the_checksum();
    test_aimed_packets_are_sound(64);
    test_aimed_packets_are_sound(65);
    test_aimed_packets_are_sound(1400);
    puts("ok");
    return 0;
}
