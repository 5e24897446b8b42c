package io.caracal.conntrack;

import io.caracal.wire.SctpHeader;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The state machine of SCTP associations (RFC 9260 section 4), by the control chunks that pass and the verification
 * tags that each direction must carry (section 8.5).
 *
 * <pre>
 *  protocol part: 0 tag of original | 4 tag of reply | 8 offered tag of original | 12 offered tag of reply
 * </pre>
 *
 * <p>A tag of a direction is what its packets carry, so what the other end has asked for. INIT and INIT ACK only offer
 * tags; they count once the cookie has come back, so that an INIT for an association that is up cannot disturb
 * it (section 5.2.2). The table's thread, inside a write of the record.</p>
 */
final class SctpTracker {
    private static final int INIT = 1;
    private static final int INIT_ACK = 2;
    private static final int HEARTBEAT = 4;
    private static final int ABORT = 6;
    private static final int SHUTDOWN = 7;
    private static final int SHUTDOWN_ACK = 8;
    private static final int COOKIE_ECHO = 10;
    private static final int COOKIE_ACK = 11;
    private static final int SHUTDOWN_COMPLETE = 14;
    /** In the flags of ABORT and SHUTDOWN COMPLETE: the packet carries the other direction's tag (section 8.5.1). */
    private static final int TAG_REFLECTED = 1;

    private static final int CHUNK_HEADER_SIZE = 4;
    private static final int INITIATE_TAG_OFFSET = 4;
    private static final int VERIFICATION_TAG_OFFSET = 4;
    private static final int OFFERED_OFFSET = 8;
    /** Control chunks stand before data chunks (section 6.10), so the first few tell all. */
    private static final int CHUNKS_MAX = 8;

    /** The first chunk that matters to the state, or -1; found by {@link #read}. */
    private int chunk;
    private int chunkFlags;
    private int initiateTag;
    private int tag;
    private final TcpPolicy policy;

    SctpTracker(final TcpPolicy policy) {
        this.policy = policy;
    }

    /**
     * Reads a packet; the other methods are about it.
     *
     * @return false when its chunks are malformed: no association has it.
     */
    boolean read(final UnsafeBuffer buffer, final int offset, final int length) {
        chunk = -1;
        tag = buffer.getInt(offset + VERIFICATION_TAG_OFFSET, ByteOrder.BIG_ENDIAN);
        int at = offset + SctpHeader.LENGTH;
        final int limit = offset + length;
        for (int i = 0; i < CHUNKS_MAX && at + CHUNK_HEADER_SIZE <= limit; i++) {
            final int type = buffer.getByte(at) & 0xff;
            final int chunkLength = buffer.getShort(at + 2, ByteOrder.BIG_ENDIAN) & 0xffff;
            if (chunkLength < CHUNK_HEADER_SIZE || at + chunkLength > limit) {
                return false;
            }
            if (isControl(type) && chunk < 0) {
                chunk = type;
                chunkFlags = buffer.getByte(at + 1);
                if (type == INIT || type == INIT_ACK) {
                    if (chunkLength < 2 * CHUNK_HEADER_SIZE + INITIATE_TAG_OFFSET) {
                        return false;
                    }
                    initiateTag = buffer.getInt(at + INITIATE_TAG_OFFSET, ByteOrder.BIG_ENDIAN);
                }
            }
            at += chunkLength + 3 & ~3;
        }
        /* An INIT carries tag 0 and an offer that is not 0; nothing else carries tag 0 (sections 3.3.2 and 8.5.1). */
        return chunk == INIT ? tag == 0 && initiateTag != 0 : tag != 0 && (chunk != INIT_ACK || initiateTag != 0);
    }

    private static boolean isControl(final int type) {
        return switch (type) {
            case INIT, INIT_ACK, HEARTBEAT, ABORT, SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK,
                SHUTDOWN_COMPLETE -> true;
            default -> false;
        };
    }

    /** The first state of a flow that this packet would make, {@link FlowState#FREE} for none. */
    int firstState() {
        if (chunk == INIT) {
            return FlowState.SCTP_COOKIE_WAIT;
        }
        /* A heartbeat on a path that is new to us: a multi-homed association, or one older than the tracking. */
        return chunk == HEARTBEAT && policy.picksUp() ? FlowState.SCTP_ESTABLISHED : FlowState.FREE;
    }

    /** Begins the protocol part of a new flow. */
    void open(final FlowTable table, final int slot) {
        final long part = table.protocolPart(slot);
        if (chunk == INIT) {
            offered(part, FlowTable.REPLY, initiateTag);
        } else {
            tag(part, FlowTable.ORIGINAL, tag);
        }
    }

