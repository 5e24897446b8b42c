package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;

/**
 * State numbers of a flow's record. They are in the mapped file: a number is never reused for something else without
 * a new {@link FlowImage#VERSION}.
 */
public final class FlowState {
    /** The record is unused. */
    public static final int FREE = 0;

    /** TCP: a SYN was seen from the original direction. */
    public static final int TCP_SYN_SENT = 1;
    /** TCP: the SYN was answered by SYN-ACK. */
    public static final int TCP_SYN_RECEIVED = 2;
    /** TCP: the handshake is complete, or the flow was picked up in its middle. */
    public static final int TCP_ESTABLISHED = 3;
    /** TCP: one side has sent its FIN. */
    public static final int TCP_FIN_WAIT = 4;
    /** TCP: that FIN was acknowledged; the other side may go on sending (half-closed). */
    public static final int TCP_CLOSE_WAIT = 5;
    /** TCP: both sides have sent a FIN; the last is not acknowledged yet. */
    public static final int TCP_LAST_ACK = 6;
    /** TCP: both FINs are acknowledged. */
    public static final int TCP_TIME_WAIT = 7;
    /** TCP: aborted by a RST. */
    public static final int TCP_CLOSED = 8;
    /** TCP: both sides have sent a SYN (simultaneous open, RFC 9293 3.5). */
    public static final int TCP_SYN_SENT_BOTH = 9;

    /** UDP, ICMP queries and other protocols: nothing has come back yet. */
    public static final int UNREPLIED = 16;
    /** UDP, ICMP queries and other protocols: both directions were seen. */
    public static final int REPLIED = 17;

    /** SCTP: INIT seen (RFC 9260 section 4). */
    public static final int SCTP_COOKIE_WAIT = 24;
    /** SCTP: COOKIE-ECHO seen. */
    public static final int SCTP_COOKIE_ECHOED = 25;
    /** SCTP: the association is up. */
    public static final int SCTP_ESTABLISHED = 26;
    /** SCTP: SHUTDOWN seen. */
    public static final int SCTP_SHUTDOWN_SENT = 27;
    /** SCTP: SHUTDOWN-ACK seen. */
    public static final int SCTP_SHUTDOWN_ACK_SENT = 28;
    /** SCTP: aborted, or shut down completely. */
    public static final int SCTP_CLOSED = 29;

    private static final String[] NAMES = new String[SCTP_CLOSED + 1];

    static {
        NAMES[FREE] = "FREE";
        NAMES[TCP_SYN_SENT] = "SYN_SENT";
        NAMES[TCP_SYN_RECEIVED] = "SYN_RECV";
        NAMES[TCP_ESTABLISHED] = "ESTABLISHED";
        NAMES[TCP_FIN_WAIT] = "FIN_WAIT";
        NAMES[TCP_CLOSE_WAIT] = "CLOSE_WAIT";
        NAMES[TCP_LAST_ACK] = "LAST_ACK";
        NAMES[TCP_TIME_WAIT] = "TIME_WAIT";
        NAMES[TCP_CLOSED] = "CLOSE";
        NAMES[TCP_SYN_SENT_BOTH] = "SYN_SENT2";
        NAMES[UNREPLIED] = "UNREPLIED";
        NAMES[REPLIED] = "REPLIED";
        NAMES[SCTP_COOKIE_WAIT] = "COOKIE_WAIT";
        NAMES[SCTP_COOKIE_ECHOED] = "COOKIE_ECHOED";
        NAMES[SCTP_ESTABLISHED] = "ESTABLISHED";
        NAMES[SCTP_SHUTDOWN_SENT] = "SHUTDOWN_SENT";
        NAMES[SCTP_SHUTDOWN_ACK_SENT] = "SHUTDOWN_ACK_SENT";
        NAMES[SCTP_CLOSED] = "CLOSED";
    }

    private FlowState() {
    }

    /**
     * Whether a number from a file is a state of a protocol.
     *
     * @param state a number.
     * @param protocol IP protocol number.
     * @return true for a state in which a flow of that protocol can be; {@link #FREE} is none.
     */
    public static boolean isValid(final int state, final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> state >= TCP_SYN_SENT && state <= TCP_SYN_SENT_BOTH;
            case IpProtocol.SCTP -> state >= SCTP_COOKIE_WAIT && state <= SCTP_CLOSED;
            default -> state == UNREPLIED || state == REPLIED;
        };
    }

    /**
     * The name that nf_conntrack uses, for people.
     *
     * @param state a state number.
     * @return its name; the number itself where there is none.
     */
    public static String name(final int state) {
        return state >= 0 && state < NAMES.length && NAMES[state] != null ? NAMES[state] : Integer.toString(state);
    }
}
