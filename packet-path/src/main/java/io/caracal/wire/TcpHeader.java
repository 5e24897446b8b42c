package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of a TCP header (RFC 9293 section 3.1); its ports are {@link TransportPorts}. Stateless; any thread.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source port          |        Destination port       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                        Sequence number                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                     Acknowledgement number                    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |            Checksum           |         Urgent pointer        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Options (0 to 40 bytes)                       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class TcpHeader {
    /** Bytes of a header without options, the smallest there is. */
    public static final int MIN_LENGTH = 20;
    /** Flag: the sender has no more to send. */
    public static final int FIN = 0x01;
    /** Flag: opens a connection. */
    public static final int SYN = 0x02;
    /** Flag: aborts a connection. */
    public static final int RST = 0x04;
    /** Flag: deliver at once. */
    public static final int PSH = 0x08;
    /** Flag: the acknowledgement number counts. */
    public static final int ACK = 0x10;
    /** Flag: the urgent pointer counts. */
    public static final int URG = 0x20;
    /** Flag: the receiver saw congestion (RFC 3168). */
    public static final int ECE = 0x40;
    /** Flag: the sender slowed down (RFC 3168). */
    public static final int CWR = 0x80;
    /** Where the checksum is. */
    public static final int CHECKSUM_OFFSET = 16;

    private static final int SEQUENCE_OFFSET = 4;
    private static final int ACKNOWLEDGEMENT_OFFSET = 8;
    private static final int HEADER_LENGTH_OFFSET = 12;
    private static final int FLAGS_OFFSET = 13;
    private static final int WINDOW_OFFSET = 14;

    private TcpHeader() {
    }

    /**
     * Whether a whole header is there. False when fewer than {@link #MIN_LENGTH} bytes are there, or the data offset
     * is below 20 bytes or beyond what is there. Which flags go together is connection tracking's question.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param length bytes from there to the IP payload's end.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final UnsafeBuffer buffer, final int offset, final int length) {
        if (length < MIN_LENGTH) {
            return false;
        }
        final int headerLength = headerLength(buffer, offset);
        return headerLength >= MIN_LENGTH && headerLength <= length;
    }

    /**
     * Bytes of the header with options.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 20 .. 60, a multiple of 4, in a valid header.
     */
    public static int headerLength(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + HEADER_LENGTH_OFFSET) >>> 2 & 0x3C;
    }

    /**
     * The flags.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return bits such as {@link #SYN}, 0 .. 255.
     */
    public static int flags(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + FLAGS_OFFSET) & 0xFF;
    }

    /**
     * The sequence number of the first payload byte (or of SYN).
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 32 bits; compare by signed difference.
     */
    public static int sequence(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + SEQUENCE_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The next sequence number that the sender expects.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 32 bits; compare by signed difference.
     */
    public static int acknowledgement(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + ACKNOWLEDGEMENT_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The window as it lies, unscaled.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int window(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + WINDOW_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The checksum over pseudo-header, header and payload.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int checksum(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + CHECKSUM_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Writes everything behind the ports of a header without options: window full, checksum and urgent pointer 0.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param sequence 32 bits.
     * @param acknowledgement 32 bits.
     * @param flags bits such as {@link #SYN}.
     */
    public static void write(
        final UnsafeBuffer buffer, final int offset, final int sequence, final int acknowledgement, final int flags) {
        buffer.putInt(offset + SEQUENCE_OFFSET, sequence, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + ACKNOWLEDGEMENT_OFFSET, acknowledgement, ByteOrder.BIG_ENDIAN);
        final int lengthFlagsWindow = MIN_LENGTH >> 2 << 28 | flags << 16 | 0xFFFF;
        buffer.putInt(offset + HEADER_LENGTH_OFFSET, lengthFlagsWindow, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + CHECKSUM_OFFSET, 0, ByteOrder.BIG_ENDIAN);
    }
}
