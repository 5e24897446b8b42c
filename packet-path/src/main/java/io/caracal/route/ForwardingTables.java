package io.caracal.route;

/**
 * Everything that decides where packets go, as one snapshot. Immutable; any thread. A change of one part makes a new
 * snapshot that shares the others.
 *
 * @param routes where addresses lead.
 * @param nextHops the ways out that routes name by number.
 * @param vteps whose tunnels are accepted.
 * @param options settings.
 */
public record ForwardingTables(RouteTable routes, NextHopTable nextHops, VtepTable vteps, ForwardingOptions options) {
    /** Before anything is known: no destination can be reached. */
    public static final ForwardingTables EMPTY =
        new ForwardingTables(RouteTable.EMPTY, NextHopTable.EMPTY, VtepTable.EMPTY, ForwardingOptions.DEFAULT);

    /**
     * The interface by which the kernel would send what goes to a next hop, and by which it would bring what comes from
     * there: its own overlay device for a tunnel.
     *
     * @param nextHop a number.
     * @return kernel ifindex; 0 where the way is not known.
     */
    public int kernelIfindex(final int nextHop) {
        return switch (nextHops.kind(nextHop)) {
            case NextHopTable.KIND_DIRECT, NextHopTable.KIND_DEVICE -> nextHops.ifindex(nextHop);
            case NextHopTable.KIND_TUNNEL_IPV4 -> vteps.device().ifindexIpv4();
            case NextHopTable.KIND_TUNNEL_IPV6 -> vteps.device().ifindexIpv6();
            default -> 0;
        };
    }

    /**
     * The same with other routes.
     *
     * @param next the routes.
     * @return a new snapshot.
     */
    public ForwardingTables withRoutes(final RouteTable next) {
        return new ForwardingTables(next, nextHops, vteps, options);
    }

    /**
     * The same with other next hops.
     *
     * @param next the next hops.
     * @return a new snapshot.
     */
    public ForwardingTables withNextHops(final NextHopTable next) {
        return new ForwardingTables(routes, next, vteps, options);
    }

    /**
     * The same with other VTEPs.
     *
     * @param next the VTEPs.
     * @return a new snapshot.
     */
    public ForwardingTables withVteps(final VtepTable next) {
        return new ForwardingTables(routes, nextHops, next, options);
    }

    /**
     * The same with other settings.
     *
     * @param next the settings.
     * @return a new snapshot.
     */
    public ForwardingTables withOptions(final ForwardingOptions next) {
        return new ForwardingTables(routes, nextHops, vteps, next);
    }
}
