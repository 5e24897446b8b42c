package io.caracal.conntrack;

import java.time.Duration;
import java.util.Objects;

/**
 * Settings of one worker's connection tracking.
 *
 * @param ipv4Capacity IPv4 flows that there is room for.
 * @param ipv6Capacity IPv6 flows that there is room for.
 * @param endpointsMax workload interfaces that can have flows at once.
 * @param endpointFlowsMax flows of one family that one workload may have.
 * @param evictionIdle an established flow that was idle for at least this long may make room for a new one.
 * @param timeouts idle times by state.
 * @param tcp how strict TCP tracking is.
 * @param dropsInvalid whether invalid packets are dropped; Felix's {@code DisableConntrackInvalidCheck} is the inverse.
 * @param establishedFlows what a policy change means for flows that are there.
 */
public record ConntrackConfig(int ipv4Capacity, int ipv6Capacity, int endpointsMax, int endpointFlowsMax,
    Duration evictionIdle, ConntrackTimeouts timeouts, TcpPolicy tcp, boolean dropsInvalid,
    EstablishedFlows establishedFlows) {
    /** Flows of a node by default, as Calico's {@code BPFMapSizeConntrack}. */
    public static final int CAPACITY_DEFAULT = 512_000;
    /** Pods of a node are seldom more than 250 and never more than a few thousand. */
    public static final int ENDPOINTS_MAX_DEFAULT = 4096;
    /** A minute of silence is what tells an abandoned connection from one that waits for its user. */
    public static final Duration EVICTION_IDLE_DEFAULT = Duration.ofSeconds(60);
    /** One workload may have a quarter of the table: three that misbehave leave room for all others. */
    private static final int ENDPOINT_SHARE = 4;

    /** Checks the ranges. */
    public ConntrackConfig {
        Objects.requireNonNull(timeouts, "timeouts");
        Objects.requireNonNull(tcp, "tcp");
        Objects.requireNonNull(establishedFlows, "established-flows");
        requireRange("conntrack.ipv4-capacity", ipv4Capacity, 1, FlowImageSpec.MAX_CAPACITY);
        requireRange("conntrack.ipv6-capacity", ipv6Capacity, 1, FlowImageSpec.MAX_CAPACITY);
        requireRange("conntrack.endpoints-max", endpointsMax, 1, 1 << 16);
        requireRange("conntrack.endpoint-flows-max", endpointFlowsMax, 1, FlowImageSpec.MAX_CAPACITY);
        if (evictionIdle.isNegative() || evictionIdle.compareTo(ConntrackTimeouts.LONGEST) > 0) {
            throw new IllegalArgumentException("conntrack.eviction-idle: " + evictionIdle
                + " is not within 0 .. " + ConntrackTimeouts.LONGEST);
        }
    }

    /**
     * The defaults of one of several workers: its share of the flows.
     *
     * @param shardIndex which worker's, from 0.
     * @param shardCount workers.
     * @return the settings.
     */
    public static ConntrackConfig ofShard(final int shardIndex, final int shardCount) {
        final int capacity = CAPACITY_DEFAULT / shardCount;
        return new ConntrackConfig(capacity, capacity, ENDPOINTS_MAX_DEFAULT, Math.max(1, capacity / ENDPOINT_SHARE),
            EVICTION_IDLE_DEFAULT, ConntrackTimeouts.DEFAULTS, TcpPolicy.DEFAULTS, true, EstablishedFlows.KEEP);
    }

    private static void requireRange(final String key, final int value, final int lowest, final int highest) {
        if (value < lowest || value > highest) {
            throw new IllegalArgumentException(key + ": " + value + " is not within " + lowest + " .. " + highest);
        }
    }
}
