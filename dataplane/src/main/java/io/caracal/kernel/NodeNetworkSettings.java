package io.caracal.kernel;

import io.caracal.netlink.Route;

/**
 * How a {@link NodeNetwork} marks what is its own.
 *
 * @param routeProtocol protocol of every route it makes; routes of this protocol in the table main belong to it alone.
 * @param podRouteMetric metric of pods' routes; below the CNI plugin's own one, which has none.
 * @param interfacePrefix what names of pods' interfaces begin with.
 */
public record NodeNetworkSettings(int routeProtocol, int podRouteMetric, String interfacePrefix) {
    /** As Felix: protocol 80, which it claims for itself alone too, metric 1024, {@code cali}. */
    public static final NodeNetworkSettings DEFAULT = new NodeNetworkSettings(Route.PROTOCOL_CALICO, 1024, "cali");

    /** RTPROT_STATIC of linux/rtnetlink.h and what is below it are the kernel's and the administrator's. */
    private static final int PROTOCOL_MIN = 5;
    private static final int PROTOCOL_MAX = 255;

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException which value and its range.
     */
    public NodeNetworkSettings {
        if (routeProtocol < PROTOCOL_MIN || routeProtocol > PROTOCOL_MAX) {
            throw new IllegalArgumentException("routeProtocol is " + routeProtocol + ", it must be " + PROTOCOL_MIN
                + " to " + PROTOCOL_MAX + ": others belong to the kernel and the administrator");
        }
        if (podRouteMetric < 2 || interfacePrefix.isEmpty()) {
            throw new IllegalArgumentException("podRouteMetric " + podRouteMetric + " must be above 1, "
                + "interfacePrefix '" + interfacePrefix + "' not empty");
        }
    }
}
