package io.caracal.conntrack;

import io.caracal.bindings.MappedRegion;
import io.caracal.burst.DropReason;

/**
 * The state machine of TCP flows: which segment is of the connection, what state it brings, when a tuple begins anew.
 *
 * <p>The table's thread, inside a write of the record. Owns the notes on segments that were let through unexamined,
 * twelve bytes a slot in anonymous memory: lost with the process, which costs a connection that was out of step at that
 * moment a retransmission.</p>
 */
final class TcpTracker implements AutoCloseable {
    /** The segment is of the connection. */
    static final int ACCEPTED = 0;
    /** Let through, but it does not keep the flow alive. */
    static final int ACCEPTED_UNSEEN = 1;
    /** Begins a new connection on this tuple: the flow is to be removed and the packet looked up again. */
    static final int REOPENED = 2;
    /** Let through as the last packet of the flow: nobody listens there. */
    static final int REFUSED = 3;
    /** To be dropped, {@link #reason()} says why. */
    static final int INVALID = 4;

    private static final int NOTE_SIZE = 12;
    private static final int NOTE_WINDOW_OFFSET = 4;
    private static final int NOTE_SCALE_OFFSET = 6;
    private static final int NOTE_FLAGS_OFFSET = 7;
    private static final int NOTE_ACK_OFFSET = 8;

    private final TcpPolicy policy;
    private final MappedRegion notes;
    private DropReason reason;

    TcpTracker(final TcpPolicy policy, final int capacity) {
        this.policy = policy;
        this.notes = OffHeap.reserve((long)capacity * NOTE_SIZE);
    }

    /** Why the last segment was INVALID. */
    DropReason reason() {
        return reason;
    }

    /**
     * The first state of a flow that this segment would make.
     *
     * @return the state, or {@link FlowState#FREE}: it makes none, {@link #reason()} says why.
     */
    int firstState(final TcpSegment segment) {
        if (!segment.hasValidFlags()) {
            reason = DropReason.TCP_FLAGS_INVALID;
            return FlowState.FREE;
        }
        final int kind = segment.kind();
        if (kind == TcpSegment.SYN) {
            return FlowState.TCP_SYN_SENT;
        }
        if (kind == TcpSegment.ACK && policy.picksUp()) {
            return FlowState.TCP_ESTABLISHED;
        }
        reason = DropReason.TCP_FLOW_UNKNOWN;
        return FlowState.FREE;
    }

    /** Begins the protocol part of a new flow with its first segment. */
    void open(final FlowTable table, final int slot, final TcpSegment segment) {
        final long part = table.protocolPart(slot);
        TcpWindow.open(part, segment);
        TcpPart.last(part, segment.kind());
    }

    /**
     * Takes a segment of a flow.
     *
     * @return one of the constants of this class; the state and flags of the record are set where it is accepted.
     */
    int update(final FlowTable table, final int slot, final int direction, final TcpSegment segment) {
        if (!segment.hasValidFlags()) {
            return invalid(DropReason.TCP_FLAGS_INVALID);
        }
        final long record = table.record(slot);
        final long part = table.protocolPart(slot);
        final int state = FlowRecord.state(record);
        final int kind = segment.kind();
        final int next = TcpTransitions.next(state, kind, direction);
        if (next == TcpTransitions.INVALID) {
            return invalid(DropReason.TCP_STATE_INVALID);
        }
        if (next == TcpTransitions.IGNORED) {
            return ignoreOrFollow(table, slot, direction, segment);
        }
        if (next == FlowState.TCP_SYN_SENT && state >= FlowState.TCP_TIME_WAIT) {
            return reopenOrIgnore(table, slot, direction, segment);
        }
        if (kind == TcpSegment.RST) {
            return reset(table, slot, direction, segment);
        }
        if (isChallengeAck(part, state, kind, direction)) {
            TcpPart.last(part, TcpPart.last(part) & ~TcpPart.CHALLENGE_EXPECTED);
            return ACCEPTED_UNSEEN;
        }
        if (next == FlowState.TCP_SYN_SENT_BOTH) {
            TcpPart.last(part, TcpPart.last(part) | TcpPart.SIMULTANEOUS_OPEN);
        }
        final boolean opensBothWays = next == FlowState.TCP_SYN_RECEIVED && direction == FlowTable.REPLY
            && kind == TcpSegment.ACK && (TcpPart.last(part) & TcpPart.SIMULTANEOUS_OPEN) != 0;
        return inWindow(record, part, direction, segment, opensBothWays ? FlowState.TCP_ESTABLISHED : next);
    }

