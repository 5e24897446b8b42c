package io.caracal.conntrack;

/**
 * The next state of a TCP connection, seen from the middle: RFC 9293 figure 5 read for both ends at once, with the
 * states that nf_conntrack shows ({@code conntrack -L}).
 *
 * <p>The middle cannot know which end is out of step with it. A segment that may belong to a connection newer than the
 * tracked one is let through without a change of state ({@link #IGNORED}): if it is bogus, its receiver answers
 * with a RST, or with a challenge ACK (RFC 5961).</p>
 */
final class TcpTransitions {
    /** No end of this connection can send that now. */
    static final int INVALID = -1;
    /** Perhaps of a newer connection: let through, nothing learnt but what is noted. */
    static final int IGNORED = -2;

    private TcpTransitions() {
    }

    /** The state after a segment of a kind ({@link TcpSegment}) from a direction, or INVALID or IGNORED. */
    static int next(final int state, final int kind, final int direction) {
        return switch (kind) {
            case TcpSegment.SYN -> direction == FlowTable.ORIGINAL ? afterSyn(state) : afterSynFromReply(state);
            case TcpSegment.SYN_ACK -> afterSynAck(state, direction);
            case TcpSegment.FIN -> afterFin(state);
            case TcpSegment.ACK -> afterAck(state, direction);
            case TcpSegment.RST -> FlowState.TCP_CLOSED;
            default -> INVALID;
        };
    }

    /** From the side that opened it: the SYN again, or a new connection on the tuple of one that is over. */
    private static int afterSyn(final int state) {
        return switch (state) {
            case FlowState.TCP_SYN_SENT, FlowState.TCP_SYN_SENT_BOTH -> state;
            case FlowState.TCP_TIME_WAIT, FlowState.TCP_CLOSED -> FlowState.TCP_SYN_SENT;
            default -> IGNORED;
        };
    }

    /** From the side that was called: simultaneous open, or the roles change on a tuple that is over. */
    private static int afterSynFromReply(final int state) {
        return switch (state) {
            case FlowState.TCP_SYN_SENT, FlowState.TCP_SYN_SENT_BOTH -> FlowState.TCP_SYN_SENT_BOTH;
            case FlowState.TCP_TIME_WAIT -> FlowState.TCP_SYN_SENT;
            default -> INVALID;
        };
    }

    private static int afterSynAck(final int state, final int direction) {
        if (direction == FlowTable.ORIGINAL) {
            return state == FlowState.TCP_SYN_SENT_BOTH || state == FlowState.TCP_SYN_RECEIVED
                ? FlowState.TCP_SYN_RECEIVED : INVALID;
        }
        return state == FlowState.TCP_SYN_SENT || state == FlowState.TCP_SYN_SENT_BOTH
            ? FlowState.TCP_SYN_RECEIVED : IGNORED;
    }

    private static int afterFin(final int state) {
        return switch (state) {
            case FlowState.TCP_SYN_RECEIVED, FlowState.TCP_ESTABLISHED -> FlowState.TCP_FIN_WAIT;
            case FlowState.TCP_FIN_WAIT, FlowState.TCP_CLOSE_WAIT, FlowState.TCP_LAST_ACK -> FlowState.TCP_LAST_ACK;
            case FlowState.TCP_TIME_WAIT, FlowState.TCP_CLOSED -> state;
            default -> INVALID;
        };
    }

    private static int afterAck(final int state, final int direction) {
        return switch (state) {
            case FlowState.TCP_SYN_SENT, FlowState.TCP_SYN_SENT_BOTH ->
                direction == FlowTable.ORIGINAL ? INVALID : IGNORED;
            case FlowState.TCP_SYN_RECEIVED ->
                direction == FlowTable.ORIGINAL ? FlowState.TCP_ESTABLISHED : FlowState.TCP_SYN_RECEIVED;
            case FlowState.TCP_FIN_WAIT, FlowState.TCP_CLOSE_WAIT -> FlowState.TCP_CLOSE_WAIT;
            case FlowState.TCP_LAST_ACK, FlowState.TCP_TIME_WAIT -> FlowState.TCP_TIME_WAIT;
            default -> state;
        };
    }

    /** Whether the connection is ending: its tuple may be in use again without our knowing. */
    static boolean isClosing(final int state) {
        return state >= FlowState.TCP_FIN_WAIT && state <= FlowState.TCP_CLOSED;
    }
}