    /**
     * Takes a packet of a flow.
     *
     * @return false when its tag or chunk does not fit; nothing has changed then.
     */
    boolean update(final FlowTable table, final int slot, final int direction) {
        final long record = table.record(slot);
        final long part = table.protocolPart(slot);
        if (!hasRightTag(part, direction)) {
            return false;
        }
        final int state = FlowRecord.state(record);
        final int next = next(state, direction, part);
        if (next == FlowState.FREE) {
            return false;
        }
        FlowRecord.state(record, next);
        final int flags = FlowRecord.flags(record);
        if (next == FlowState.SCTP_ESTABLISHED
            && (direction == FlowTable.REPLY || (flags & FlowFlags.SEEN_REPLY) != 0)) {
            FlowRecord.flags(record, flags | FlowFlags.ASSURED);
        }
        return true;
    }

    /**
     * Takes a packet of a flow whose other half is not seen: its tags cannot be known, its chunks tell when it ends.
     *
     * @return true.
     */
    boolean updateOneWay(final long record) {
        FlowRecord.state(record, switch (chunk) {
            case INIT -> FlowState.SCTP_COOKIE_WAIT;
            case COOKIE_ECHO -> FlowState.SCTP_COOKIE_ECHOED;
            case SHUTDOWN -> FlowState.SCTP_SHUTDOWN_SENT;
            case SHUTDOWN_ACK -> FlowState.SCTP_SHUTDOWN_ACK_SENT;
            case SHUTDOWN_COMPLETE, ABORT -> FlowState.SCTP_CLOSED;
            default -> FlowState.SCTP_ESTABLISHED;
        });
        return true;
    }

    private boolean hasRightTag(final long part, final int direction) {
        final int wanted = tag(part, direction);
        return switch (chunk) {
            case INIT -> true;
            case INIT_ACK, COOKIE_ECHO -> tag == offered(part, direction) || tag == wanted;
            case ABORT, SHUTDOWN_COMPLETE -> tag == wanted || tag == offered(part, direction)
                || (chunkFlags & TAG_REFLECTED) != 0 && tag == tag(part, 1 - direction);
            /* The other side of an association that was picked up shows its tag with its first packet. */
            default -> tag == wanted || wanted == 0 && tag(part, 1 - direction) != 0;
        };
    }

    private int next(final int state, final int direction, final long part) {
        switch (chunk) {
            case INIT:
                offered(part, 1 - direction, initiateTag);
                return state == FlowState.SCTP_CLOSED ? FlowState.SCTP_COOKIE_WAIT : state;
            case INIT_ACK:
                offered(part, 1 - direction, initiateTag);
                return state;
            case COOKIE_ECHO:
                tag(part, FlowTable.ORIGINAL, offered(part, FlowTable.ORIGINAL));
                tag(part, FlowTable.REPLY, offered(part, FlowTable.REPLY));
                return state == FlowState.SCTP_ESTABLISHED ? state : FlowState.SCTP_COOKIE_ECHOED;
            case COOKIE_ACK:
                return state == FlowState.SCTP_COOKIE_ECHOED || state == FlowState.SCTP_ESTABLISHED
                    ? FlowState.SCTP_ESTABLISHED : FlowState.FREE;
            case SHUTDOWN:
                return state == FlowState.SCTP_SHUTDOWN_ACK_SENT ? state : FlowState.SCTP_SHUTDOWN_SENT;
            case SHUTDOWN_ACK:
                return FlowState.SCTP_SHUTDOWN_ACK_SENT;
            case SHUTDOWN_COMPLETE, ABORT:
                return FlowState.SCTP_CLOSED;
            default:
                if (tag(part, direction) == 0) {
                    tag(part, direction, tag);
                }
                return state == FlowState.SCTP_COOKIE_WAIT ? FlowState.FREE : state;
        }
    }

    private static int tag(final long part, final int direction) {
        return OffHeap.getInt(part + direction * Integer.BYTES);
    }

    private static void tag(final long part, final int direction, final int tag) {
        OffHeap.putInt(part + direction * Integer.BYTES, tag);
    }

    private static int offered(final long part, final int direction) {
        return OffHeap.getInt(part + OFFERED_OFFSET + direction * Integer.BYTES);
    }

    private static void offered(final long part, final int direction, final int tag) {
        OffHeap.putInt(part + OFFERED_OFFSET + direction * Integer.BYTES, tag);
    }
}