    private int inWindow(final long record, final long part, final int direction, final TcpSegment segment,
        final int next) {
        return switch (TcpWindow.check(part, direction, FlowRecord.state(record), segment, policy.liberal())) {
            case TcpWindow.INSIDE -> follow(record, part, direction, segment, next);
            case TcpWindow.BELOW -> ACCEPTED_UNSEEN;
            case TcpWindow.SEQUENCE_ABOVE -> outside(record, part, direction, segment,
                DropReason.TCP_SEQUENCE_OUT_OF_WINDOW);
            default -> outside(record, part, direction, segment, DropReason.TCP_ACK_OUT_OF_WINDOW);
        };
    }

    /**
     * A FIN or RST outside the windows ends nothing, but when both sides send such, it is we who are out of step: the
     * flow has then no more than the time of one with a residual RST.
     */
    private int outside(final long record, final long part, final int direction, final TcpSegment segment,
        final DropReason why) {
        final int kind = segment.kind();
        final int flags = FlowRecord.flags(record);
        if ((flags & FlowFlags.ASSURED) != 0 && (kind == TcpSegment.FIN || kind == TcpSegment.RST)) {
            final int last = TcpPart.last(part);
            final int lastKind = last & TcpPart.LAST_KIND_MASK;
            final boolean otherEnds = ((last & TcpPart.LAST_WAS_REPLY) != 0) != (direction == FlowTable.REPLY)
                && (lastKind == TcpSegment.FIN || lastKind == TcpSegment.RST);
            if (otherEnds) {
                FlowRecord.flags(record, flags | FlowFlags.RESET_SEEN);
            } else {
                noteLast(part, direction, kind);
            }
        }
        return invalid(why);
    }

    private static void noteLast(final long part, final int direction, final int kind) {
        final int kept = TcpPart.last(part) & (TcpPart.SIMULTANEOUS_OPEN | TcpPart.CHALLENGE_EXPECTED);
        TcpPart.last(part, kept | kind | (direction == FlowTable.REPLY ? TcpPart.LAST_WAS_REPLY : 0));
    }

    private int follow(final long record, final long part, final int direction, final TcpSegment segment,
        final int next) {
        final int state = FlowRecord.state(record);
        final int kind = segment.kind();
        final int flags = FlowRecord.flags(record);
        noteLast(part, direction, kind);
        FlowRecord.state(record, next);
        if (next == FlowState.TCP_FIN_WAIT && state != next) {
            TcpPart.addFlags(part, direction, TcpPart.CLOSE_BEGUN);
        }
        final boolean replied = (flags & FlowFlags.SEEN_REPLY) != 0;
        if (!replied && kind == TcpSegment.RST) {
            return REFUSED;
        }
        final boolean confirmed = replied && next == FlowState.TCP_ESTABLISHED
            && (state == FlowState.TCP_SYN_RECEIVED || state == FlowState.TCP_ESTABLISHED);
        FlowRecord.flags(record, flags & ~FlowFlags.RESET_SEEN
            | (confirmed ? FlowFlags.ASSURED : 0)
            | (kind == TcpSegment.RST && next != FlowState.TCP_CLOSED ? FlowFlags.RESET_SEEN : 0));
        /* A SYN that is sent again and again keeps nothing alive: its port may be another's by now. */
        return !replied && kind == TcpSegment.SYN && state == FlowState.TCP_SYN_SENT && direction == FlowTable.ORIGINAL
            ? ACCEPTED_UNSEEN : ACCEPTED;
    }

