package io.caracal.xdp.cache;

/** What the packets of a direction were: bits, {@code enum cache_seen} of {@code caracal.h}. */
public final class CachedFlowSeen {
    /** TCP: SYN with ACK. */
    public static final int SYN_ACK = 1;
    /** TCP: a segment that acknowledges and opens nothing. UDP: any packet. */
    public static final int ACK = 2;
    /** TCP: FIN. */
    public static final int FIN = 4;
    /** TCP: RST. */
    public static final int RST = 8;
    /** TCP: an acknowledgement behind a FIN of the same direction. */
    public static final int LAST_ACK = 16;

    private CachedFlowSeen() {
    }
}
