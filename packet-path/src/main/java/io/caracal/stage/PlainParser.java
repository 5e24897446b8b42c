package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.wire.TcpHeader;
import io.caracal.wire.TransportPorts;
import io.caracal.wire.UdpHeader;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The short way for what nearly all packets are: untagged, IPv4 without options or IPv6 without extension headers, no
 * fragment, unicast, TCP, UDP or an ICMP echo. Belongs to one worker.
 *
 * <p>It makes every check of the general way and says yes only when all of them hold. Else it has changed nothing but
 * the interface, which a punt header in order says, and the general way finds out what the packet is or what is wrong
 * with it: no reason for a drop is decided here. {@code PlainParserTest} compares the two. What makes it short: a
 * header of 42 bytes is five words, EtherType, version and header length are one comparison, and the row is written by
 * four stores. TCP and UDP, of which nobody can predict the next, are told apart by masks, not by branches. Reads go by
 * address, behind one bounds check (where these are on) of the whole packet.</p>
 */
final class PlainParser {
    private static final int L3 = EthernetHeader.LENGTH;
    private static final int IPV4_L4 = L3 + Ipv4Header.MIN_LENGTH;
    private static final int IPV6_L4 = L3 + Ipv6Header.LENGTH;
    /** Bytes of the shortest packet that this class accepts. */
    private static final int IPV4_MIN_LENGTH = IPV4_L4 + UdpHeader.LENGTH;
    private static final int IPV6_MIN_LENGTH = IPV6_L4 + UdpHeader.LENGTH;

    /** EtherType, then version 4 and a header of five words. */
    private static final int IPV4_START = EtherType.IPV4 << 8 | 0x45;
    /** EtherType, then version 6. */
    private static final int IPV6_START = EtherType.IPV6 << 4 | 6;
    /** In the word at byte 16: "more fragments" and the fragment offset. */
    private static final long FRAGMENT_BITS =
        (long)(Ipv4Header.MORE_FRAGMENTS | Ipv4Header.FRAGMENT_OFFSET_MASK) << 16;
    /** In the word at byte 24: the upper three bits of multicast, reserved and broadcast destinations. */
    private static final long NOT_UNICAST_BITS = 0xE000;
    private static final int IPV6_MULTICAST = 0xFF;
    private static final int UDP_LENGTH_OFFSET = 4;
    private static final int TCP_HEADER_LENGTH_OFFSET = 12;
    /** The header length in bytes, where the 16 bits from {@link #TCP_HEADER_LENGTH_OFFSET} on are shifted by this. */
    private static final int TCP_HEADER_LENGTH_SHIFT = 10;
    private static final int TCP_HEADER_LENGTH_MASK = 0x3C;
    /** Echo reply and request are 0 and 8, those of ICMPv6 129 and 128: one bit of each is free. */
    private static final int IPV4_ECHO_BIT = IcmpHeader.ECHO_REQUEST;
    private static final int IPV6_ECHO_BIT = Icmpv6Type.ECHO_REQUEST ^ Icmpv6Type.ECHO_REPLY;
    private static final long LOW_32 = 0xFFFF_FFFFL;
    private static final int LOW_16 = 0xFFFF;

    private final SymmetricFlowHash hash;

    PlainParser(final SymmetricFlowHash hash) {
        this.hash = hash;
    }

    /**
     * Parses a row if it is plain and in order.
     *
     * @param umemAddress of {@link PacketBurst#umem()}, read once for the burst.
     * @return false if it is anything else.
     */
    boolean parse(final PacketBurst burst, final long umemAddress, final int row) {
        final int length = burst.length(row);
        if (length < IPV4_MIN_LENGTH) {
            return false;
        }
        if (UnsafeBuffer.SHOULD_BOUNDS_CHECK) {
            burst.umem().boundsCheck(burst.offset(row), length);
        }
        final long frame = umemAddress + burst.frameAddress(row);
        int code = burst.direction(row);
        if (code != Direction.FROM_UPLINK) {
            final long punt = word(frame);
            if (!PuntHeader.isValid(punt)) {
                return false;
            }
            code = PuntHeader.code(punt);
            burst.ingressIfindex(row, PuntHeader.ifindex(punt));
        }
        final long second = word(frame + 8);
        if ((int)second >>> 8 == IPV4_START) {
            return parseIpv4(burst, row, frame, code, second);
        }
        return (int)second >>> 12 == IPV6_START && length >= IPV6_MIN_LENGTH && parseIpv6(burst, row, frame, code);
    }