    /** A RST ends the connection only where its receiver would take it (RFC 5961 section 3). */
    private int reset(final FlowTable table, final int slot, final int direction, final TcpSegment segment) {
        final long record = table.record(slot);
        final long part = table.protocolPart(slot);
        final int state = FlowRecord.state(record);
        if (TcpTransitions.isClosing(state)) {
            return follow(record, part, direction, segment, FlowState.TCP_CLOSED);
        }
        int next = FlowState.TCP_CLOSED;
        final int last = TcpPart.last(part);
        final int other = 1 - direction;
        final boolean lastWasSyn = (last & TcpPart.LAST_KIND_MASK) == TcpSegment.SYN;
        if (TcpPart.hasFlag(part, other, TcpPart.ACKNOWLEDGED) && !lastWasSyn) {
            final boolean established = state == FlowState.TCP_ESTABLISHED
                && (FlowRecord.flags(record) & FlowFlags.ASSURED) != 0;
            final int awaited = TcpPart.highestAck(part, other);
            final boolean answersOldSyn = segment.sequence == 0 && !established;
            if (!answersOldSyn && segment.sequence - awaited < 0) {
                return invalid(DropReason.TCP_RESET_OUT_OF_WINDOW);
            }
            if (established && segment.sequence != awaited && !followsItsOwnData(part, direction, segment)) {
                /* Perhaps a blind one: its receiver asks back by a challenge ACK, and the connection may go on. */
                next = state;
            }
        }
        if (answersIgnored(table, slot, segment) || answersStrayAck(part, slot, state, direction, segment)) {
            return follow(record, part, direction, segment, next);
        }
        return inWindow(record, part, direction, segment, next);
    }

    /** The RST comes right behind the last bytes of its sender, which the other side may not have acknowledged yet. */
    private static boolean followsItsOwnData(final long part, final int direction, final TcpSegment segment) {
        final int last = TcpPart.last(part);
        return (last & TcpPart.LAST_KIND_MASK) == TcpSegment.ACK
            && ((last & TcpPart.LAST_WAS_REPLY) != 0) == (direction == FlowTable.REPLY)
            && segment.sequence == TcpPart.end(part, direction);
    }

    /** The RST answers a segment that was let through unexamined, so the windows that we know say nothing. */
    private boolean answersIgnored(final FlowTable table, final int slot, final TcpSegment segment) {
        final int last = TcpPart.last(table.protocolPart(slot));
        if ((last & TcpPart.LAST_WAS_IGNORED) == 0 || segment.acknowledgement != OffHeap.getInt(note(slot))) {
            return false;
        }
        final int flags = FlowRecord.flags(table.record(slot));
        final int kind = last & TcpPart.LAST_KIND_MASK;
        return kind == TcpSegment.SYN && (flags & FlowFlags.SEEN_REPLY) != 0
            || kind == TcpSegment.ACK && (flags & FlowFlags.ASSURED) == 0;
    }

    /**
     * The opener's answer to an ACK of a connection that only the called side still has: its sequence number is what
     * that ACK acknowledged (RFC 9293 section 3.5.1, half-open connections).
     */
    private boolean answersStrayAck(final long part, final int slot, final int state, final int direction,
        final TcpSegment segment) {
        final int strayAck = TcpSegment.ACK | TcpPart.LAST_WAS_IGNORED | TcpPart.LAST_WAS_REPLY;
        final int mask = TcpPart.LAST_KIND_MASK | TcpPart.LAST_WAS_IGNORED | TcpPart.LAST_WAS_REPLY;
        return state == FlowState.TCP_SYN_SENT && direction == FlowTable.ORIGINAL
            && (TcpPart.last(part) & mask) == strayAck
            && segment.sequence == OffHeap.getInt(note(slot) + NOTE_ACK_OFFSET);
    }

    /**
     * A SYN on a connection that is over. Where the connection was closed or aborted in the ordinary way, it begins
     * anew (RFC 9293 section 3.6.1); else we may be out of step.
     */
    private int reopenOrIgnore(final FlowTable table, final int slot, final int direction, final TcpSegment segment) {
        final long part = table.protocolPart(slot);
        final int last = TcpPart.last(part);
        final boolean closed = ((TcpPart.flags(part, FlowTable.ORIGINAL) | TcpPart.flags(part, FlowTable.REPLY))
            & TcpPart.CLOSE_BEGUN) != 0;
        final boolean abortedByIt = (last & TcpPart.LAST_KIND_MASK) == TcpSegment.RST
            && ((last & TcpPart.LAST_WAS_REPLY) != 0) == (direction == FlowTable.REPLY);
        return closed || abortedByIt ? REOPENED : ignoreOrFollow(table, slot, direction, segment);
    }

