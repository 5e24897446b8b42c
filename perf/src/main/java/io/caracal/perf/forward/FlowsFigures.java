package io.caracal.perf.forward;

import java.util.Locale;

import io.caracal.perf.stats.Latencies;


/**
 * What one window of one path has shown.
 *
 * @param pps packets a second that arrived.
 * @param latencies of the packets, if they were stamped.
 */
record FlowsFigures(double pps, Latencies latencies) {
    @Override
    public String toString() {
        return latencies.count() == 0 ? String.format(Locale.ROOT, "%.0f", pps)
            : String.format(Locale.ROOT, "p50 %.1f us p99 %.1f us", latencies.quantileUs(0.5),
                latencies.quantileUs(0.99));
    }
}
