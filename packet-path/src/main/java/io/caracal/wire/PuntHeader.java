package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of what the tc programs write over the Ethernet addresses of a packet on the punt pair, and of what they read
 * there when it comes back. The other half of this format is {@code xdp-loader/src/main/bpf/caracal.h}.
 * Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      0x02     |      Code     |    Workload's ifindex (high)  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |    Workload's ifindex (low)   |  the sender's own address, or |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  0x02, 0x00, origin's ifindex +
 *  |                                                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |           EtherType           |
 * </pre>
 *
 * <p>The code is a {@code Direction} on the way to the engine and an {@code EgressAction} on the way back. 0x02 marks
 * a locally administered unicast address, so a bridge or a capture on the pair sees an ordinary frame. The source half
 * names the origin of what the host's stack sends: the interface by which the host received it, 0 when it is the host's
 * own. A packet of a workload or from an uplink keeps its own source address there.</p>
 */
public final class PuntHeader {
    /** First byte of both addresses: locally administered, unicast. */
    public static final int LOCAL_UNICAST = 0x02;
    /** Second byte of the source address where it names an origin. */
    public static final int ORIGIN_CODE = 0;
    /** Lowest code of the way to the engine: {@code Direction.FROM_WORKLOAD}. */
    public static final int CODE_FROM_WORKLOAD = 1;
    /** Code of the way to the engine: {@code Direction.TO_WORKLOAD}. */
    public static final int CODE_TO_WORKLOAD = 2;
    /** Code of the way to the engine: {@code Direction.FROM_UPLINK}, where tc hooks take an uplink's packets. */
    public static final int CODE_FROM_UPLINK = 3;
    /** Highest code of the way to the engine: {@code Direction.TO_UPLINK}. */
    public static final int CODE_TO_UPLINK = 4;

    private static final int IFINDEX_OFFSET = 2;
    private static final int ORIGIN_OFFSET = EthernetHeader.SOURCE_OFFSET;
    private static final int ORIGIN_IFINDEX_OFFSET = ORIGIN_OFFSET + 2;
    private static final int MARK_SHIFT = 48;
    private static final int IFINDEX_SHIFT = 16;
    private static final int LOW_16 = 0xFFFF;
    private static final int ORIGIN_MARK = LOCAL_UNICAST << 8 | ORIGIN_CODE;

    private PuntHeader() {
    }

    /**
     * Reads the part of the header that every packet has, in one access: pass it to {@link #isValid}, {@link #code} and
     * {@link #ifindex}.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte; an Ethernet header is there.
     * @return destination address and the first two bytes of the source address.
     */
    public static long word(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Whether the tc programs wrote this header. False when the first byte is not {@link #LOCAL_UNICAST}, the code is
     * no direction, the ifindex is not positive, or a packet of the host's stack does not name its origin.
     *
     * @param word as {@link #word} read it.
     * @return true when the accessors mean something.
     */
    public static boolean isValid(final long word) {
        final int code = (int)(word >>> MARK_SHIFT) - (LOCAL_UNICAST << 8);
        /* Even codes are of the host's stack. A mask instead of "or": no predictor knows which code comes next. */
        final int originMask = (code & 1) - 1;
        return ifindex(word) > 0 && code >= CODE_FROM_WORKLOAD && code <= CODE_TO_UPLINK
            && (((int)word ^ ORIGIN_MARK) & LOW_16 & originMask) == 0;
    }

    /**
     * The direction (to the engine) or egress action (from it).
     *
     * @param word as {@link #word} read it.
     * @return the second byte.
     */
    public static byte code(final long word) {
        return (byte)(word >>> MARK_SHIFT);
    }

    /**
     * The workload interface that the packet came from or goes to.
     *
     * @param word as {@link #word} read it.
     * @return kernel ifindex; positive in a valid header.
     */
    public static int ifindex(final long word) {
        return (int)(word >>> IFINDEX_SHIFT);
    }

    /**
     * The interface by which the host's stack received a packet that it sends to a workload.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte; the code is {@link #CODE_TO_WORKLOAD}.
     * @return kernel ifindex, or 0 for the host's own packet.
     */
    public static int originIfindex(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + ORIGIN_IFINDEX_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Writes code and ifindex over the destination address; the source address stays.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte.
     * @param code a direction or an egress action.
     * @param ifindex positive kernel ifindex.
     */
    public static void write(final UnsafeBuffer buffer, final int offset, final byte code, final int ifindex) {
        buffer.putShort(offset, (short)(LOCAL_UNICAST << 8 | Byte.toUnsignedInt(code)), ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + IFINDEX_OFFSET, ifindex, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Writes the origin over the source address, as tc egress of a workload interface does.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte.
     * @param originIfindex kernel ifindex, or 0 for the host itself.
     */
    public static void writeOrigin(final UnsafeBuffer buffer, final int offset, final int originIfindex) {
        buffer.putShort(offset + ORIGIN_OFFSET, (short)ORIGIN_MARK, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + ORIGIN_IFINDEX_OFFSET, originIfindex, ByteOrder.BIG_ENDIAN);
    }
}
