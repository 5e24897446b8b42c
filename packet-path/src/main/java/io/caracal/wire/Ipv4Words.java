package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The IPv4 header without options as three words, for code that wants nearly all of its fields: every read of the
 * buffer is a barrier to the compiler, and three of them instead of a dozen are a third of what a parse costs
 * ({@code docs/decisions/001-header-views.md}). Layout and meaning are {@link Ipv4Header}'s. Stateless; any thread.
 *
 * <pre>
 *  first        version .. fragment word         bytes  0 ..  7
 *  second       TTL .. source address            bytes  8 .. 15
 *  destination  destination address              bytes 16 .. 19
 * </pre>
 */
public final class Ipv4Words {
    private static final int SECOND_OFFSET = 8;
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int CONSISTENT = 0xFFFF;

    private Ipv4Words() {
    }

    /**
     * Reads the first word.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte; {@link Ipv4Header#MIN_LENGTH} bytes are there.
     * @return version, header length, type of service, total length, identification, fragment word.
     */
    public static long first(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Reads the second word.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return TTL, protocol, checksum, source address.
     */
    public static long second(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + SECOND_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Bytes of the header with options.
     *
     * @param first the first word.
     * @return 20 .. 60 in a valid header.
     */
    public static int headerLength(final long first) {
        return (int)(first >>> 54) & 0x3C;
    }

    /**
     * Bytes of header and payload.
     *
     * @param first the first word.
     * @return 20 .. 65535 in a valid header.
     */
    public static int totalLength(final long first) {
        return (int)(first >>> 32) & 0xFFFF;
    }

    /**
     * Flags and fragment offset as they lie.
     *
     * @param first the first word.
     * @return as {@link Ipv4Header#fragmentWord}.
     */
    public static int fragmentWord(final long first) {
        return (int)first & 0xFFFF;
    }

    /**
     * Protocol of the payload.
     *
     * @param second the second word.
     * @return 0 .. 255.
     */
    public static int protocol(final long second) {
        return (int)(second >>> 48) & 0xFF;
    }

    /**
     * The source address.
     *
     * @param second the second word.
     * @return host order.
     */
    public static int source(final long second) {
        return (int)second;
    }

    /**
     * Whether the checksum of a header without options fits it.
     *
     * @param first the first word.
     * @param second the second word.
     * @param destination the destination address.
     * @return true when the words add up.
     */
    public static boolean isChecksumValid(final long first, final long second, final int destination) {
        final long sum =
            (first >>> 32) + (first & LOW_32) + (second >>> 32) + (second & LOW_32) + (destination & LOW_32);
        return InternetChecksum.fold(sum) == CONSISTENT;
    }
}
