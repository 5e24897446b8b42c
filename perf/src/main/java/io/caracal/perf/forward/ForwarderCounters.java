package io.caracal.perf.forward;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a forwarder counted between {@code run} or {@code measure} and {@code pause}.
 *
 * @param received packets received.
 * @param transmitted packets given to the transmit ring.
 * @param dropped packets dropped, for whatever reason.
 * @param cycles burst cycles that received something.
 * @param kicks system calls for transmission.
 * @param busyNs time in those cycles, only after {@code measure}.
 * @param kickNs the part of it in transmit system calls.
 * @param clockNs what one look at the clock costs.
 */
public record ForwarderCounters(long received, long transmitted, long dropped, long cycles, long kicks, long busyNs,
                                long kickNs, long clockNs) {
    /** Looks at the clock whose time falls into the measured part of a cycle: one before the kick, one after it. */
    private static final int CLOCKS_PER_CYCLE = 2;

    /**
     * Reads a forwarder's answer.
     *
     * @param json the object.
     * @return the counters.
     */
    public static ForwarderCounters of(final JsonNode json) {
        return new ForwarderCounters(json.required("received").asLong(), json.required("transmitted").asLong(),
            json.required("dropped").asLong(), json.required("cycles").asLong(), json.required("kicks").asLong(),
            json.required("busyNs").asLong(), json.required("kickNs").asLong(), json.required("clockNs").asLong());
    }

    /**
     * Time in user space per packet: cycles that received something, without their transmit system calls and without
     * what the clocks around them cost.
     *
     * @return nanoseconds.
     */
    public double userNsPerPacket() {
        return (double)(busyNs - kickNs - CLOCKS_PER_CYCLE * clockNs * cycles) / received;
    }

    /**
     * Packets per burst cycle that received something.
     *
     * @return the mean.
     */
    public double packetsPerCycle() {
        return (double)received / cycles;
    }
}
