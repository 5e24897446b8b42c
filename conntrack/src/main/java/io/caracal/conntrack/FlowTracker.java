package io.caracal.conntrack;

import io.caracal.burst.DropReason;
import io.caracal.wire.IpProtocol;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a packet does to its flow, for the flows of one table: state, flags, counters, time last seen, and the next look
 * of the timer wheel where the timeout became shorter. UDP, ICMP queries and protocols without a state machine know
 * only unreplied and replied.
 *
 * <p>One thread, the table's; allocates nothing after its constructor. The transport header was checked by the
 * parse stage.</p>
 */
final class FlowTracker implements AutoCloseable {
    /** As nf_conntrack: two ways are a conversation only when they last, or a scan would make assured flows. */
    private static final int ASSURED_AFTER_MS = 2000;

    private final FlowTable table;
    private final TcpTracker tcp;
    private final SctpTracker sctp;
    private final TcpSegment segment = new TcpSegment();
    private DropReason reason;

    FlowTracker(final FlowTable table, final TcpPolicy policy) {
        this.table = table;
        this.tcp = new TcpTracker(policy, table.capacity());
        this.sctp = new SctpTracker(policy);
    }

    /** Why the last packet was refused. */
    DropReason reason() {
        return reason;
    }

    /**
     * The first state of a flow that this packet would make.
     *
     * @param protocol IP protocol number.
     * @param buffer its bytes.
     * @param offset of the transport header.
     * @param length bytes from there to the end of the datagram.
     * @return the state, or {@link FlowState#FREE}: none, {@link #reason()} says why.
     */
    int firstState(final int protocol, final UnsafeBuffer buffer, final int offset, final int length) {
        switch (protocol) {
            case IpProtocol.TCP:
                segment.read(buffer, offset, length);
                final int state = tcp.firstState(segment);
                reason = tcp.reason();
                return state;
            case IpProtocol.SCTP:
                reason = DropReason.SCTP_STATE_INVALID;
                return sctp.read(buffer, offset, length) ? sctp.firstState() : FlowState.FREE;
            default:
                return FlowState.UNREPLIED;
        }
    }

    /**
     * Begins the protocol part of a flow that was just made, and counts its first packet. The packet is the one that
     * {@link #firstState} has seen last.
     */
    void open(final int slot, final int packetLength) {
        final long record = table.record(slot);
        FlowRecord.beginWrite(record);
        switch (FlowRecord.protocol(record)) {
            case IpProtocol.TCP -> tcp.open(table, slot, segment);
            case IpProtocol.SCTP -> sctp.open(table, slot);
            default -> { }
        }
        FlowAccount.count(table.account(slot), FlowTable.ORIGINAL, 1, packetLength);
        FlowRecord.endWrite(record);
    }

    /**
     * Takes a packet of a flow.
     *
     * @param found {@code slot << 1 | direction}.
     * @param buffer its bytes.
     * @param offset of the transport header.
     * @param length bytes from there to the end of the datagram.
     * @param packetLength bytes to count.
     * @param nowMs milliseconds since boot.
     * @return one of {@link TcpTracker}'s constants; after REOPENED and REFUSED the caller removes the flow.
     */
    int update(final int found, final UnsafeBuffer buffer, final int offset, final int length, final int packetLength,
        final long nowMs) {
        final int slot = found >> 1;
        final int direction = found & 1;
        final long record = table.record(slot);
        final int lane = table.lane(slot);
        final int idleMaxMs = table.idleMaxMs(slot);
        FlowRecord.beginWrite(record);
        final int result = updateProtocol(slot, direction, buffer, offset, length);
        if (result != TcpTracker.INVALID && result != TcpTracker.REOPENED) {
            FlowAccount.count(table.account(slot), direction, 1, packetLength);
            if (direction == FlowTable.REPLY) {
                FlowRecord.flags(record, FlowRecord.flags(record) | FlowFlags.SEEN_REPLY);
            }
        }
        if (result == TcpTracker.ACCEPTED) {
            FlowAccount.lastSeenMs(table.account(slot), (int)nowMs);
            assureConversation(record, slot, nowMs);
        }
        FlowRecord.endWrite(record);
        if (table.lane(slot) != lane || table.idleMaxMs(slot) < idleMaxMs) {
            table.rearm(slot, nowMs);
        }
        return result;
    }

    /** Counts a packet of a flow that has no transport header: a later fragment. */
    void count(final int found, final int packetLength, final long nowMs) {
        final int slot = found >> 1;
        final long record = table.record(slot);
        FlowRecord.beginWrite(record);
        FlowAccount.count(table.account(slot), found & 1, 1, packetLength);
        FlowAccount.lastSeenMs(table.account(slot), (int)nowMs);
        FlowRecord.endWrite(record);
    }

    /**
     * Stops checking the windows of a TCP flow: a fragment's length says nothing about the segment's, so that we no
     * longer know what its receiver may acknowledge. (The kernel reassembles before it tracks.)
     */
    void loosen(final int slot) {
        final long record = table.record(slot);
        if (FlowRecord.protocol(record) == IpProtocol.TCP) {
            FlowRecord.beginWrite(record);
            final long part = table.protocolPart(slot);
            TcpPart.addFlags(part, FlowTable.ORIGINAL, TcpPart.LIBERAL);
            TcpPart.addFlags(part, FlowTable.REPLY, TcpPart.LIBERAL);
            FlowRecord.endWrite(record);
        }
    }

