package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of a UDP header (RFC 768); its ports are {@link TransportPorts}. Stateless; any thread.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source port          |        Destination port       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |             Length            |            Checksum           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class UdpHeader {
    /** Bytes of the header. */
    public static final int LENGTH = 8;
    /** Where the checksum is. */
    public static final int CHECKSUM_OFFSET = 6;
    /** The checksum field of an IPv4 datagram that has none; IPv6 forbids it (RFC 8200 section 8.1). */
    public static final int NO_CHECKSUM = 0;

    private static final int LENGTH_OFFSET = 4;

    private UdpHeader() {
    }

    /**
     * Whether a whole datagram is there. False when fewer than {@link #LENGTH} bytes are there, or the length field
     * says fewer than that or more than are there. The IP payload may be longer: the kernel accepts that too
     * ({@code net/netfilter/nf_conntrack_proto_udp.c}).
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param length bytes from there to the IP payload's end.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final UnsafeBuffer buffer, final int offset, final int length) {
        return isFirstFragmentValid(buffer, offset, length) && length(buffer, offset) <= length;
    }

    /**
     * Whether the header of a fragmented datagram is there: as {@link #isValid}, but the datagram is longer than its
     * first fragment.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param length bytes from there to the IP payload's end.
     * @return true when the accessors may be used.
     */
    public static boolean isFirstFragmentValid(final UnsafeBuffer buffer, final int offset, final int length) {
        return length >= LENGTH && length(buffer, offset) >= LENGTH;
    }

    /**
     * Bytes of header and payload.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 8 .. 65535 in a valid header.
     */
    public static int length(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + LENGTH_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The checksum over pseudo-header, header and payload.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535; {@link #NO_CHECKSUM} means there is none.
     */
    public static int checksum(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + CHECKSUM_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Writes length and checksum field.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param length 8 .. 65535.
     * @param checksum 0 .. 65535, written as it is.
     */
    public static void writeLengthAndChecksum(
        final UnsafeBuffer buffer, final int offset, final int length, final int checksum) {
        buffer.putInt(offset + LENGTH_OFFSET, length << 16 | checksum, ByteOrder.BIG_ENDIAN);
    }

    /**
     * What a computed checksum becomes in the field: 0 is sent as 65535, its other form, because 0 says "none".
     *
     * @param checksum 0 .. 65535.
     * @return 1 .. 65535.
     */
    public static int onWire(final int checksum) {
        return checksum == NO_CHECKSUM ? 0xFFFF : checksum;
    }
}
