package io.caracal.conntrack;

/** Which flows go first when the table is full: those whose loss costs least. */
final class FlowLanes {
    private FlowLanes() {
    }

    /**
     * {@link TimerWheel#STEADY} for a flow that both sides have confirmed and neither has ended, else
     * {@link TimerWheel#TRANSIENT}. A half-closed connection may still carry a long answer, so it is steady.
     */
    static int lane(final int state, final int flags) {
        if ((flags & FlowFlags.ASSURED) == 0) {
            return TimerWheel.TRANSIENT;
        }
        return switch (state) {
            case FlowState.TCP_ESTABLISHED, FlowState.TCP_FIN_WAIT, FlowState.TCP_CLOSE_WAIT, FlowState.REPLIED,
                FlowState.SCTP_ESTABLISHED -> TimerWheel.STEADY;
            default -> TimerWheel.TRANSIENT;
        };
    }
}