    private int ignoreOrFollow(final FlowTable table, final int slot, final int direction, final TcpSegment segment) {
        final long record = table.record(slot);
        final long part = table.protocolPart(slot);
        final int last = TcpPart.last(part);
        final int kind = segment.kind();
        final boolean otherIgnoredSyn = (last & TcpPart.LAST_WAS_IGNORED) != 0
            && (last & TcpPart.LAST_KIND_MASK) == TcpSegment.SYN
            && ((last & TcpPart.LAST_WAS_REPLY) != 0) != (direction == FlowTable.REPLY);
        if (kind == TcpSegment.SYN_ACK && otherIgnoredSyn
            && segment.acknowledgement == OffHeap.getInt(note(slot))) {
            takeOverNote(part, slot, 1 - direction);
            TcpPart.clear(part, direction);
            FlowRecord.state(record, FlowState.TCP_SYN_SENT);
            return inWindow(record, part, direction, segment, FlowState.TCP_SYN_RECEIVED);
        }
        final boolean noteChallenge = kind == TcpSegment.SYN && direction == FlowTable.ORIGINAL
            && FlowRecord.state(record) == FlowState.TCP_LAST_ACK;
        TcpPart.last(part, last & TcpPart.SIMULTANEOUS_OPEN | kind | TcpPart.LAST_WAS_IGNORED
            | (direction == FlowTable.REPLY ? TcpPart.LAST_WAS_REPLY : 0)
            | (noteChallenge ? TcpPart.CHALLENGE_EXPECTED : 0));
        writeNote(slot, segment);
        return ACCEPTED_UNSEEN;
    }

    private static boolean isChallengeAck(final long part, final int state, final int kind, final int direction) {
        final int last = TcpPart.last(part);
        return state == FlowState.TCP_LAST_ACK && kind == TcpSegment.ACK
            && (last & TcpPart.CHALLENGE_EXPECTED) != 0
            && (last & TcpPart.LAST_KIND_MASK) == TcpSegment.SYN
            && ((last & TcpPart.LAST_WAS_REPLY) != 0) != (direction == FlowTable.REPLY);
    }

    private void writeNote(final int slot, final TcpSegment segment) {
        final long note = note(slot);
        final int scale = segment.windowScale();
        OffHeap.putInt(note, segment.end);
        OffHeap.putInt(note + NOTE_ACK_OFFSET, segment.acknowledgement);
        OffHeap.putShort(note + NOTE_WINDOW_OFFSET, (short)segment.window);
        OffHeap.putByte(note + NOTE_SCALE_OFFSET, (byte)Math.max(0, scale));
        OffHeap.putByte(note + NOTE_FLAGS_OFFSET, (byte)((scale >= 0 ? TcpPart.WINDOW_SCALE : 0)
            | (segment.isSackPermitted() ? TcpPart.SACK_PERMITTED : 0)));
    }

    /** The ends are in step with each other and we were not: the SYN that was let through counts. */
    private void takeOverNote(final long part, final int slot, final int direction) {
        final long note = note(slot);
        final int end = OffHeap.getInt(note);
        TcpPart.clear(part, direction);
        TcpPart.end(part, direction, end);
        TcpPart.upperBound(part, direction, end);
        TcpPart.window(part, direction, Math.max(1, OffHeap.getShort(note + NOTE_WINDOW_OFFSET) & 0xffff));
        TcpPart.scale(part, direction, OffHeap.getByte(note + NOTE_SCALE_OFFSET));
        TcpPart.flags(part, direction, OffHeap.getByte(note + NOTE_FLAGS_OFFSET));
    }

    private long note(final int slot) {
        return notes.address() + (long)slot * NOTE_SIZE;
    }

    private int invalid(final DropReason why) {
        reason = why;
        return INVALID;
    }

    /** See {@link OffHeap#populate}. */
    void populate() {
        OffHeap.populate(notes);
    }

    @Override
    public void close() {
        notes.close();
    }
}
