package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of the eight bytes that every ICMP and ICMPv6 message begins with (RFC 792, RFC 4443 section 2.1): the types
 * of ICMP are here, those of ICMPv6 in {@link Icmpv6Type}. Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Type      |     Code      |            Checksum           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   Identifier of a query, or   |  Sequence number of a query,  |
 *  |   unused in an error          |  or next hop's MTU (type 3.4) |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   Payload of a query, or the packet that caused an error      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class IcmpHeader {
    /** Bytes of the header; all messages in use have them. */
    public static final int LENGTH = 8;
    /** Type: answer to an echo request. */
    public static final int ECHO_REPLY = 0;
    /** Type: destination unreachable (error). */
    public static final int UNREACHABLE = 3;
    /** Type: source quench (error, deprecated by RFC 6633). */
    public static final int SOURCE_QUENCH = 4;
    /** Type: redirect (error in RFC 1122's terms). */
    public static final int REDIRECT = 5;
    /** Type: echo request. */
    public static final int ECHO_REQUEST = 8;
    /** Type: time exceeded (error). */
    public static final int TIME_EXCEEDED = 11;
    /** Type: parameter problem (error). */
    public static final int PARAMETER_PROBLEM = 12;
    /** Type: timestamp query. */
    public static final int TIMESTAMP_REQUEST = 13;
    /** Type: answer to an address mask query, the last of the six old queries with identifiers. */
    public static final int ADDRESS_MASK_REPLY = 18;
    /** Where the checksum is. */
    public static final int CHECKSUM_OFFSET = 2;

    /** Where the identifier of a query is. */
    public static final int IDENTIFIER_OFFSET = 4;
    private static final int ERROR_TYPES =
        1 << UNREACHABLE | 1 << SOURCE_QUENCH | 1 << REDIRECT | 1 << TIME_EXCEEDED | 1 << PARAMETER_PROBLEM;

    private IcmpHeader() {
    }

    /**
     * Whether a header is there. False only when fewer than {@link #LENGTH} bytes are.
     *
     * @param length bytes from the header's first byte to the IP payload's end.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final int length) {
        return length >= LENGTH;
    }

    /**
     * The type.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 255.
     */
    public static int type(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset) & 0xFF;
    }

    /**
     * The code.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 255.
     */
    public static int code(final UnsafeBuffer buffer, final int offset) {
        return buffer.getByte(offset + 1) & 0xFF;
    }

    /**
     * Type and code together.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return {@code type << 8 | code}.
     */
    public static int typeAndCode(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The checksum.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int checksum(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + CHECKSUM_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The identifier of a query: the sender's, the same in the answer.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 65535.
     */
    public static int identifier(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + IDENTIFIER_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Whether an ICMP (IPv4) type is a query or its answer, with an identifier.
     *
     * @param type 0 .. 255.
     * @return true for echo, timestamp, information and address mask.
     */
    public static boolean isQuery(final int type) {
        return type == ECHO_REQUEST || type == ECHO_REPLY || type >= TIMESTAMP_REQUEST && type <= ADDRESS_MASK_REPLY;
    }

    /**
     * Whether an ICMP (IPv4) type is an error: carries the packet that caused it.
     *
     * @param type 0 .. 255.
     * @return true for unreachable, source quench, redirect, time exceeded and parameter problem.
     */
    public static boolean isError(final int type) {
        return type <= PARAMETER_PROBLEM && (ERROR_TYPES & 1 << type) != 0;
    }

    /**
     * Writes the eight bytes, checksum 0.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param type 0 .. 255.
     * @param code 0 .. 255.
     * @param rest identifier and sequence number, or what an error has there.
     */
    public static void write(
        final UnsafeBuffer buffer, final int offset, final int type, final int code, final int rest) {
        buffer.putInt(offset, type << 24 | code << 16, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + IDENTIFIER_OFFSET, rest, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Writes the checksum field.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param checksum 0 .. 65535.
     */
    public static void writeChecksum(final UnsafeBuffer buffer, final int offset, final int checksum) {
        buffer.putShort(offset + CHECKSUM_OFFSET, (short)checksum, ByteOrder.BIG_ENDIAN);
    }
}
