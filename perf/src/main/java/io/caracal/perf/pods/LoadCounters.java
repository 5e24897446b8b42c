package io.caracal.perf.pods;

import io.caracal.perf.stats.Latencies;

/**
 * What a {@code podgen} has counted.
 *
 * @param takenNs when, on the clock of {@code System.nanoTime()}.
 * @param operations requests, connections or datagrams.
 * @param bytes of payload.
 * @param failures connections or sends that failed.
 * @param gapNs longest time between two operations, where it looks at that.
 * @param latencies since the last reading.
 */
record LoadCounters(long takenNs, long operations, long bytes, long failures, long gapNs, Latencies latencies) {
    private static final double NS_PER_SECOND = 1e9;
    private static final int BYTE_BITS = 8;

    double operationsPerSecondSince(final LoadCounters earlier) {
        return (operations - earlier.operations) / secondsSince(earlier);
    }

    double gigabitsPerSecondSince(final LoadCounters earlier) {
        return (bytes - earlier.bytes) * (double)BYTE_BITS / NS_PER_SECOND / secondsSince(earlier);
    }

    double secondsSince(final LoadCounters earlier) {
        return (takenNs - earlier.takenNs) / NS_PER_SECOND;
    }
}
