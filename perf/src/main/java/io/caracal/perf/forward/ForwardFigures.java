package io.caracal.perf.forward;

import java.util.Locale;

/**
 * What one measurement of a forwarder gives.
 *
 * @param pps packets a second at the sink.
 * @param userNsPerPacket time in user space per packet.
 * @param packetsPerCycle packets per burst cycle while that time was taken.
 */
public record ForwardFigures(double pps, double userNsPerPacket, double packetsPerCycle) {
    private static final double PER_THOUSAND = 1000;

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.0f kpps %.0f ns (%.1f a burst)", pps / PER_THOUSAND, userNsPerPacket,
            packetsPerCycle);
    }
}
