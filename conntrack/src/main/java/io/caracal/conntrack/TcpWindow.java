package io.caracal.conntrack;

import io.caracal.wire.TcpHeader;

/**
 * Whether a segment lies in the windows of its connection, after Guido van Rooij's "Real Stateful TCP Packet Filtering
 * in IP Filter" (2000), with the bounds of nf_conntrack (Linux 6.18), so that both drop the same segments.
 *
 * <p>With S the sender, R the receiver of the segment and A its highest (selective) acknowledgement:</p>
 * <pre>
 *   sequence &lt;= upper bound of S            else SEQUENCE_ABOVE: beyond what R has given room for
 *   A        &lt;= end of R                    else ACK_ABOVE: acknowledges what R has never sent
 *   end      &gt;= end of S - window of R      else BELOW: acknowledged long ago
 *   A        &gt;= end of R - max(66000, window of S)   else BELOW
 * </pre>
 *
 * <p>Reads and writes the {@link TcpPart} of one flow; the table's thread, inside a write of the record.</p>
 */
final class TcpWindow {
    /** It is of the connection as we know it. */
    static final int INSIDE = 0;
    /** Older than what we know, or a little more than was allowed: harmless, let through, nothing learnt. */
    static final int BELOW = 1;
    /** Beyond what its receiver has given room for. */
    static final int SEQUENCE_ABOVE = 2;
    /** Acknowledges what was never sent. */
    static final int ACK_ABOVE = 3;

    /** How far back an acknowledgement may lie however small the window: one unscaled window and a little more. */
    private static final int ACK_WINDOW_MIN = 66_000;
    /** No TCP offers more (RFC 7323 section 2.3). */
    private static final int WINDOW_MAX = 1 << 30;

    private TcpWindow() {
    }

    /** What the first segment of a flow tells about its sender. */
    static void open(final long part, final TcpSegment segment) {
        final int window = Math.max(1, segment.window);
        TcpPart.end(part, FlowTable.ORIGINAL, segment.end);
        TcpPart.window(part, FlowTable.ORIGINAL, window);
        if (segment.kind() == TcpSegment.SYN) {
            TcpPart.upperBound(part, FlowTable.ORIGINAL, segment.end);
            readOptions(part, FlowTable.ORIGINAL, segment);
        } else {
            /* Picked up in its middle: the scales are unknown, and were negotiated without us. */
            TcpPart.upperBound(part, FlowTable.ORIGINAL, segment.end + window);
            TcpPart.flags(part, FlowTable.ORIGINAL, TcpPart.SACK_PERMITTED | TcpPart.LIBERAL);
            TcpPart.flags(part, FlowTable.REPLY, TcpPart.SACK_PERMITTED | TcpPart.LIBERAL);
        }
    }

    /** Forgets where both directions are, but not what they negotiated: the next segments tell. */
    static void forgetPositions(final long part) {
        for (int direction = FlowTable.ORIGINAL; direction <= FlowTable.REPLY; direction++) {
            TcpPart.end(part, direction, 0);
            TcpPart.upperBound(part, direction, 0);
            TcpPart.window(part, direction, 0);
            TcpPart.flags(part, direction, TcpPart.flags(part, direction) & ~TcpPart.ACKNOWLEDGED);
        }
    }

    static void readOptions(final long part, final int direction, final TcpSegment segment) {
        final int scale = segment.windowScale();
        TcpPart.scale(part, direction, Math.max(0, scale));
        TcpPart.flags(part, direction, (scale >= 0 ? TcpPart.WINDOW_SCALE : 0)
            | (segment.isSackPermitted() ? TcpPart.SACK_PERMITTED : 0));
    }

    /**
     * Checks a segment and learns from it.
     *
     * @return one of the constants of this class; nothing is learnt but from a segment in the windows.
     */
    static int check(final long part, final int direction, final int state, final TcpSegment segment,
        final boolean liberal) {
        final int other = 1 - direction;
        final int highest = TcpPart.hasFlag(part, other, TcpPart.SACK_PERMITTED)
            ? segment.highestAcknowledgement() : segment.acknowledgement;
        if (learnsSender(part, direction, state, segment, highest)) {
            return INSIDE;
        }
        final boolean acknowledges = segment.isSet(TcpHeader.ACK)
            && !(segment.isSet(TcpHeader.RST) && segment.acknowledgement == 0);
        final int otherEnd = TcpPart.end(part, other);
        final int ack = acknowledges ? segment.acknowledgement : otherEnd;
        final int sack = acknowledges ? highest : otherEnd;
        /* A RST that answers a SYN carries sequence number 0 (RFC 9293 section 3.5.2). */
        final boolean refuses = segment.isSet(TcpHeader.RST) && segment.sequence == 0
            && state == FlowState.TCP_SYN_SENT;
        final int sequence = refuses ? TcpPart.end(part, direction) : segment.sequence;
        final int end = refuses ? sequence : segment.end;
        final int position = position(part, direction, sequence, end, sack);
        if (position == INSIDE) {
            learn(part, direction, segment, end, ack, sack);
            return INSIDE;
        }
        return liberal || TcpPart.hasFlag(part, direction, TcpPart.LIBERAL) ? INSIDE : position;
    }

