package io.caracal.burst;

/** What connection tracking says about a row of a burst: constants of the field {@link PacketBurst#tracking}. */
public final class Tracking {
    /** Not looked at, or nothing that is tracked. */
    public static final byte UNTRACKED = 0;
    /** Begins a flow, or belongs to one that policy has not approved on both legs: policy decides. */
    public static final byte NEW = 1;
    /** Belongs to a flow that policy has approved. */
    public static final byte ESTABLISHED = 2;
    /** An ICMP error about a packet of a flow that policy has approved. */
    public static final byte RELATED = 3;
    /** Fits no flow and begins none; the drop reason says why, even where such packets are let through. */
    public static final byte INVALID = 4;

    private Tracking() {
    }
}
