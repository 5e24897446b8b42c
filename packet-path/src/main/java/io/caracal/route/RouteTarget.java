package io.caracal.route;

/**
 * Where a prefix leads. Immutable; any thread.
 *
 * @param kind one of {@link RouteKind}.
 * @param ifindex for {@link RouteKind#LOCAL_WORKLOAD} the pod's interface, else 0.
 * @param nextHop id of a next hop in the {@link NextHopTable}, or {@link NextHopTable#NONE}: then the host's stack
 *     sends it.
 * @param flags bits of {@link RouteFlags}.
 */
public record RouteTarget(int kind, int ifindex, int nextHop, int flags) {
    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range, or a local workload without an interface.
     */
    public RouteTarget {
        if (kind < RouteKind.NONE || kind > RouteKind.OUTSIDE) {
            throw new IllegalArgumentException("route kind must be one of RouteKind: " + kind);
        }
        if (ifindex < 0 || kind == RouteKind.LOCAL_WORKLOAD && ifindex == 0) {
            throw new IllegalArgumentException("route of kind " + kind + " to ifindex " + ifindex
                + ": a local workload needs a positive one, others have none");
        }
        if (nextHop < 0 || nextHop > NextHopTable.MAX_ID) {
            throw new IllegalArgumentException("next hop must be within 0 and " + NextHopTable.MAX_ID + ": " + nextHop);
        }
        if ((flags & ~(RouteFlags.NAT_OUTGOING | RouteFlags.IN_POOL | RouteFlags.KEEPS_SOURCE)) != 0) {
            throw new IllegalArgumentException("route flags must be bits of RouteFlags: " + flags);
        }
    }

    /**
     * A pod of this node.
     *
     * @param ifindex its interface on the host.
     * @param flags bits of {@link RouteFlags}.
     * @return the target.
     */
    public static RouteTarget localWorkload(final int ifindex, final int flags) {
        return new RouteTarget(RouteKind.LOCAL_WORKLOAD, ifindex, NextHopTable.NONE, flags);
    }

    /**
     * What needs neither an interface nor a next hop.
     *
     * @param kind one of {@link RouteKind}.
     * @return the target.
     */
    public static RouteTarget of(final int kind) {
        return new RouteTarget(kind, 0, NextHopTable.NONE, 0);
    }

    /**
     * What is sent to a next hop.
     *
     * @param kind one of {@link RouteKind}.
     * @param nextHop id of the next hop.
     * @param flags bits of {@link RouteFlags}.
     * @return the target.
     */
    public static RouteTarget via(final int kind, final int nextHop, final int flags) {
        return new RouteTarget(kind, 0, nextHop, flags);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final RouteTarget that && kind == that.kind && ifindex == that.ifindex
            && nextHop == that.nextHop && flags == that.flags;
    }

    @Override
    public int hashCode() {
        return ((kind * 31 + ifindex) * 31 + nextHop) * 31 + flags;
    }

    /**
     * The same in one {@code long}.
     *
     * @return a word to be read by {@link RouteWord}.
     */
    public long word() {
        return RouteWord.of(kind, ifindex, nextHop, flags);
    }
}
