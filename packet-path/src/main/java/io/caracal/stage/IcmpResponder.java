package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingTables;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.umem.Umem;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.MacAddress;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Drops a packet and, where that is allowed, tells its sender: the row becomes the ICMP error, written in front of the
 * packet that it quotes, in the same frame. Belongs to one worker; allocates nothing.
 *
 * <p>Never about ICMP errors, multicast, fragments but the first, packets without a sender's address, and what the
 * host's stack sends to a pod, for which that stack answers (RFC 1122 section 3.2.2, RFC 4443 section 2.4 e); and only
 * as often as {@link IcmpErrorLimit} allows. A pod of this node is answered from its gateway's address, others from
 * this node's: each is one that the receiver lets in.</p>
 */
public final class IcmpResponder {
    /** Bytes of an ICMP error with its IP header (RFC 1812 section 4.3.2.3): every host takes that much. */
    private static final int MAX_LENGTH_IPV4 = 576;
    /** As {@link #MAX_LENGTH_IPV4}: IPv6's smallest MTU (RFC 4443 section 3.1). */
    private static final int MAX_LENGTH_IPV6 = 1280;
    private static final int HEADERS_IPV4 = Ipv4Header.MIN_LENGTH + IcmpHeader.LENGTH;
    private static final int HEADERS_IPV6 = Ipv6Header.LENGTH + IcmpHeader.LENGTH;
    private static final int HOP_LIMIT = 64;
    /** Precedence "internetwork control", which RFC 1812 section 4.3.2.5 asks for and Linux sets. */
    private static final int TOS = 0xC0;
    private static final int CLASS_E = 0xF000_0000;
    private static final int FRAME_MASK = Umem.FRAME_SIZE - 1;

    private final IcmpErrorLimit limit;
    private ForwardingTables tables = ForwardingTables.EMPTY;
    private long nowNs;

    /**
     * Makes a responder.
     *
     * @param limit how many errors it may make.
     */
    public IcmpResponder(final IcmpErrorLimit limit) {
        this.limit = limit;
    }

    /**
     * Begins a burst.
     *
     * @param burstTables where errors go.
     * @param burstNowNs the cycle's time.
     */
    public void begin(final ForwardingTables burstTables, final long burstNowNs) {
        tables = burstTables;
        nowNs = burstNowNs;
    }

    /**
     * Drops a row's packet for a reason and answers it if that is allowed. Then the row is the error: locally made,
     * still undecided, with the route of its destination.
     *
     * @param burst the burst.
     * @param row an undecided row, parsed, as it was received.
     * @param reason why the packet is dropped.
     * @param error what to tell the sender.
     * @param mtu for {@link IcmpError#TOO_BIG} the longest packet that would have passed, else 0.
     */
    public void refuse(
        final PacketBurst burst, final int row, final DropReason reason, final IcmpError error, final int mtu) {
        final UnsafeBuffer umem = burst.umem();
        if (!isAnswered(burst, umem, row)) {
            burst.drop(row, reason);
            return;
        }
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int sender = burst.ipVersion(row) == 4 ? Ipv4Header.source(umem, l3)
            : Long.hashCode(Ipv6Header.sourceLow(umem, l3) * 31 + Ipv6Header.sourceHigh(umem, l3));
        if (!limit.take(sender, nowNs)) {
            burst.drop(row, reason);
            return;
        }
        burst.replace(row, reason);
        final int typeAndCode = error.typeAndCode(burst.ipVersion(row));
        if (burst.ipVersion(row) == 4) {
            writeIpv4(burst, umem, row, typeAndCode, mtu);
        } else {
            writeIpv6(burst, umem, row, typeAndCode, mtu);
        }
    }

    private static boolean isAnswered(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int never = PacketFlags.LATER_FRAGMENT | PacketFlags.MULTICAST | PacketFlags.ICMP_ERROR
            | PacketFlags.LOCALLY_MADE;
        if ((burst.flags(row) & never) != 0 || burst.direction(row) == Direction.TO_WORKLOAD) {
            return false;
        }
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        if ((l3 & FRAME_MASK) < HEADERS_IPV6 + EthernetHeader.LENGTH) {
            return false;
        }
        if (burst.ipVersion(row) == 4) {
            final int source = Ipv4Header.source(umem, l3);
            return source != 0 && !Ipv4Address.isMulticast(source) && !Ipv4Address.isLoopback(source)
                && Integer.compareUnsigned(source, CLASS_E) < 0;
        }
        final long high = Ipv6Header.sourceHigh(umem, l3);
        return !Ipv6Address.isMulticast(high) && !Ipv6Address.isLinkLocal(high)
            && (high != 0 || Long.compareUnsigned(Ipv6Header.sourceLow(umem, l3), 1) > 0);
    }

