package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The checksum field of whatever transport follows an IP header: where it is, whether it is finished, and how it
 * follows a change (RFC 1624). Stateless; any thread.
 *
 * <p>A sender with checksum offload leaves only the folded sum of the pseudo-header in the field, not complemented, and
 * expects hardware to add the rest. A veth has no such hardware and AF_XDP does not tell, so the field itself must: it
 * is <em>partial</em> when it equals that sum. One finished checksum in 65536 looks the same and is then computed anew,
 * with the same result.</p>
 */
public final class TransportChecksum {
    /** Returned by {@link #fieldOffset} for protocols without a checksum of this kind. */
    public static final int NO_FIELD = -1;

    private static final int LOW_16 = 0xFFFF;

    private TransportChecksum() {
    }

    /**
     * Where the field is. SCTP has a CRC32c, which covers no addresses and never changes on the way; ICMP's covers no
     * pseudo-header, so senders finish it themselves.
     *
     * @param protocol one of {@link IpProtocol} or another.
     * @return bytes from the transport header's first, or {@link #NO_FIELD}.
     */
    public static int fieldOffset(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> TcpHeader.CHECKSUM_OFFSET;
            case IpProtocol.UDP, IpProtocol.UDP_LITE -> UdpHeader.CHECKSUM_OFFSET;
            case IpProtocol.ICMPV6 -> IcmpHeader.CHECKSUM_OFFSET;
            default -> NO_FIELD;
        };
    }

    /**
     * Reads a field.
     *
     * @param buffer the bytes.
     * @param index index of the field's first byte.
     * @return 0 .. 65535.
     */
    public static int read(final UnsafeBuffer buffer, final int index) {
        return Short.toUnsignedInt(buffer.getShort(index, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Writes a field.
     *
     * @param buffer the bytes.
     * @param index index of the field's first byte.
     * @param checksum 0 .. 65535.
     */
    public static void write(final UnsafeBuffer buffer, final int index, final int checksum) {
        buffer.putShort(index, (short)checksum, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The sum of the pseudo-header of a packet.
     *
     * @param buffer the bytes.
     * @param l3 index of a valid IP header's first byte.
     * @param protocol the transport's, after extension headers.
     * @param length bytes of transport header and payload.
     * @return a sum as {@link InternetChecksum} has it.
     */
    public static long pseudoHeader(final UnsafeBuffer buffer, final int l3, final int protocol, final int length) {
        return (buffer.getByte(l3) & 0xF0) == 0x40
            ? InternetChecksum.pseudoHeader(
                Ipv4Header.source(buffer, l3), Ipv4Header.destination(buffer, l3), protocol, length)
            : InternetChecksum.pseudoHeaderIpv6(buffer, l3, protocol, length);
    }

    /**
     * Finishes a partial TCP or UDP checksum; leaves everything else alone. Not for fragments.
     *
     * @param buffer the bytes.
     * @param l3 index of a valid IP header's first byte.
     * @param l4 index of its transport header's first byte, which is valid.
     * @param protocol the transport's.
     * @param length bytes of transport header and payload.
     * @return true when it was partial.
     */
    public static boolean completeIfPartial(
        final UnsafeBuffer buffer, final int l3, final int l4, final int protocol, final int length) {
        if (protocol != IpProtocol.TCP && protocol != IpProtocol.UDP) {
            return false;
        }
        final int field = l4 + fieldOffset(protocol);
        final int checksum = read(buffer, field);
        if (checksum == 0 && protocol == IpProtocol.UDP) {
            return false;
        }
        final long pseudoHeader = pseudoHeader(buffer, l3, protocol, length);
        if (checksum != InternetChecksum.fold(pseudoHeader)) {
            return false;
        }
        complete(buffer, l4, protocol, length, pseudoHeader);
        return true;
    }

    /**
     * Whether a field holds the sum of the pseudo-header alone.
     *
     * @param buffer the bytes.
     * @param l3 index of a valid IP header's first byte.
     * @param l4 index of its transport header's first byte.
     * @param protocol one that has a field.
     * @param length bytes of transport header and payload.
     * @return true when the checksum is yet to be finished.
     */
    public static boolean isPartial(
        final UnsafeBuffer buffer, final int l3, final int l4, final int protocol, final int length) {
        return read(buffer, l4 + fieldOffset(protocol))
            == InternetChecksum.fold(pseudoHeader(buffer, l3, protocol, length));
    }

    /**
     * Computes the checksum anew.
     *
     * @param buffer the bytes.
     * @param l4 index of the transport header's first byte.
     * @param protocol one that has a field.
     * @param length bytes of transport header and payload.
     * @param pseudoHeader their pseudo-header's sum; 0 for protocols without one.
     */
    public static void complete(
        final UnsafeBuffer buffer, final int l4, final int protocol, final int length, final long pseudoHeader) {
        final int field = l4 + fieldOffset(protocol);
        write(buffer, field, 0);
        final int checksum = InternetChecksum.finish(pseudoHeader + InternetChecksum.sum(buffer, l4, length));
        write(buffer, field, protocol == IpProtocol.UDP ? UdpHeader.onWire(checksum) : checksum);
    }

    /**
     * Whether the checksum fits, or there is none where none is needed (UDP over IPv4).
     *
     * @param buffer the bytes.
     * @param l3 index of a valid IP header's first byte.
     * @param l4 index of its transport header's first byte.
     * @param protocol the transport's.
     * @param length bytes of transport header and payload.
     * @return true when a receiver would accept it, or the protocol is none of TCP, UDP, ICMP and ICMPv6.
     */
    public static boolean isValid(
        final UnsafeBuffer buffer, final int l3, final int l4, final int protocol, final int length) {
        if (protocol == IpProtocol.ICMP) {
            return InternetChecksum.sum(buffer, l4, length) == LOW_16;
        }
        final int offset = protocol == IpProtocol.UDP_LITE ? NO_FIELD : fieldOffset(protocol);
        if (offset == NO_FIELD) {
            return true;
        }
        if (protocol == IpProtocol.UDP && read(buffer, l4 + offset) == UdpHeader.NO_CHECKSUM) {
            return (buffer.getByte(l3) & 0xF0) == 0x40;
        }
        final long sum = pseudoHeader(buffer, l3, protocol, length) + InternetChecksum.sum(buffer, l4, length);
        return InternetChecksum.fold(sum) == LOW_16;
    }

    /**
     * Follows a change of words that a field covers: takes the sum before away and adds the sum after. A UDP field that
     * says "none" stays so.
     *
     * @param buffer the bytes.
     * @param index index of the field's first byte.
     * @param isUdp whether 0 means "none" there.
     * @param before sum of the words before the change.
     * @param after sum of the words after it.
     */
    public static void adjust(
        final UnsafeBuffer buffer, final int index, final boolean isUdp, final long before, final long after) {
        final int checksum = read(buffer, index);
        if (isUdp && checksum == UdpHeader.NO_CHECKSUM) {
            return;
        }
        final int removed = ~InternetChecksum.fold(before) & LOW_16;
        final int next = InternetChecksum.finish((~checksum & LOW_16) + removed + after);
        write(buffer, index, isUdp ? UdpHeader.onWire(next) : next);
    }
}
