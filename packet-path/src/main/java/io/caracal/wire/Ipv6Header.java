package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of the fixed IPv6 header (RFC 8200 section 3); what follows it is {@link Ipv6ExtensionHeaders}' matter.
 * Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Version| Traffic class |               Flow label              |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Payload length        |  Next header  |   Hop limit   |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                                                               |
 *  +                         Source address (16 bytes)             +
 *  |                                                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                                                               |
 *  +                      Destination address (16 bytes)           +
 *  |                                                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class Ipv6Header {
    /** Bytes of the fixed header. */
    public static final int LENGTH = 40;
    /** Where the payload length is. */
    public static final int PAYLOAD_LENGTH_OFFSET = 4;
    /** Where the hop limit is. */
    public static final int HOP_LIMIT_OFFSET = 7;
    /** Where the source address is. */
    public static final int SOURCE_OFFSET = 8;
    /** Where the destination address is. */
    public static final int DESTINATION_OFFSET = 24;
    /** The highest hop limit; neighbour discovery is believed only with it, since no router passes it on unchanged. */
    public static final int MAX_HOP_LIMIT = 255;

    private static final int VERSION = 6;
    private static final int NEXT_HEADER_OFFSET = 6;

    private Ipv6Header() {
    }

    /**
     * Whether a header is there and its length fits. False when fewer than {@link #LENGTH} bytes are there; the
     * version is not 6; or the payload length is beyond the bytes that are there. A jumbogram (payload length 0 and a
     * hop-by-hop option, RFC 2675) cannot be longer than a frame and is taken at its word: no payload.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param length bytes from there to the frame's end; padding may follow the datagram.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final UnsafeBuffer buffer, final int offset, final int length) {
        return length >= LENGTH && (buffer.getByte(offset) & 0xF0) == VERSION << 4
            && payloadLength(buffer, offset) <= length - LENGTH;
    }

    /**
     * Whether a header quoted in an ICMPv6 error can be read: as {@link #isValid}, but its payload may be cut.
     *
     * @param buffer the bytes.
     * @param offset index of the quoted header's first byte.
     * @param length bytes from there to the error's end.
     * @return true when the accessors may be used.
     */
    public static boolean isQuoteValid(final UnsafeBuffer buffer, final int offset, final int length) {
        return length >= LENGTH && (buffer.getByte(offset) & 0xF0) == VERSION << 4;
    }

    /**
     * DSCP and ECN together.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 255.
     */
    public static int trafficClass(final UnsafeBuffer buffer, final int offset) {
        return buffer.getShort(offset, ByteOrder.BIG_ENDIAN) >>> 4 & 0xFF;
    }

    /**
     * Writes the traffic class; version and flow label stay.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param trafficClass 0 .. 255.
     */
    public static void writeTrafficClass(final UnsafeBuffer buffer, final int offset, final int trafficClass) {
        final int word = buffer.getShort(offset, ByteOrder.BIG_ENDIAN) & 0xF00F | trafficClass << 4;
        buffer.putShort(offset, (short)word, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Bytes after the fixed header, extension headers included.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int payloadLength(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + PAYLOAD_LENGTH_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * What follows the fixed header.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return one of {@link IpProtocol} or another, 0 .. 255.
     */
    public static int nextHeader(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + NEXT_HEADER_OFFSET) & 0xFF;
    }

    /**
     * Hop limit.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 255.
     */
    public static int hopLimit(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + HOP_LIMIT_OFFSET) & 0xFF;
    }

    /**
     * The upper half of the source address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return host order.
     */
    public static long sourceHigh(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + SOURCE_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The lower half of the source address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return host order.
     */
    public static long sourceLow(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + SOURCE_OFFSET + 8, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The upper half of the destination address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return host order.
     */
    public static long destinationHigh(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + DESTINATION_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The lower half of the destination address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return host order.
     */
    public static long destinationLow(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + DESTINATION_OFFSET + 8, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Takes one from the hop limit; IPv6 has no header checksum. The caller has seen that it is above 1.
     *
     * @param buffer the bytes.
     * @param offset index of a valid header's first byte.
     */
    public static void decrementHopLimit(final UnsafeBuffer buffer, final int offset) {
        final int before = hopLimit(buffer, offset);
        assert before > 1 : "hop limit " + before + " cannot be decremented";
        buffer.putByte(offset + HOP_LIMIT_OFFSET, (byte)(before - 1));
    }

    /**
     * Writes version, traffic class and flow label (both 0), payload length, next header and hop limit.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param payloadLength 0 .. 65535.
     * @param nextHeader 0 .. 255.
     * @param hopLimit 0 .. 255.
     */
    public static void write(
        final UnsafeBuffer buffer,
        final int offset,
        final int payloadLength,
        final int nextHeader,
        final int hopLimit) {
        buffer.putInt(offset, VERSION << 28, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + PAYLOAD_LENGTH_OFFSET, payloadLength << 16 | nextHeader << 8 | hopLimit,
            ByteOrder.BIG_ENDIAN);
    }

    /**
     * Writes the source address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param high upper half, host order.
     * @param low lower half, host order.
     */
    public static void writeSource(final UnsafeBuffer buffer, final int offset, final long high, final long low) {
        Ipv6Address.write(buffer, offset + SOURCE_OFFSET, high, low);
    }

    /**
     * Writes the destination address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param high upper half, host order.
     * @param low lower half, host order.
     */
    public static void writeDestination(final UnsafeBuffer buffer, final int offset, final long high, final long low) {
        Ipv6Address.write(buffer, offset + DESTINATION_OFFSET, high, low);
    }
}
