package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.route.NextHopTable;
import io.caracal.umem.Umem;
import io.caracal.wire.Ecn;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.UdpHeader;
import io.caracal.wire.VxlanHeader;
import java.nio.ByteOrder;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Puts what the next hop needs in front of an IP packet, in the frame's headroom, and decides to send the row: an
 * Ethernet header, or VXLAN over IPv4 or IPv6 (RFC 7348). Belongs to one worker.
 *
 * <p>What is the same for all packets of a next hop is ready-made ({@link NextHopTable#headerWord}). The outer source
 * port spreads flows over 49152 .. 65535, as section 5 of the RFC recommends; both directions of a flow have the same.
 * The outer ECN is the inner one's (RFC 6040 section 4.1, normal mode).</p>
 */
final class LinkHeaderWriter {
    /** Bytes in front of the IP header that the longest header needs, with what is written in front of it. */
    private static final int HEADROOM = NextHopTable.HEADER_WORDS * Long.BYTES;
    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final int FRAME_MASK = Umem.FRAME_SIZE - 1;
    private static final int FIRST_SOURCE_PORT = 49_152;
    private static final int SOURCE_PORT_SHIFT = 18;
    private static final int TUNNEL_HEADERS = UdpHeader.LENGTH + VxlanHeader.LENGTH + EthernetHeader.LENGTH;

    /** Identification of outer IPv4 packets, which may be fragmented on the way: any 65536 in a row differ. */
    private int identification;

    /** Writes the headers of a resolved next hop; the row is one IP packet. */
    void send(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final NextHopTable nextHops, final int id) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        if ((l3 & FRAME_MASK) < HEADROOM) {
            burst.drop(row, DropReason.HEADROOM_MISSING);
            return;
        }
        final int l3Length = burst.length(row) - burst.l3Offset(row);
        final int headerLength;
        switch (nextHops.kind(id)) {
            case NextHopTable.KIND_DEVICE -> {
                burst.transmit(row, EgressAction.TO_DEVICE, nextHops.ifindex(id));
                return;
            }
            case NextHopTable.KIND_TUNNEL_IPV4 -> {
                headerLength = NextHopTable.TUNNEL_IPV4_LENGTH;
                writeTunnelIpv4(burst, umem, row, nextHops, id);
            }
            case NextHopTable.KIND_TUNNEL_IPV6 -> {
                headerLength = NextHopTable.TUNNEL_IPV6_LENGTH;
                writeTunnelIpv6(burst, umem, row, nextHops, id);
            }
            default -> {
                headerLength = EthernetHeader.LENGTH;
                umem.putLong(l3 - 16, nextHops.headerWord(id, 9));
                umem.putLong(l3 - 8, nextHops.headerWord(id, 10) | etherType(burst, row));
            }
        }
        burst.frameAddress(row, l3 - headerLength);
        burst.length(row, headerLength + l3Length);
        burst.transmit(row, EgressAction.TO_UPLINK, nextHops.ifindex(id));
    }

    /**
     * The 64 bytes as eight stores, the packet's own fields put into the words before. By address: behind a buffer that
     * may be an array each store is a barrier to the compiler.
     */
    private void writeTunnelIpv4(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final NextHopTable nextHops, final int id) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int udpLength = TUNNEL_HEADERS + burst.length(row) - burst.l3Offset(row);
        final int totalLength = Ipv4Header.MIN_LENGTH + udpLength;
        final int tos = outerTos(burst, umem, row, nextHops, id);
        final int packetId = identification++ & 0xFFFF;
        final int checksum = checksum(nextHops.checksumSum(id) + tos + totalLength + packetId);
        final long first = nextHops.headerWord(id, 3);
        final long second = nextHops.headerWord(id, 4) | atByte(tos, 7);
        final long third = nextHops.headerWord(id, 5) | at(totalLength, 0) | at(packetId, 2);
        final long fourth = nextHops.headerWord(id, 6) | at(checksum, 0);
        final long fifth = nextHops.headerWord(id, 7) | at(sourcePort(burst, row), 2) | at(udpLength, 6);
        final long sixth = nextHops.headerWord(id, 8);
        final long seventh = nextHops.headerWord(id, 9);
        final long eighth = nextHops.headerWord(id, 10) | etherType(burst, row);
        if (UnsafeBuffer.SHOULD_BOUNDS_CHECK) {
            umem.boundsCheck(l3 - NextHopTable.TUNNEL_IPV4_LENGTH, NextHopTable.TUNNEL_IPV4_LENGTH);
        }
        final long end = umem.addressOffset() + l3;
        UnsafeApi.putLong(end - 64, first);
        UnsafeApi.putLong(end - 56, second);
        UnsafeApi.putLong(end - 48, third);
        UnsafeApi.putLong(end - 40, fourth);
        UnsafeApi.putLong(end - 32, fifth);
        UnsafeApi.putLong(end - 24, sixth);
        UnsafeApi.putLong(end - 16, seventh);
        UnsafeApi.putLong(end - 8, eighth);
        if (nextHops.hasUdpChecksum(id)) {
            completeChecksum(umem, l3, udpLength, l3 - TUNNEL_HEADERS - Ipv4Header.MIN_LENGTH, true);
        }
    }

    /** Of a sum of four 16-bit words, which two additions fold. */
    private static int checksum(final int sum) {
        final int folded = (sum & 0xFFFF) + (sum >>> 16);
        return ~(folded + (folded >>> 16)) & 0xFFFF;
    }

    /** 84 bytes: four in front of them are written too. */
    private static void writeTunnelIpv6(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final NextHopTable nextHops, final int id) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int udpLength = TUNNEL_HEADERS + burst.length(row) - burst.l3Offset(row);
        final int tos = outerTos(burst, umem, row, nextHops, id);
        for (int word = 0; word < NextHopTable.HEADER_WORDS; word++) {
            umem.putLong(l3 - HEADROOM + word * Long.BYTES, nextHops.headerWord(id, word));
        }
        final int outer = l3 - TUNNEL_HEADERS - Ipv6Header.LENGTH;
        umem.putShort(outer + Ipv6Header.PAYLOAD_LENGTH_OFFSET, (short)udpLength, ByteOrder.BIG_ENDIAN);
        Ipv6Header.writeTrafficClass(umem, outer, tos);
        umem.putShort(l3 - TUNNEL_HEADERS, (short)sourcePort(burst, row), ByteOrder.BIG_ENDIAN);
        umem.putShort(l3 - 2, (short)burst.etherType(row), ByteOrder.BIG_ENDIAN);
        completeChecksum(umem, l3, udpLength, outer, false);
    }

    private static int outerTos(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final NextHopTable nextHops, final int id) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int tos = burst.ipVersion(row) == 4 ? Ipv4Header.tos(umem, l3) : Ipv6Header.trafficClass(umem, l3);
        return nextHops.copiesDscp(id) ? tos : tos & Ecn.MASK;
    }

    private static int sourcePort(final PacketBurst burst, final int row) {
        return FIRST_SOURCE_PORT | burst.flowHash(row) >>> SOURCE_PORT_SHIFT;
    }

    private static long etherType(final PacketBurst burst, final int row) {
        return at(burst.etherType(row), 6);
    }

    /** A big-endian 16-bit field at a byte of a word that is stored in native order. */
    private static long at(final int value, final int byteIndex) {
        return LITTLE_ENDIAN ? (long)(Short.reverseBytes((short)value) & 0xFFFF) << byteIndex * 8
            : (value & 0xFFFFL) << 48 - byteIndex * 8;
    }

    private static long atByte(final int value, final int byteIndex) {
        return (value & 0xFFL) << (LITTLE_ENDIAN ? byteIndex : 7 - byteIndex) * 8;
    }

    private static void completeChecksum(
        final UnsafeBuffer umem, final int l3, final int length, final int outer, final boolean overIpv4) {
        final int udp = l3 - TUNNEL_HEADERS;
        UdpHeader.writeLengthAndChecksum(umem, udp, length, UdpHeader.NO_CHECKSUM);
        final long pseudoHeader = overIpv4
            ? InternetChecksum.pseudoHeader(
                Ipv4Header.source(umem, outer), Ipv4Header.destination(umem, outer), IpProtocol.UDP, length)
            : InternetChecksum.pseudoHeaderIpv6(umem, outer, IpProtocol.UDP, length);
        final int checksum = InternetChecksum.finish(pseudoHeader + InternetChecksum.sum(umem, udp, length));
        UdpHeader.writeLengthAndChecksum(umem, udp, length, UdpHeader.onWire(checksum));
    }
}
