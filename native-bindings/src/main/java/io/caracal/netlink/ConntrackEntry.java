package io.caracal.netlink;

/**
 * A connection that the kernel tracks.
 *
 * @param original the direction of its first packet, before any translation.
 * @param reply the direction of the answers as they come back: where it differs from the reverse of {@code original},
 *     the connection is translated.
 * @param status bits IPS_* of {@code linux/netfilter/nf_conntrack_common.h}, such as {@link #ASSURED}.
 * @param timeoutSeconds how long it is kept without another packet.
 * @param mark the connection's mark.
 * @param tcpState TCP_CONNTRACK_* of {@code nf_conntrack_tcp.h}: 3 is established; 0 for other protocols.
 * @param zone the zone it is in; 0 as a rule.
 */
public record ConntrackEntry(ConntrackTuple original, ConntrackTuple reply, int status, int timeoutSeconds, int mark,
    int tcpState, int zone) {
    /** Status: packets have been seen both ways. */
    public static final int SEEN_REPLY = 0x02;
    /** Status: it is not dropped early when the table is full. */
    public static final int ASSURED = 0x04;
    /** Status: it is in the table. */
    public static final int CONFIRMED = 0x08;
    /** Status: its source is translated. */
    public static final int SRC_NAT = 0x10;
    /** Status: its destination is translated. */
    public static final int DST_NAT = 0x20;
    /** State of a TCP connection whose SYN was answered ({@code TCP_CONNTRACK_SYN_RECV}). */
    public static final int TCP_SYN_RECV = 2;
    /** State of a TCP connection whose both ends have closed it ({@code TCP_CONNTRACK_LAST_ACK}). */
    public static final int TCP_LAST_ACK = 6;
    /** State of a TCP connection after its handshake ({@code TCP_CONNTRACK_ESTABLISHED}). */
    public static final int TCP_ESTABLISHED = 3;

    /**
     * Tells whether its source is translated.
     *
     * @return true after masquerading, for example.
     */
    public boolean isSourceTranslated() {
        return (status & SRC_NAT) != 0;
    }

    /**
     * Tells whether its destination is translated.
     *
     * @return true for a service.
     */
    public boolean isDestinationTranslated() {
        return (status & DST_NAT) != 0;
    }
}
