/*
 * What a receiver concludes from the packets it was given: how many were ours and sound, what was wrong with the
 * others, which numbers are missing, doubled or out of order, how many flows, how late. One thread.
 */
#ifndef CARACAL_JUDGE_H
#define CARACAL_JUDGE_H

#include "histogram.h"
#include "packet.h"

#include <stdbool.h>
#include <stdint.h>

enum { FIRST_LATENCIES = 100, BUCKETS_MAX = 6000, FLOW_SLOTS = 1 << 18 };

/* Numbers above this are not told apart: the bitmap of those seen has 16 MB. */
#define SEQUENCE_LIMIT (1ull << 27)

struct judge {
    uint16_t port;
    uint64_t bucket_ns; /* 0 = no buckets */
    uint64_t faults[PACKET_FAULTS];
    uint64_t bytes, stamped, duplicates, out_of_order, unique, sequence_end;
    uint64_t first_ns, last_ns;
    uint64_t flow_count;
    uint64_t flow_slots[FLOW_SLOTS];
    uint64_t first_latencies[FIRST_LATENCIES];
    uint64_t buckets[BUCKETS_MAX];
    struct histogram latency;
    uint64_t *seen;
};

struct judge *judge_create(uint16_t port, uint64_t bucket_ns);

/* Judges one packet that arrived at a time. */
void judge_packet(struct judge *judge, const uint8_t *bytes, uint32_t length, uint64_t arrived_ns);

/* The JSON object, without a line end. */
void judge_print(const struct judge *judge, const char *backend, uint64_t started_ns, uint64_t elapsed_ns);

#endif
