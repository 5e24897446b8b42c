package io.caracal.conntrack;

/**
 * What a table needs to know beside its image.
 *
 * @param timeouts idle times.
 * @param endpointsMax workload interfaces that can have flows at once, 1 .. 65536.
 * @param hashSecret random and kept secret, so that nobody can choose tuples that collide; fixed in tests only.
 */
public record FlowTableConfig(ConntrackTimeouts timeouts, int endpointsMax, long hashSecret) {
    /** Checks the range. */
    public FlowTableConfig {
        if (endpointsMax < 1 || endpointsMax > 1 << 16) {
            throw new IllegalArgumentException(
                "conntrack.endpoints-max: " + endpointsMax + " is not within 1 .. 65536");
        }
    }
}
