package io.caracal.conntrack;

/**
 * Bits of a flow's record. They are in the mapped file: a bit is never reused without a new {@link FlowImage#VERSION}.
 */
public final class FlowFlags {
    /** A packet came from the reply direction. */
    public static final int SEEN_REPLY = 1;
    /** Both sides have shown that they want this flow; not evicted while it carries traffic. */
    public static final int ASSURED = 1 << 1;
    /** The source is rewritten in the original direction: the reply's destination is not the original source. */
    public static final int SOURCE_NAT = 1 << 2;
    /** The destination is rewritten in the original direction: the reply's source is not the original destination. */
    public static final int DESTINATION_NAT = 1 << 3;
    /** The egress policy of the source endpoint has approved the flow, or the source is no local workload. */
    public static final int SOURCE_APPROVED = 1 << 4;
    /** The ingress policy of the destination endpoint has approved the flow, or that is no local workload. */
    public static final int DESTINATION_APPROVED = 1 << 5;
    /** Both directions go through the host's stack: it routes them, and undoes its own NAT for the answers. */
    public static final int THROUGH_HOST = 1 << 6;
    /** A RST was seen that did not match exactly; later traffic clears the bit (see {@code TCPResetSeen}). */
    public static final int RESET_SEEN = 1 << 7;
    /** Answers go past the engine: the host's stack has given the flow this node's address, and undoes it itself. */
    public static final int ONE_WAY = 1 << 8;

    /**
     * The host's stack translates this flow, by connection tracking of its own that is older than the flow: its packets
     * of the original direction go there too, wherever their destination leads.
     */
    public static final int HOST_NAT = 1 << 8;

    /** Both legs. */
    public static final int APPROVED = SOURCE_APPROVED | DESTINATION_APPROVED;
    /** Either kind of NAT. */
    public static final int NAT = SOURCE_NAT | DESTINATION_NAT;
    /** All bits that a whole record can have. */
    static final int ALL = 0x1ff;

    private FlowFlags() {
    }
}
