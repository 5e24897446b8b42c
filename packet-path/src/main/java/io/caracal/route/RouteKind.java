package io.caracal.route;

/**
 * What a destination is to this node: the kind of a {@link RouteWord}. Constants, since they are read for each packet.
 */
public final class RouteKind {
    /** No route: the sender is told that the destination cannot be reached. */
    public static final int NONE = 0;
    /** A pod of this node: delivered to the interface of the route. */
    public static final int LOCAL_WORKLOAD = 1;
    /** A pod of another node, through the next hop's tunnel. */
    public static final int REMOTE_WORKLOAD = 2;
    /** A pod of another node in the same subnet (CrossSubnet): routed without a tunnel. */
    public static final int REMOTE_SAME_SUBNET = 3;
    /** Another node's own address or its tunnel's. */
    public static final int REMOTE_HOST = 4;
    /** Discarded without a word: a free address of this node's own block would otherwise loop to the default route. */
    public static final int BLACKHOLE = 5;
    /** An address of this host: its stack takes it. */
    public static final int HOST = 6;
    /** A service address: the host's stack translates it and sends it back. */
    public static final int SERVICE = 7;
    /** Anywhere else. */
    public static final int OUTSIDE = 8;

    private RouteKind() {
    }
}
