package io.caracal.perf.control;

import java.util.List;

import io.caracal.perf.stats.Latencies;

/**
 * Some seconds of the same packets, with changes or without.
 *
 * @param hasChanges whether control changed meanwhile.
 * @param seconds how long it was.
 * @param cycles burst cycles, by the worker's own tracker.
 * @param packets from pod to pod, by the generator's time stamps: what a worker did not see because it slept, too.
 * @param stops of the virtual machine.
 * @param workerWaitedMs how long the worker could have run and had no processor.
 * @param engineCpuMs what all threads of the engine but the worker used.
 * @param sent changes.
 */
record Slice(boolean hasChanges, double seconds, Latencies cycles, Latencies packets, List<SafepointLog.Stop> stops,
             double workerWaitedMs, double engineCpuMs, int sent) {
    private static final double STALL_US = 1000;

    /** Burst cycles of more than a millisecond, a minute. */
    double stallsPerMinute() {
        return perMinute(cycles.countAboveUs(STALL_US));
    }

    /** Packets that came more than a millisecond late, a minute. */
    double latePacketsPerMinute() {
        return perMinute(packets.countAboveUs(STALL_US));
    }

    double longestStopUs() {
        return stops.stream().mapToDouble(SafepointLog.Stop::durationUs).max().orElse(0);
    }

    double perMinute(final double amount) {
        return amount * 60 / seconds;
    }
}
