package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of an IPv4 header (RFC 791 section 3.1). Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |Version|  IHL  |    DSCP   |ECN|          Total length         |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Identification        |0|D|M|     Fragment offset     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |      TTL      |    Protocol   |        Header checksum        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Source address                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Destination address                     |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                 Options (0 to 40 bytes)                       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class Ipv4Header {
    /** Bytes of a header without options, the smallest there is. */
    public static final int MIN_LENGTH = 20;
    /** Bit of the fragment word: routers may not fragment. */
    public static final int DONT_FRAGMENT = 0x4000;
    /** Bit of the fragment word: more fragments follow. */
    public static final int MORE_FRAGMENTS = 0x2000;
    /** Bits of the fragment word: where the payload belongs, in units of eight bytes. */
    public static final int FRAGMENT_OFFSET_MASK = 0x1FFF;
    /** Where the identification is. */
    public static final int IDENTIFICATION_OFFSET = 4;
    /** Where the TTL is. */
    public static final int TTL_OFFSET = 8;
    /** Where the header checksum is. */
    public static final int CHECKSUM_OFFSET = 10;
    /** Where the source address is. */
    public static final int SOURCE_OFFSET = 12;
    /** Where the destination address is. */
    public static final int DESTINATION_OFFSET = 16;

    private static final int VERSION = 4;
    private static final int TOS_OFFSET = 1;
    private static final int TOTAL_LENGTH_OFFSET = 2;
    private static final int FRAGMENT_OFFSET = 6;
    private static final int PROTOCOL_OFFSET = 9;
    /** One of the TTL, in its 16-bit word. */
    private static final int TTL_ONE = 0x100;
    /** What a sum of words and their checksum folds to when they agree. */
    private static final int CONSISTENT = 0xFFFF;

    private Ipv4Header() {
    }

    /**
     * Whether a header is there and its lengths fit. False when fewer than {@link #MIN_LENGTH} bytes are there; the
     * version is not 4; the header length is below 20 bytes, beyond the total length; the total length is beyond the
     * bytes that are there; or a fragment would reach beyond the largest datagram (65535 bytes). The checksum is
     * {@linkplain #isChecksumValid a question of its own}.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param length bytes from there to the frame's end; padding may follow the datagram.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final UnsafeBuffer buffer, final int offset, final int length) {
        return length >= MIN_LENGTH && isValid(Ipv4Words.first(buffer, offset), length);
    }

    /**
     * As {@link #isValid(UnsafeBuffer, int, int)}, for who has read the header's first word and seen that
     * {@link #MIN_LENGTH} bytes are there.
     *
     * @param first as {@link Ipv4Words#first} read it.
     * @param length bytes from the header's first byte to the frame's end.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final long first, final int length) {
        final int headerLength = Ipv4Words.headerLength(first);
        final int totalLength = Ipv4Words.totalLength(first);
        final int fragmentStart = (Ipv4Words.fragmentWord(first) & FRAGMENT_OFFSET_MASK) << 3;
        return first >>> 60 == VERSION && headerLength >= MIN_LENGTH && headerLength <= totalLength
            && totalLength <= length && fragmentStart + totalLength <= 0xFFFF;
    }

    /**
     * Whether a header quoted in an ICMP error can be read: as {@link #isValid}, but its payload may be cut, and its
     * total length is not asked, since some senders quote it in another byte order.
     *
     * @param buffer the bytes.
     * @param offset index of the quoted header's first byte.
     * @param length bytes from there to the error's end.
     * @return true when the accessors may be used.
     */
    public static boolean isQuoteValid(final UnsafeBuffer buffer, final int offset, final int length) {
        return length >= MIN_LENGTH && (buffer.getByte(offset) & 0xF0) == VERSION << 4
            && headerLength(buffer, offset) >= MIN_LENGTH && headerLength(buffer, offset) <= length;
    }

    /**
     * Whether the header's checksum fits it.
     *
     * @param buffer the bytes.
     * @param offset index of a valid header's first byte.
     * @return true when the words add up.
     */
    public static boolean isChecksumValid(final UnsafeBuffer buffer, final int offset) {
        return InternetChecksum.sum(buffer, offset, headerLength(buffer, offset)) == CONSISTENT;
    }

    /**
     * Bytes of the header with options.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 20 .. 60, a multiple of 4, in a valid header.
     */
    public static int headerLength(final UnsafeBuffer buffer, final int offset) {
        return (buffer.getByte(offset) & 0xF) << 2;
    }

    /**
     * DSCP and ECN together, once called type of service.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 255.
     */
    public static int tos(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + TOS_OFFSET) & 0xFF;
    }

    /**
     * Bytes of header and payload.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 20 .. 65535 in a valid header.
     */
    public static int totalLength(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + TOTAL_LENGTH_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The identification that fragments of one datagram share.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int identification(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + IDENTIFICATION_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Flags and fragment offset as they lie.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return bits of {@link #DONT_FRAGMENT}, {@link #MORE_FRAGMENTS}, {@link #FRAGMENT_OFFSET_MASK}.
     */
    public static int fragmentWord(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + FRAGMENT_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Time to live.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 255.
     */
    public static int ttl(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + TTL_OFFSET) & 0xFF;
    }

    /**
     * Protocol of the payload.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return one of {@link IpProtocol} or another, 0 .. 255.
     */
    public static int protocol(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + PROTOCOL_OFFSET) & 0xFF;
    }

    /**
     * The header checksum.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int checksum(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + CHECKSUM_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The source address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return host order.
     */
    public static int source(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + SOURCE_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The destination address.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return host order.
     */
    public static int destination(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + DESTINATION_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Takes one from the TTL and keeps the checksum right (RFC 1624). The caller has seen that it is above 1.
     *
     * @param buffer the bytes.
     * @param offset index of a valid header's first byte.
     */
    public static void decrementTtl(final UnsafeBuffer buffer, final int offset) {
        final int word = buffer.getInt(offset + TTL_OFFSET, ByteOrder.BIG_ENDIAN);
        assert word >>> 24 > 1 : "TTL " + (word >>> 24) + " cannot be decremented";
        /* The complement grows by what the TTL's word loses; 65535 is the other form of 0 and never right here. */
        final int sum = (word & CONSISTENT) + TTL_ONE;
        final int checksum = sum + (sum >= CONSISTENT ? 1 : 0) & CONSISTENT;
        buffer.putInt(offset + TTL_OFFSET, (word & ~CONSISTENT) - (TTL_ONE << 16) | checksum, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Changes DSCP and ECN and keeps the checksum right (RFC 1624).
     *
     * @param buffer the bytes.
     * @param offset index of a valid header's first byte.
     * @param tos 0 .. 255.
     */
    public static void updateTos(final UnsafeBuffer buffer, final int offset, final int tos) {
        final int before = Short.toUnsignedInt(buffer.getShort(offset, ByteOrder.BIG_ENDIAN));
        final int after = before & 0xFF00 | tos;
        buffer.putShort(offset, (short)after, ByteOrder.BIG_ENDIAN);
        writeChecksum(buffer, offset, InternetChecksum.update16(checksum(buffer, offset), before, after));
    }

    /**
     * Replaces the source address and keeps the header's checksum right (RFC 1624); the transport's is the caller's.
     *
     * @param buffer the bytes.
     * @param offset index of a valid header's first byte.
     * @param address host order.
     */
    public static void updateSource(final UnsafeBuffer buffer, final int offset, final int address) {
        updateAddress(buffer, offset, SOURCE_OFFSET, address);
    }

    /**
     * As {@link #updateSource}, the destination address.
     *
     * @param buffer the bytes.
     * @param offset index of a valid header's first byte.
     * @param address host order.
     */
    public static void updateDestination(final UnsafeBuffer buffer, final int offset, final int address) {
        updateAddress(buffer, offset, DESTINATION_OFFSET, address);
    }

    private static void updateAddress(
        final UnsafeBuffer buffer, final int offset, final int fieldOffset, final int address) {
        final int before = buffer.getInt(offset + fieldOffset, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + fieldOffset, address, ByteOrder.BIG_ENDIAN);
        writeChecksum(buffer, offset, InternetChecksum.update32(checksum(buffer, offset), before, address));
    }

    /**
     * Writes total length and fragment word, then the checksum anew: for a header that is cut into fragments.
     *
     * @param buffer the bytes.
     * @param offset index of a header whose length field is right.
     * @param totalLength bytes of header and payload.
     * @param fragmentWord as {@link #fragmentWord} reads it.
     */
    public static void rewriteFragment(
        final UnsafeBuffer buffer, final int offset, final int totalLength, final int fragmentWord) {
        buffer.putShort(offset + TOTAL_LENGTH_OFFSET, (short)totalLength, ByteOrder.BIG_ENDIAN);
        buffer.putShort(offset + FRAGMENT_OFFSET, (short)fragmentWord, ByteOrder.BIG_ENDIAN);
        completeChecksum(buffer, offset);
    }

    /**
     * Writes a header without options, "don't fragment" set, checksum right.
     *
     * @param buffer the bytes; {@link #MIN_LENGTH} of them are written.
     * @param offset index of the header's first byte.
     * @param totalLength bytes of header and payload, 20 .. 65535.
     * @param ttlAndProtocol TTL in the high, protocol in the low byte.
     * @param source host order.
     * @param destination host order.
     */
    public static void write(
        final UnsafeBuffer buffer,
        final int offset,
        final int totalLength,
        final int ttlAndProtocol,
        final int source,
        final int destination) {
        buffer.putInt(offset, (VERSION << 4 | MIN_LENGTH >> 2) << 24 | totalLength, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + IDENTIFICATION_OFFSET, DONT_FRAGMENT, ByteOrder.BIG_ENDIAN);
        buffer.putShort(offset + TTL_OFFSET, (short)ttlAndProtocol, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + SOURCE_OFFSET, source, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + DESTINATION_OFFSET, destination, ByteOrder.BIG_ENDIAN);
        completeChecksum(buffer, offset);
    }

    /**
     * Writes the checksum of the header as it is now.
     *
     * @param buffer the bytes.
     * @param offset index of a header whose length field is right.
     */
    public static void completeChecksum(final UnsafeBuffer buffer, final int offset) {
        writeChecksum(buffer, offset, 0);
        final long sum = InternetChecksum.sum(buffer, offset, headerLength(buffer, offset));
        writeChecksum(buffer, offset, InternetChecksum.finish(sum));
    }

    private static void writeChecksum(final UnsafeBuffer buffer, final int offset, final int checksum) {
        buffer.putShort(offset + CHECKSUM_OFFSET, (short)checksum, ByteOrder.BIG_ENDIAN);
    }
}
