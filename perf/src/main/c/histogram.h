/*
 * Counts of times in nanoseconds, exact below 64 and within 1/32 above: the bucket layout of HdrHistogram with five
 * bits, small enough to print whole, so that the reader keeps every percentile.
 */
#ifndef CARACAL_HISTOGRAM_H
#define CARACAL_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { SUB_BUCKET_BITS = 5, SUB_BUCKETS = 1 << SUB_BUCKET_BITS };
enum { HISTOGRAM_BUCKETS = (65 - SUB_BUCKET_BITS) * SUB_BUCKETS };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
};

static inline unsigned histogram_bucket(uint64_t value) {
    if (value < 2 * SUB_BUCKETS) {
        return (unsigned)value;
    }
    const unsigned shift = 63u - (unsigned)__builtin_clzll(value) - SUB_BUCKET_BITS;
    return (shift << SUB_BUCKET_BITS) + (unsigned)(value >> shift);
}

/* The largest value that falls into a bucket. */
static inline uint64_t histogram_upper_value(unsigned bucket) {
    if (bucket < 2 * SUB_BUCKETS) {
        return bucket;
    }
    const unsigned shift = (bucket >> SUB_BUCKET_BITS) - 1;
    const uint64_t mantissa = SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1));
    return ((mantissa + 1) << shift) - 1;
}

static inline void histogram_record(struct histogram *histogram, uint64_t value) {
    histogram->counts[histogram_bucket(value)]++;
    histogram->total++;
}

/* [[value, count], …] of the buckets in use. */
static inline void histogram_print(const struct histogram *histogram) {
    const char *separator = "";
    putchar('[');
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->counts[i] != 0) {
            printf("%s[%llu,%llu]", separator, (unsigned long long)histogram_upper_value(i),
                (unsigned long long)histogram->counts[i]);
            separator = ",";
        }
    }
    putchar(']');
}

#endif
