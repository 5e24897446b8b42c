package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The Internet checksum (RFC 1071), its incremental update (RFC 1624) and the pseudo-headers of IPv4 (RFC 768,
 * RFC 9293 section 3.1) and IPv6 (RFC 8200 section 8.1). Stateless; any thread.
 *
 * <p>A <em>sum</em> is a {@code long} that adds 16-bit big-endian words without folding; sums may be added to each
 * other. A <em>checksum</em> is the folded complement, 0 .. 65535 in host order, as the header field holds it.</p>
 *
 * <pre>{@code
 * long sum = InternetChecksum.pseudoHeader(source, destination, IpProtocol.UDP, length);
 * sum += InternetChecksum.sum(buffer, offset, length);
 * UdpHeader.writeChecksum(buffer, offset, InternetChecksum.finish(sum));
 * }</pre>
 */
public final class InternetChecksum {
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int LOW_16 = 0xFFFF;
    private static final long INVERSE_OF_65535 = -0x0001_0001_0001_0001L;
    private static final long LARGEST_QUOTIENT = 0x0001_0001_0001_0001L;

    private InternetChecksum() {
    }

    /**
     * Sums bytes as 16-bit big-endian words; an odd last byte counts as the high half of a word.
     *
     * @param buffer the bytes.
     * @param offset index of the first one.
     * @param length how many; 0 .. 65535 (so that sums of several parts cannot overflow).
     * @return the sum, folded to 0 .. 65535.
     */
    public static long sum(final UnsafeBuffer buffer, final int offset, final int length) {
        // Adding in the other byte order swaps the bytes of the result and nothing else (RFC 1071 section 2 B), so
        // whole ints are added as they lie and one swap at the end repairs the order.
        final int end = offset + length;
        long sum = 0;
        int i = offset;
        for (; i + 8 <= end; i += 8) {
            final long word = buffer.getLong(i, ByteOrder.LITTLE_ENDIAN);
            sum += (word & LOW_32) + (word >>> 32);
        }
        if (i + 4 <= end) {
            sum += buffer.getInt(i, ByteOrder.LITTLE_ENDIAN) & LOW_32;
            i += 4;
        }
        if (i + 2 <= end) {
            sum += buffer.getShort(i, ByteOrder.LITTLE_ENDIAN) & LOW_16;
            i += 2;
        }
        if (i < end) {
            sum += buffer.getByte(i) & 0xFF;
        }
        final int folded = fold(sum);
        return (folded & 0xFF) << 8 | folded >>> 8;
    }

    /**
     * The sum of an IPv4 pseudo-header.
     *
     * @param source host order.
     * @param destination host order.
     * @param protocol 0 .. 255.
     * @param length bytes of transport header and payload.
     * @return the sum.
     */
    public static long pseudoHeader(final int source, final int destination, final int protocol, final int length) {
        return (source & LOW_32) + (destination & LOW_32) + protocol + length;
    }

    /**
     * The sum of an IPv6 pseudo-header, its addresses read from a header.
     *
     * @param buffer the bytes.
     * @param ipv6Offset index of a valid IPv6 header's first byte.
     * @param protocol the transport's, after extension headers.
     * @param length bytes of transport header and payload.
     * @return the sum.
     */
    public static long pseudoHeaderIpv6(
        final UnsafeBuffer buffer, final int ipv6Offset, final int protocol, final int length) {
        return sum(buffer, ipv6Offset + Ipv6Header.SOURCE_OFFSET, 2 * Ipv6Address.LENGTH) + protocol + length;
    }

    /**
     * Folds a sum to 16 bits by end-around carry. A {@code long} of non-negative parts needs four rounds at most.
     *
     * @param sum a sum, not negative.
     * @return 0 .. 65535; 65535 for a sum whose words and checksum are consistent.
     */
    public static int fold(final long sum) {
        final long to33 = (sum & LOW_32) + (sum >>> 32);
        final long to18 = (to33 & LOW_16) + (to33 >>> 16 & LOW_16) + (to33 >>> 32);
        final int to17 = (int)(to18 & LOW_16) + (int)(to18 >>> 16);
        return (to17 & LOW_16) + (to17 >>> 16);
    }

    /**
     * Whether words and their checksum agree, without folding: their sum is then a multiple of 65535, and what divides
     * evenly by an odd number gives a small quotient when multiplied by that number's inverse modulo 2^64.
     *
     * @param sum a sum of words and their checksum; not 0, which no header with a version adds up to.
     * @return true if {@link #fold} gives 65535.
     */
    public static boolean isConsistent(final long sum) {
        return Long.compareUnsigned(sum * INVERSE_OF_65535, LARGEST_QUOTIENT) <= 0;
    }

    /**
     * The checksum of a sum.
     *
     * @param sum a sum, not negative.
     * @return 0 .. 65535; what the header's field holds. UDP sends 0 as 65535, which is the caller's to do.
     */
    public static int finish(final long sum) {
        return ~fold(sum) & LOW_16;
    }

    /**
     * The checksum after one 16-bit word under it changed (RFC 1624, equation 3, which unlike RFC 1141's form never
     * turns a right checksum into the other zero).
     *
     * @param checksum the one before.
     * @param before the word before, 0 .. 65535.
     * @param after the word after, 0 .. 65535.
     * @return the one after.
     */
    public static int update16(final int checksum, final int before, final int after) {
        return finish((~checksum & LOW_16) + (~before & LOW_16) + after);
    }

    /**
     * The checksum after two neighbouring words under it changed, such as an IPv4 address.
     *
     * @param checksum the one before.
     * @param before the 32 bits before.
     * @param after the 32 bits after.
     * @return the one after.
     */
    public static int update32(final int checksum, final int before, final int after) {
        return finish((~checksum & LOW_16) + (~before & LOW_32) + (after & LOW_32));
    }

    /**
     * The checksum after four neighbouring words under it changed, such as half an IPv6 address.
     *
     * @param checksum the one before.
     * @param before the 64 bits before.
     * @param after the 64 bits after.
     * @return the one after.
     */
    public static int update64(final int checksum, final long before, final long after) {
        final long removed = ~before;
        return finish((~checksum & LOW_16) + (removed & LOW_32) + (removed >>> 32) + (after & LOW_32) + (after >>> 32));
    }
}
