package io.caracal.burst;

/** What becomes of a row of a burst: constants of the field {@link PacketBurst#verdict}. */
public final class Verdict {
    /** No stage has decided yet; a row that is still undecided after the last stage is a drop. */
    public static final byte UNDECIDED = 0;
    /** Goes out by {@link PacketBurst#egressAction}. */
    public static final byte TRANSMIT = 1;
    /** Counted under {@link PacketBurst#dropReason}; its frame goes back to the pool. */
    public static final byte DROP = 2;
    /** A stage keeps the frame for later and is its owner now. */
    public static final byte HELD = 3;
    /** A port has taken it for transmission: the frame is no longer the burst's. Set by ports only. */
    public static final byte SENT = 4;

    private Verdict() {
    }
}
