package io.caracal.perf.pods;

import java.util.Locale;

import io.caracal.perf.stats.Latencies;

/**
 * What one window under load has shown.
 *
 * @param value the load's figure.
 * @param latencies of requests or connections, if the load has them.
 */
record PodFigures(double value, Latencies latencies) {
    @Override
    public String toString() {
        return String.format(Locale.ROOT, value >= 1000 ? "%.0f" : "%.3f", value);
    }
}
