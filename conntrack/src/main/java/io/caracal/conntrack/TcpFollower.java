package io.caracal.conntrack;

/**
 * What segments that Java has not seen have done to their connection, told by the kinds that came from each side since
 * the last look. Their order and their sequence numbers are unknown, so windows are not checked any more, and a RST may
 * have been a blind one: it shortens the timeout, and traffic a while after it restores it. Stateless; inside a write
 * of the record.
 */
final class TcpFollower {
    /** What its peer had sent before it knew of a RST arrives within this time; what comes later is a connection. */
    static final int RESET_SETTLES_MS = 1000;

    private TcpFollower() {
    }

    /**
     * Steps a connection.
     *
     * @param record its record.
     * @param part its protocol part.
     * @param original kinds of the side that opened it, bits of {@link FlowOffload}.
     * @param reply kinds of the other side.
     * @return whether the only answer was a RST: the flow is over.
     */
    static boolean step(final long record, final long part, final int original, final int reply) {
        int state = afterHandshake(FlowRecord.state(record), original, reply);
        int flags = FlowRecord.flags(record);
        if (state == FlowState.TCP_SYN_SENT && reply == FlowOffload.SEEN_RST) {
            FlowRecord.state(record, FlowState.TCP_CLOSED);
            return true;
        }
        state = afterFins(state, part, original, reply);
        if (((original | reply) & FlowOffload.SEEN_RST) != 0) {
            if (TcpTransitions.isClosing(state)) {
                state = FlowState.TCP_CLOSED;
            } else {
                flags |= FlowFlags.RESET_SEEN;
            }
        }
        if (state == FlowState.TCP_ESTABLISHED && (flags & FlowFlags.SEEN_REPLY) != 0) {
            flags |= FlowFlags.ASSURED;
        }
        FlowRecord.state(record, state);
        FlowRecord.flags(record, flags);
        return false;
    }

    private static int afterHandshake(final int before, final int original, final int reply) {
        int state = before;
        if ((state == FlowState.TCP_SYN_SENT || state == FlowState.TCP_SYN_SENT_BOTH)
            && ((original | reply) & FlowOffload.SEEN_SYN_ACK) != 0) {
            state = FlowState.TCP_SYN_RECEIVED;
        }
        return state == FlowState.TCP_SYN_RECEIVED && (original & FlowOffload.SEEN_ACK) != 0
            ? FlowState.TCP_ESTABLISHED : state;
    }

    private static int afterFins(final int state, final long part, final int original, final int reply) {
        if (state < FlowState.TCP_SYN_RECEIVED || state > FlowState.TCP_LAST_ACK) {
            return state;
        }
        if ((original & FlowOffload.SEEN_FIN) != 0) {
            TcpPart.addFlags(part, FlowTable.ORIGINAL, TcpPart.CLOSE_BEGUN);
        }
        if ((reply & FlowOffload.SEEN_FIN) != 0) {
            TcpPart.addFlags(part, FlowTable.REPLY, TcpPart.CLOSE_BEGUN);
        }
        final boolean originalEnds = TcpPart.hasFlag(part, FlowTable.ORIGINAL, TcpPart.CLOSE_BEGUN);
        final boolean replyEnds = TcpPart.hasFlag(part, FlowTable.REPLY, TcpPart.CLOSE_BEGUN);
        if (originalEnds && replyEnds) {
            return FlowState.TCP_TIME_WAIT;
        }
        return originalEnds || replyEnds ? Math.max(state, FlowState.TCP_FIN_WAIT) : state;
    }
}
