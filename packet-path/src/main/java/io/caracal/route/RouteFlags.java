package io.caracal.route;

/** Bits of a {@link RouteWord}: what Calico says about the pool that a prefix belongs to. */
public final class RouteFlags {
    /** Packets from here to outside all pools leave with the node's address (IPPool's {@code natOutgoing}). */
    public static final int NAT_OUTGOING = 1;
    /** In an IP pool: destinations here are never behind NAT-outgoing. */
    public static final int IN_POOL = 1 << 1;

    /** By an interface where packets keep their source (Felix's IptablesNATOutgoingInterfaceFilter). */
    public static final int KEEPS_SOURCE = 1 << 2;

    private RouteFlags() {
    }
}
