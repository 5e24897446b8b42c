package io.caracal.conntrack;

/** Knows what packets of a flow have passed elsewhere than through its table's thread. That thread asks. */
@FunctionalInterface
interface FlowFollower {
    /** Nobody passes elsewhere. */
    FlowFollower NONE = (table, slot, nowMs) -> false;

    /** Brings the flow's record up to date; tells whether the only answer to it was a RST. */
    boolean follow(FlowTable table, int slot, long nowMs);
}