    private void writeIpv4(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int typeAndCode, final int mtu) {
        final int quoted = burst.offset(row) + burst.l3Offset(row);
        final int quotedLength = Math.min(burst.length(row) - burst.l3Offset(row), MAX_LENGTH_IPV4 - HEADERS_IPV4);
        final int destination = Ipv4Header.source(umem, quoted);
        final long route = tables.routes().ipv4(destination);
        final int source = RouteWord.kind(route) == RouteKind.LOCAL_WORKLOAD
            ? Ipv4Address.GATEWAY : tables.options().errorIpv4Source();
        final int l3 = quoted - HEADERS_IPV4;
        final int icmp = l3 + Ipv4Header.MIN_LENGTH;
        Ipv4Header.write(
            umem, l3, HEADERS_IPV4 + quotedLength, HOP_LIMIT << 8 | IpProtocol.ICMP, source, destination);
        Ipv4Header.updateTos(umem, l3, TOS);
        IcmpHeader.write(umem, icmp, typeAndCode >>> 8, typeAndCode & 0xFF, mtu);
        final long sum = InternetChecksum.sum(umem, icmp, IcmpHeader.LENGTH + quotedLength);
        IcmpHeader.writeChecksum(umem, icmp, InternetChecksum.finish(sum));
        become(burst, umem, row, l3, HEADERS_IPV4 + quotedLength);
        burst.l4Offset(row, EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH);
        burst.ipProtocol(row, IpProtocol.ICMP);
        burst.destinationPort(row, typeAndCode);
        burst.route(row, route);
    }

    private void writeIpv6(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int typeAndCode, final int mtu) {
        final int quoted = burst.offset(row) + burst.l3Offset(row);
        final int quotedLength = Math.min(burst.length(row) - burst.l3Offset(row), MAX_LENGTH_IPV6 - HEADERS_IPV6);
        final long high = Ipv6Header.sourceHigh(umem, quoted);
        final long low = Ipv6Header.sourceLow(umem, quoted);
        final long route = tables.routes().ipv6(high, low);
        final int l3 = quoted - HEADERS_IPV6;
        final int icmp = l3 + Ipv6Header.LENGTH;
        final int length = IcmpHeader.LENGTH + quotedLength;
        Ipv6Header.write(umem, l3, length, IpProtocol.ICMPV6, HOP_LIMIT);
        writeIpv6Source(umem, l3, RouteWord.kind(route) == RouteKind.LOCAL_WORKLOAD, tables.options());
        Ipv6Header.writeDestination(umem, l3, high, low);
        IcmpHeader.write(umem, icmp, typeAndCode >>> 8, typeAndCode & 0xFF, mtu);
        final long sum = InternetChecksum.pseudoHeaderIpv6(umem, l3, IpProtocol.ICMPV6, length)
            + InternetChecksum.sum(umem, icmp, length);
        IcmpHeader.writeChecksum(umem, icmp, InternetChecksum.finish(sum));
        become(burst, umem, row, l3, Ipv6Header.LENGTH + length);
        burst.l4Offset(row, EthernetHeader.LENGTH + Ipv6Header.LENGTH);
        burst.ipProtocol(row, IpProtocol.ICMPV6);
        burst.destinationPort(row, typeAndCode);
        burst.route(row, route);
    }

    private static void writeIpv6Source(
        final UnsafeBuffer umem, final int l3, final boolean toLocalWorkload, final ForwardingOptions options) {
        if (toLocalWorkload) {
            Ipv6Header.writeSource(umem, l3, Ipv6Address.GATEWAY_HIGH, Ipv6Address.GATEWAY_LOW);
        } else {
            Ipv6Header.writeSource(umem, l3, options.errorIpv6Source().high(), options.errorIpv6Source().low());
        }
    }

    /** The row is the packet at {@code l3} from now on, behind an Ethernet header of its own. */
    private static void become(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3, final int l3Length) {
        final int start = l3 - EthernetHeader.LENGTH;
        EthernetHeader.write(umem, start, 0, MacAddress.GATEWAY, burst.etherType(row));
        burst.frameAddress(row, start);
        burst.length(row, EthernetHeader.LENGTH + l3Length);
        burst.l3Offset(row, EthernetHeader.LENGTH);
        burst.flags(row, PacketFlags.LOCALLY_MADE | PacketFlags.ICMP_ERROR);
        burst.sourcePort(row, 0);
        /* The packet's flow is not the error's: nothing is to be made or counted for it. */
        burst.tracking(row, Tracking.UNTRACKED);
        burst.flow(row, PacketBurst.NO_FLOW);
    }
}
