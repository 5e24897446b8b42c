package io.caracal.conntrack;

/**
 * The 32 bytes of a flow's record that TCP has for itself.
 *
 * <pre>
 *   0 original: end | 4 upper bound | 8 highest acknowledgement | 12 largest window (16 bits, {@link #packWindow})
 *  14 reply:    the same
 *  28 window scales (original in the low nibble) | 29 original flags | 30 reply flags | 31 last segment
 * </pre>
 *
 * <p>Of a direction: {@code end} is the highest sequence number seen; {@code upper bound} the highest that the other
 * side has given room for; {@code largest window} the largest it has offered itself, 0 until it has been seen.</p>
 */
final class TcpPart {
    /** The direction's SYN had a window scale option. */
    static final int WINDOW_SCALE = 1;
    /** The direction's SYN allowed selective acknowledgements. */
    static final int SACK_PERMITTED = 2;
    /** The direction sent the first FIN. */
    static final int CLOSE_BEGUN = 4;
    /** Windows of the direction are not known well enough to drop a segment for them. */
    static final int LIBERAL = 8;
    /** {@code highest acknowledgement} is valid. */
    static final int ACKNOWLEDGED = 16;

    /** Bits of the last segment's byte: its kind, its direction, and what is expected next. */
    static final int LAST_KIND_MASK = 7;
    static final int LAST_WAS_REPLY = 8;
    /** The last segment was let through unexamined, and noted. */
    static final int LAST_WAS_IGNORED = 16;
    /** Both sides have sent a SYN. */
    static final int SIMULTANEOUS_OPEN = 32;
    /** The answer to the noted SYN may be a challenge ACK (RFC 5961 section 4), which acknowledges no FIN. */
    static final int CHALLENGE_EXPECTED = 64;

    private static final int DIRECTION_SIZE = 14;
    private static final int UPPER_BOUND_OFFSET = 4;
    private static final int HIGHEST_ACK_OFFSET = 8;
    private static final int WINDOW_OFFSET = 12;
    private static final int SCALES_OFFSET = 28;
    private static final int FLAGS_OFFSET = 29;
    private static final int LAST_OFFSET = 31;
    private static final int MANTISSA_BITS = 11;

    private TcpPart() {
    }

    static int end(final long part, final int direction) {
        return OffHeap.getInt(part + direction * DIRECTION_SIZE);
    }

    static void end(final long part, final int direction, final int end) {
        OffHeap.putInt(part + direction * DIRECTION_SIZE, end);
    }

    static int upperBound(final long part, final int direction) {
        return OffHeap.getInt(part + direction * DIRECTION_SIZE + UPPER_BOUND_OFFSET);
    }

    static void upperBound(final long part, final int direction, final int upperBound) {
        OffHeap.putInt(part + direction * DIRECTION_SIZE + UPPER_BOUND_OFFSET, upperBound);
    }

    static int highestAck(final long part, final int direction) {
        return OffHeap.getInt(part + direction * DIRECTION_SIZE + HIGHEST_ACK_OFFSET);
    }

    static void highestAck(final long part, final int direction, final int highestAck) {
        OffHeap.putInt(part + direction * DIRECTION_SIZE + HIGHEST_ACK_OFFSET, highestAck);
    }

    static int window(final long part, final int direction) {
        return unpackWindow(OffHeap.getShort(part + direction * DIRECTION_SIZE + WINDOW_OFFSET));
    }

    static void window(final long part, final int direction, final int window) {
        OffHeap.putShort(part + direction * DIRECTION_SIZE + WINDOW_OFFSET, packWindow(window));
    }

    static int scale(final long part, final int direction) {
        return OffHeap.getByte(part + SCALES_OFFSET) >>> direction * 4 & 0xf;
    }

    static void scale(final long part, final int direction, final int scale) {
        final int others = OffHeap.getByte(part + SCALES_OFFSET) & ~(0xf << direction * 4);
        OffHeap.putByte(part + SCALES_OFFSET, (byte)(others | scale << direction * 4));
    }

    static int flags(final long part, final int direction) {
        return OffHeap.getByte(part + FLAGS_OFFSET + direction) & 0xff;
    }

    static void flags(final long part, final int direction, final int flags) {
        OffHeap.putByte(part + FLAGS_OFFSET + direction, (byte)flags);
    }

    static boolean hasFlag(final long part, final int direction, final int flag) {
        return (flags(part, direction) & flag) != 0;
    }

    static void addFlags(final long part, final int direction, final int flags) {
        flags(part, direction, flags(part, direction) | flags);
    }

    static int last(final long part) {
        return OffHeap.getByte(part + LAST_OFFSET) & 0xff;
    }

    static void last(final long part, final int last) {
        OffHeap.putByte(part + LAST_OFFSET, (byte)last);
    }

    /** Forgets everything of a direction. */
    static void clear(final long part, final int direction) {
        end(part, direction, 0);
        upperBound(part, direction, 0);
        highestAck(part, direction, 0);
        window(part, direction, 0);
        scale(part, direction, 0);
        flags(part, direction, 0);
    }

    /**
     * A window in 16 bits: eleven of mantissa and five of exponent, rounded up. Exact up to 2047 and at most a
     * thousandth too large above, so no segment is dropped for it that would not be without.
     */
    static short packWindow(final int window) {
        assert window >= 0 : window;
        int exponent = Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(window) - MANTISSA_BITS);
        int mantissa = window + (1 << exponent) - 1 >>> exponent;
        if (mantissa == 1 << MANTISSA_BITS) {
            mantissa >>>= 1;
            exponent++;
        }
        return (short)(exponent << MANTISSA_BITS | mantissa);
    }

    static int unpackWindow(final short packed) {
        return (packed & (1 << MANTISSA_BITS) - 1) << ((packed & 0xffff) >>> MANTISSA_BITS);
    }
}