    private static int position(final long part, final int direction, final int sequence, final int end,
        final int sack) {
        final int other = 1 - direction;
        final int otherEnd = TcpPart.end(part, other);
        final int otherWindow = TcpPart.window(part, other);
        final int ackWindow = Math.max(ACK_WINDOW_MIN, TcpPart.window(part, direction));
        final boolean endIsRecent = end - (TcpPart.end(part, direction) - otherWindow) >= 0;
        final boolean ackIsRecent = sack - (otherEnd - ackWindow) >= 0;
        final boolean ackIsOfSent = sack - otherEnd <= 0;
        if (sequence - TcpPart.upperBound(part, direction) > 0) {
            final int beyond = end - TcpPart.upperBound(part, direction) + 1;
            if (otherWindow != 0 && endIsRecent && ackIsRecent && ackIsOfSent
                && Integer.compareUnsigned(beyond, otherWindow) <= 0) {
                /* More than the window allows, but not more than a window: some TCPs do, and their peers take it. */
                TcpPart.end(part, direction, end);
                return BELOW;
            }
            return SEQUENCE_ABOVE;
        }
        if (!ackIsOfSent) {
            return ACK_ABOVE;
        }
        return (otherWindow == 0 || endIsRecent) && ackIsRecent ? INSIDE : BELOW;
    }

    private static void learn(final long part, final int direction, final TcpSegment segment, final int end,
        final int ack, final int sack) {
        final int other = 1 - direction;
        final int window = segment.isSet(TcpHeader.SYN)
            ? segment.window : segment.window << TcpPart.scale(part, direction);
        final int offered = limited((long)window + (sack - ack));
        TcpPart.window(part, direction, Math.max(TcpPart.window(part, direction), offered));
        if (end - TcpPart.end(part, direction) > 0) {
            TcpPart.end(part, direction, end);
        }
        if (segment.isSet(TcpHeader.ACK) && (!TcpPart.hasFlag(part, direction, TcpPart.ACKNOWLEDGED)
            || ack - TcpPart.highestAck(part, direction) > 0)) {
            TcpPart.highestAck(part, direction, ack);
            TcpPart.addFlags(part, direction, TcpPart.ACKNOWLEDGED);
        }
        final int beyond = end - TcpPart.upperBound(part, direction);
        if (TcpPart.window(part, other) != 0 && beyond > 0) {
            TcpPart.window(part, other, limited((long)TcpPart.window(part, other) + beyond));
        }
        /* A closed window still lets a probe of one byte through (RFC 9293 section 3.8.6.1). */
        if (sack + window - TcpPart.upperBound(part, other) >= 0) {
            TcpPart.upperBound(part, other, sack + Math.max(1, window));
        }
    }

    /** NB: the plain acknowledgement of a segment with SACK blocks is unchecked, so the sum may be anything. */
    private static int limited(final long window) {
        return (int)Math.max(0, Math.min(window, WINDOW_MAX));
    }

    /**
     * Takes over what a segment says about its sender where nothing, or something older, is known.
     *
     * @return whether that settles the segment: a SYN of a simultaneous open has nothing to compare with.
     */
    private static boolean learnsSender(final long part, final int direction, final int state,
        final TcpSegment segment, final int highest) {
        final boolean syn = segment.isSet(TcpHeader.SYN);
        if (TcpPart.window(part, direction) == 0) {
            if (!syn) {
                joinInTheMiddle(part, direction, segment, highest);
                return false;
            }
            beginSender(part, direction, segment);
            return !segment.isSet(TcpHeader.ACK);
        }
        final boolean opening = state == FlowState.TCP_SYN_SENT || state == FlowState.TCP_SYN_RECEIVED;
        if (syn && opening && segment.end - TcpPart.end(part, direction) > 0) {
            /* A new attempt with a later initial sequence number (RFC 9293 section 3.4.3). */
            beginSender(part, direction, segment);
            return direction == FlowTable.REPLY && !segment.isSet(TcpHeader.ACK);
        }
        return false;
    }

    private static void beginSender(final long part, final int direction, final TcpSegment segment) {
        TcpPart.end(part, direction, segment.end);
        TcpPart.upperBound(part, direction, segment.end);
        TcpPart.window(part, direction, Math.max(1, segment.window));
        readOptionsIfAny(part, direction, segment);
        /* Scaling is on only when both SYNs carried the option (RFC 7323 section 2.2). */
        final int both = TcpPart.flags(part, FlowTable.ORIGINAL) & TcpPart.flags(part, FlowTable.REPLY);
        if (direction == FlowTable.REPLY && (both & TcpPart.WINDOW_SCALE) == 0) {
            TcpPart.scale(part, FlowTable.ORIGINAL, 0);
            TcpPart.scale(part, FlowTable.REPLY, 0);
        }
    }

    /** NB: as nf_conntrack, a segment without any option leaves what an earlier one said. */
    private static void readOptionsIfAny(final long part, final int direction, final TcpSegment segment) {
        if (segment.hasOptions()) {
            readOptions(part, direction, segment);
        }
    }

    private static void joinInTheMiddle(final long part, final int direction, final TcpSegment segment,
        final int highest) {
        final int other = 1 - direction;
        final int window = Math.max(1, segment.window << TcpPart.scale(part, direction));
        TcpPart.end(part, direction, segment.end);
        TcpPart.window(part, direction, window);
        TcpPart.upperBound(part, direction, segment.end + window);
        if (TcpPart.window(part, other) == 0) {
            TcpPart.end(part, other, highest);
            TcpPart.upperBound(part, other, highest);
        } else if (highest == TcpPart.end(part, other) + 1) {
            /* The answer to a keep-alive, whose sequence number lies one before the end. */
            TcpPart.end(part, other, highest);
        }
    }
}
