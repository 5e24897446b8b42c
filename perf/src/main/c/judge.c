#include "judge.h"
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct judge *judge_create(uint16_t port, uint64_t bucket_ns) {
    struct judge *judge = calloc(1, sizeof(*judge));
    uint64_t *seen = mmap(NULL, SEQUENCE_LIMIT / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (judge == NULL || seen == MAP_FAILED) {
        die_errno("allocate", "receiver", "");
    }
    judge->port = port;
    judge->bucket_ns = bucket_ns;
    judge->seen = seen;
    return judge;
}

static void note_flow(struct judge *judge, const struct packet_view *view) {
    /* The top bit marks a slot in use; the table is a quarter full at the generator's most flows. */
    const uint64_t key = 1ull << 63 | (uint64_t)view->source_address << 16 | view->source_port;
    uint64_t slot = key * 0x9e3779b97f4a7c15u >> 46;
    for (int probe = 0; probe < FLOW_SLOTS && judge->flow_slots[slot] != key; probe++) {
        if (judge->flow_slots[slot] == 0) {
            judge->flow_slots[slot] = key;
            judge->flow_count++;
            return;
        }
        slot = (slot + 1) & (FLOW_SLOTS - 1);
    }
}

static void note_sequence(struct judge *judge, uint64_t sequence) {
    if (sequence >= SEQUENCE_LIMIT) {
        return;
    }
    uint64_t *word = &judge->seen[sequence >> 6];
    const uint64_t bit = 1ull << (sequence & 63);
    if ((*word & bit) != 0) {
        judge->duplicates++;
        return;
    }
    *word |= bit;
    judge->unique++;
    if (sequence < judge->sequence_end) {
        judge->out_of_order++;
    } else {
        judge->sequence_end = sequence + 1;
    }
}

static void note_stamp(struct judge *judge, const struct packet_view *view, uint64_t arrived_ns) {
    const uint64_t latency_ns = arrived_ns > view->sent_ns ? arrived_ns - view->sent_ns : 0;
    if (judge->stamped < FIRST_LATENCIES) {
        judge->first_latencies[judge->stamped] = latency_ns;
    }
    judge->stamped++;
    histogram_record(&judge->latency, latency_ns);
    note_sequence(judge, view->sequence);
}

static void note_arrival(struct judge *judge, uint32_t length, uint64_t arrived_ns) {
    if (judge->first_ns == 0) {
        judge->first_ns = arrived_ns;
    }
    judge->last_ns = arrived_ns;
    judge->bytes += length;
    if (judge->bucket_ns != 0) {
        const uint64_t bucket = (arrived_ns - judge->first_ns) / judge->bucket_ns;
        judge->buckets[bucket < BUCKETS_MAX ? bucket : BUCKETS_MAX - 1]++;
    }
}

void judge_packet(struct judge *judge, const uint8_t *bytes, uint32_t length, uint64_t arrived_ns) {
    struct packet_view view;
    const enum packet_fault fault = packet_check(bytes, length, judge->port, &view);
    judge->faults[fault]++;
    if (fault != PACKET_SOUND) {
        return;
    }
    note_arrival(judge, length, arrived_ns);
    note_flow(judge, &view);
    if (view.stamped) {
        note_stamp(judge, &view, arrived_ns);
    }
}

static void print_number(const char *name, uint64_t value) {
    printf(",\"%s\":%llu", name, (unsigned long long)value);
}

static void print_array(const char *name, const uint64_t *values, uint64_t count) {
    printf(",\"%s\":[", name);
    for (uint64_t i = 0; i < count; i++) {
        printf("%s%llu", i == 0 ? "" : ",", (unsigned long long)values[i]);
    }
    putchar(']');
}

static uint64_t bucket_count(const struct judge *judge) {
    uint64_t count = BUCKETS_MAX;
    while (count > 0 && judge->buckets[count - 1] == 0) {
        count--;
    }
    return count;
}

void judge_print(const struct judge *judge, const char *backend, uint64_t started_ns, uint64_t elapsed_ns) {
    printf("{\"role\":\"receive\",\"backend\":\"%s\"", backend);
    print_number("startedNs", started_ns);
    print_number("elapsedNs", elapsed_ns);
    print_number("received", judge->faults[PACKET_SOUND]);
    print_number("bytes", judge->bytes);
    print_number("foreign", judge->faults[PACKET_FOREIGN]);
    print_number("badLength", judge->faults[PACKET_LENGTH_WRONG]);
    print_number("badIpChecksum", judge->faults[PACKET_IP_SUM_WRONG]);
    print_number("badUdpChecksum", judge->faults[PACKET_UDP_SUM_WRONG]);
    print_number("flows", judge->flow_count);
    print_number("stamped", judge->stamped);
    print_number("duplicates", judge->duplicates);
    print_number("outOfOrder", judge->out_of_order);
    print_number("lost", judge->sequence_end - judge->unique);
    print_number("firstNs", judge->first_ns);
    print_number("lastNs", judge->last_ns);
    print_number("bucketNs", judge->bucket_ns);
    print_array("buckets", judge->buckets, bucket_count(judge));
    print_array("firstLatenciesNs", judge->first_latencies,
        judge->stamped < FIRST_LATENCIES ? judge->stamped : FIRST_LATENCIES);
    printf(",\"latencyNs\":");
    histogram_print(&judge->latency);
    putchar('}');
}
