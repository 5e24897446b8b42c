package io.caracal.conntrack;

import io.caracal.burst.DropReason;

/**
 * The state of a TCP connection of which only the opener's half is seen: the host's stack has given it this node's
 * address, so its answers reach that stack by itself, which undoes its own NAT. Sequence numbers cannot be checked
 * without the other half, and both ends and the kernel's tracking do check them; what is left to decide here is when
 * the connection begins, for policy, and when it is over, for the table. Stateless; the table's thread, inside a write
 * of the record.
 */
final class OneWayTracker {
    private OneWayTracker() {
    }

    /**
     * Takes a segment of the opener.
     *
     * <p>A SYN after another segment is a new connection, perhaps of another client: the kernel has reused the port. A
     * FIN ends the flow soon: what a client acknowledges after a longer silence is picked up, or opened anew.</p>
     *
     * @return one of {@link TcpTracker}'s constants.
     */
    static int update(final long record, final TcpSegment segment) {
        if (!segment.hasValidFlags()) {
            return TcpTracker.INVALID;
        }
        final int state = FlowRecord.state(record);
        switch (segment.kind()) {
            case TcpSegment.SYN:
                return state == FlowState.TCP_SYN_SENT ? TcpTracker.ACCEPTED_UNSEEN : TcpTracker.REOPENED;
            case TcpSegment.RST:
                FlowRecord.state(record, FlowState.TCP_CLOSED);
                break;
            case TcpSegment.FIN:
                FlowRecord.state(record, FlowState.TCP_LAST_ACK);
                break;
            default:
                if (state == FlowState.TCP_SYN_SENT) {
                    FlowRecord.state(record, FlowState.TCP_ESTABLISHED);
                    FlowRecord.flags(record, FlowRecord.flags(record) | FlowFlags.ASSURED);
                }
        }
        return TcpTracker.ACCEPTED;
    }

    /** Why a segment was refused. */
    static DropReason reason() {
        return DropReason.TCP_FLAGS_INVALID;
    }
}