    /**
     * Forgets where a TCP flow is, whose next packets we shall not see: neither windows nor a RST can be checked by it
     * any more. What was negotiated may be unknown too.
     */
    void loseSight(final int slot) {
        loosen(slot);
        final long record = table.record(slot);
        FlowRecord.beginWrite(record);
        TcpWindow.forgetPositions(table.protocolPart(slot));
        FlowRecord.endWrite(record);
    }

    /**
     * Takes what packets were that have passed unseen.
     *
     * @param slot the flow.
     * @param original kinds of packets of the original direction, bits of {@link FlowOffload}.
     * @param reply kinds of packets of the reply direction.
     * @param seenMs when the last of them came.
     * @param nowMs milliseconds since boot.
     * @return whether the only answer was a RST: the caller removes the flow.
     */
    boolean follow(final int slot, final int original, final int reply, final long seenMs, final long nowMs) {
        final long record = table.record(slot);
        final int lane = table.lane(slot);
        final int idleMaxMs = table.idleMaxMs(slot);
        FlowRecord.beginWrite(record);
        final boolean isTcp = FlowRecord.protocol(record) == IpProtocol.TCP;
        if (!isTcp || settlesReset(record, slot, original | reply, seenMs)) {
            noteSeen(slot, seenMs);
        }
        if (reply != 0) {
            FlowRecord.flags(record, FlowRecord.flags(record) | FlowFlags.SEEN_REPLY);
        }
        boolean isRefused = false;
        if (isTcp) {
            TcpWindow.forgetPositions(table.protocolPart(slot));
            isRefused = TcpFollower.step(record, table.protocolPart(slot), original, reply);
        } else if (reply != 0) {
            FlowRecord.state(record, FlowState.REPLIED);
        }
        assureConversation(record, slot, seenMs);
        FlowRecord.endWrite(record);
        if (table.lane(slot) != lane || table.idleMaxMs(slot) < idleMaxMs) {
            table.rearm(slot, nowMs);
        }
        return isRefused;
    }

    /** Whether packets keep a flow alive: right after a RST they do not, a while after it they prove it wrong. */
    private boolean settlesReset(final long record, final int slot, final int seen, final long seenMs) {
        final int flags = FlowRecord.flags(record);
        if ((flags & FlowFlags.RESET_SEEN) == 0 || (seen & FlowOffload.SEEN_RST) != 0) {
            return true;
        }
        if ((int)seenMs - FlowAccount.lastSeenMs(table.account(slot)) <= TcpFollower.RESET_SETTLES_MS) {
            return false;
        }
        FlowRecord.flags(record, flags & ~FlowFlags.RESET_SEEN);
        return true;
    }

    private void noteSeen(final int slot, final long seenMs) {
        final long account = table.account(slot);
        if ((int)seenMs - FlowAccount.lastSeenMs(account) > 0) {
            FlowAccount.lastSeenMs(account, (int)seenMs);
        }
    }

    private int updateProtocol(final int slot, final int direction, final UnsafeBuffer buffer, final int offset,
        final int length) {
        final long record = table.record(slot);
        final boolean isOneWay = (FlowRecord.flags(record) & FlowFlags.ONE_WAY) != 0;
        switch (FlowRecord.protocol(record)) {
            case IpProtocol.TCP:
                segment.read(buffer, offset, length);
                return isOneWay ? updateOneWay(record) : updateTcp(slot, direction);
            case IpProtocol.SCTP:
                reason = DropReason.SCTP_STATE_INVALID;
                return sctp.read(buffer, offset, length) && (isOneWay ? sctp.updateOneWay(record)
                    : sctp.update(table, slot, direction)) ? TcpTracker.ACCEPTED : TcpTracker.INVALID;
            default:
                if (direction == FlowTable.REPLY) {
                    FlowRecord.state(record, FlowState.REPLIED);
                }
                return TcpTracker.ACCEPTED;
        }
    }

    private int updateTcp(final int slot, final int direction) {
        final int result = tcp.update(table, slot, direction, segment);
        reason = tcp.reason();
        return result;
    }

    private int updateOneWay(final long record) {
        reason = OneWayTracker.reason();
        return OneWayTracker.update(record, segment);
    }

    private void assureConversation(final long record, final int slot, final long nowMs) {
        final int protocol = FlowRecord.protocol(record);
        if (FlowRecord.state(record) == FlowState.REPLIED && protocol != IpProtocol.ICMP
            && protocol != IpProtocol.ICMPV6
            && (int)nowMs - FlowAccount.createdMs(table.account(slot)) > ASSURED_AFTER_MS) {
            FlowRecord.flags(record, FlowRecord.flags(record) | FlowFlags.ASSURED);
        }
    }

    /** See {@link OffHeap#populate}. */
    void populate() {
        tcp.populate();
    }

    @Override
    public void close() {
        tcp.close();
    }
}