    private boolean parseIpv4(
        final PacketBurst burst, final int row, final long frame, final int code, final long second) {
        final long third = word(frame + 16);
        final int totalLength = (int)(third >>> 48);
        if ((third & FRAGMENT_BITS) != 0 || totalLength > burst.length(row) - L3) {
            return false;
        }
        final long fourth = word(frame + 24);
        final long fifth = word(frame + 32);
        final long sum = (second & LOW_16) + (third >>> 32) + (third & LOW_32) + (fourth >>> 32) + (fourth & LOW_32)
            + (fifth >>> 48);
        if ((fourth & NOT_UNICAST_BITS) == NOT_UNICAST_BITS || !InternetChecksum.isConsistent(sum)) {
            return false;
        }
        final int protocol = (int)third & 0xFF;
        final int available = totalLength - Ipv4Header.MIN_LENGTH;
        final int firstWord = (int)(fifth >>> 16);
        int ports = firstWord;
        if (protocol == IpProtocol.ICMP) {
            ports = identifiers((int)fifth & LOW_16);
            if (available < IcmpHeader.LENGTH || (firstWord >>> 24 & ~IPV4_ECHO_BIT) != IcmpHeader.ECHO_REPLY) {
                return false;
            }
        } else if (!isTransportValid(frame + IPV4_L4, available, protocol)) {
            return false;
        }
        final int flowHash = hash.ipv4(
            (int)(fourth >>> 16), (int)(fourth << 16) | (int)(fifth >>> 48), protocol, ports);
        burst.headers(row, EtherType.IPV4, L3, IPV4_L4, protocol, 4, (byte)code);
        burst.lengthAndFlags(row, L3 + totalLength, 0);
        burst.portsAndHash(row, protocol == IpProtocol.ICMP ? icmpPorts(ports, firstWord) : ports, flowHash);
        return true;
    }

    private boolean parseIpv6(final PacketBurst burst, final int row, final long frame, final int code) {
        final long third = word(frame + 16);
        final int datagramLength = Ipv6Header.LENGTH + ((int)(third >>> 32) & LOW_16);
        final long destinationHigh = word(frame + L3 + Ipv6Header.DESTINATION_OFFSET);
        if (datagramLength > burst.length(row) - L3 || destinationHigh >>> 56 == IPV6_MULTICAST) {
            return false;
        }
        final int protocol = (int)(third >>> 24) & 0xFF;
        final long transport = word(frame + IPV6_L4);
        final int available = datagramLength - Ipv6Header.LENGTH;
        final int firstWord = (int)(transport >>> 32);
        int ports = firstWord;
        if (protocol == IpProtocol.ICMPV6) {
            ports = identifiers((int)transport >>> 16);
            if (available < IcmpHeader.LENGTH || (firstWord >>> 24 & ~IPV6_ECHO_BIT) != Icmpv6Type.ECHO_REQUEST) {
                return false;
            }
        } else if (!isTransportValid(frame + IPV6_L4, available, protocol)) {
            return false;
        }
        final long addresses = frame + L3 + Ipv6Header.SOURCE_OFFSET;
        final int flowHash = hash.ipv6(word(addresses), word(addresses + 8), destinationHigh,
            word(addresses + 24), protocol, ports);
        burst.headers(row, EtherType.IPV6, L3, IPV6_L4, protocol, 6, (byte)code);
        burst.lengthAndFlags(row, L3 + datagramLength, 0);
        burst.portsAndHash(row, protocol == IpProtocol.ICMPV6 ? icmpPorts(ports, firstWord) : ports, flowHash);
        return true;
    }

    /**
     * As {@link UdpHeader#isValid} and {@link TcpHeader#isValid}, for both at once; no other protocol is plain. The
     * mask has all bits for TCP, none for UDP.
     */
    private static boolean isTransportValid(
        final long l4, final int available, final int protocol) {
        final int tcp = (protocol ^ IpProtocol.TCP) - 1 >> 31;
        final int minimum = select(tcp, TcpHeader.MIN_LENGTH, UdpHeader.LENGTH);
        if (protocol != select(tcp, IpProtocol.TCP, IpProtocol.UDP) || available < minimum) {
            return false;
        }
        final int field = Short.toUnsignedInt(Short.reverseBytes(
            UnsafeApi.getShort(l4 + select(tcp, TCP_HEADER_LENGTH_OFFSET, UDP_LENGTH_OFFSET))));
        final int length = field >>> (tcp & TCP_HEADER_LENGTH_SHIFT) & select(tcp, TCP_HEADER_LENGTH_MASK, LOW_16);
        return length >= minimum && length <= available;
    }

    /** One of two numbers without a branch. */
    private static int select(final int mask, final int whereSet, final int whereClear) {
        return whereClear ^ mask & (whereSet ^ whereClear);
    }

    private static int identifiers(final int identifier) {
        return identifier << 16 | identifier;
    }

    /** As {@link TransportParser}: the destination's port of an ICMP message is its type and code. */
    private static int icmpPorts(final int identifiers, final int firstWord) {
        return identifiers & ~LOW_16 | firstWord >>> 16;
    }

    private static long word(final long address) {
        return Long.reverseBytes(UnsafeApi.getLong(address));
    }
}
