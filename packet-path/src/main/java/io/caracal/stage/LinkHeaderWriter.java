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
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Puts what the next hop needs in front of an IP packet, in the frame's headroom, and decides to send the row: an
 * Ethernet header, or VXLAN over IPv4 or IPv6 (RFC 7348). Belongs to one worker.
 *
 * <p>What is the same for all packets of a next hop is ready-made ({@link NextHopTable#writeHeader}). The outer source
 * port spreads flows over 49152 .. 65535, as section 5 of the RFC recommends; both directions of a flow have the same.
 * The outer ECN is the inner one's (RFC 6040 section 4.1, normal mode).</p>
 */
final class LinkHeaderWriter {
    /** Bytes in front of the IP header that the longest header needs, with what {@code writeHeader} may add. */
    private static final int HEADROOM = 88;
    private static final int FRAME_MASK = Umem.FRAME_SIZE - 1;
    private static final int FIRST_SOURCE_PORT = 49_152;
    private static final int SOURCE_PORT_SHIFT = 18;
    private static final int TUNNEL_HEADERS = UdpHeader.LENGTH + VxlanHeader.LENGTH + EthernetHeader.LENGTH;

    /** Identification of outer IPv4 packets, which may be fragmented on the way: any 65536 in a row differ. */
    private int identification;

    /** Writes the headers of a resolved next hop; the row is one IP packet. */
    void send(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final NextHopTable nextHops, final int id) {
        final int l3 = burst.offset(row) + burst.l3Offset[row];
        if ((l3 & FRAME_MASK) < HEADROOM) {
            burst.drop(row, DropReason.HEADROOM_MISSING);
            return;
        }
        final int kind = nextHops.kind(id);
        if (kind == NextHopTable.KIND_DEVICE) {
            burst.transmit(row, EgressAction.THROUGH_DEVICE, nextHops.ifindex(id));
            return;
        }
        final int l3Length = burst.length[row] - burst.l3Offset[row];
        final boolean v4 = burst.ipVersion[row] == 4;
        final int tos = v4 ? Ipv4Header.tos(umem, l3) : Ipv6Header.trafficClass(umem, l3);
        final int outerTos = nextHops.copiesDscp(id) ? tos : tos & Ecn.MASK;
        nextHops.writeHeader(id, umem, l3);
        umem.putShort(l3 - 2, (short)burst.etherType[row], ByteOrder.BIG_ENDIAN);
        final int headerLength;
        if (kind == NextHopTable.KIND_TUNNEL_IPV4) {
            headerLength = NextHopTable.TUNNEL_IPV4_LENGTH;
            final int sum = nextHops.checksumSum(id);
            writeOuterIpv4(umem, l3 - headerLength + EthernetHeader.LENGTH, l3Length, outerTos, sum);
            writeUdp(umem, l3, l3Length, burst.flowHash[row]);
            if (nextHops.hasUdpChecksum(id)) {
                completeChecksum(umem, l3, l3Length, l3 - headerLength + EthernetHeader.LENGTH, true);
            }
        } else if (kind == NextHopTable.KIND_TUNNEL_IPV6) {
            headerLength = NextHopTable.TUNNEL_IPV6_LENGTH;
            final int outer = l3 - headerLength + EthernetHeader.LENGTH;
            umem.putShort(outer + Ipv6Header.PAYLOAD_LENGTH_OFFSET, (short)(TUNNEL_HEADERS + l3Length),
                ByteOrder.BIG_ENDIAN);
            Ipv6Header.writeTrafficClass(umem, outer, outerTos);
            writeUdp(umem, l3, l3Length, burst.flowHash[row]);
            completeChecksum(umem, l3, l3Length, outer, false);
        } else {
            headerLength = EthernetHeader.LENGTH;
        }
        burst.frameAddress[row] = l3 - headerLength;
        burst.length[row] = headerLength + l3Length;
        burst.transmit(row, EgressAction.TO_UPLINK, nextHops.ifindex(id));
    }

    private void writeOuterIpv4(
        final UnsafeBuffer umem, final int outer, final int l3Length, final int tos, final int templateSum) {
        final int totalLength = Ipv4Header.MIN_LENGTH + TUNNEL_HEADERS + l3Length;
        final int id = identification++ & 0xFFFF;
        umem.putInt(outer, 0x4500_0000 | tos << 16 | totalLength, ByteOrder.BIG_ENDIAN);
        umem.putShort(outer + Ipv4Header.IDENTIFICATION_OFFSET, (short)id, ByteOrder.BIG_ENDIAN);
        final int checksum = InternetChecksum.finish((long)templateSum + tos + totalLength + id);
        umem.putShort(outer + Ipv4Header.CHECKSUM_OFFSET, (short)checksum, ByteOrder.BIG_ENDIAN);
    }

    private static void writeUdp(final UnsafeBuffer umem, final int l3, final int l3Length, final int flowHash) {
        final int udp = l3 - TUNNEL_HEADERS;
        umem.putShort(udp, (short)(FIRST_SOURCE_PORT | flowHash >>> SOURCE_PORT_SHIFT), ByteOrder.BIG_ENDIAN);
        UdpHeader.writeLengthAndChecksum(umem, udp, TUNNEL_HEADERS + l3Length, UdpHeader.NO_CHECKSUM);
    }

    private static void completeChecksum(
        final UnsafeBuffer umem, final int l3, final int l3Length, final int outer, final boolean overIpv4) {
        final int udp = l3 - TUNNEL_HEADERS;
        final int length = TUNNEL_HEADERS + l3Length;
        final long pseudoHeader = overIpv4
            ? InternetChecksum.pseudoHeader(
                Ipv4Header.source(umem, outer), Ipv4Header.destination(umem, outer), IpProtocol.UDP, length)
            : InternetChecksum.pseudoHeaderIpv6(umem, outer, IpProtocol.UDP, length);
        final int checksum = InternetChecksum.finish(pseudoHeader + InternetChecksum.sum(umem, udp, length));
        UdpHeader.writeLengthAndChecksum(umem, udp, length, UdpHeader.onWire(checksum));
    }
}
