package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.VtepTable;
import io.caracal.wire.Ecn;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.wire.TransportChecksum;
import io.caracal.wire.UdpHeader;
import io.caracal.wire.VxlanHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Takes VXLAN packets of other nodes apart (RFC 7348): the row becomes the packet inside, parsed, at its place in the
 * frame. Belongs to one worker; reads the table once per burst. Follows the parse stage.
 *
 * <p>Only rows from an uplink to the overlay's UDP port. Dropped, each by name: outer fragments; an outer source that
 * is no node's; a wrong VNI; an inner destination MAC other than this node's VTEP; over IPv6 no UDP checksum (RFC 8200
 * section 8.1); congestion marked on a packet that cannot carry the mark (RFC 6040).</p>
 *
 * <p>The outer checksum is verified only where that is asked for: RFC 7348 section 5 leaves it to the receiver, the
 * packet inside has checksums of its own from end to end, and on a veth the outer one may not be finished.</p>
 */
public final class VxlanDecapStage implements PacketStage {
    private static final int HEADERS_LENGTH = UdpHeader.LENGTH + VxlanHeader.LENGTH + EthernetHeader.LENGTH;

    private final ForwardingPublisher tables;
    private final PlainParser plain;
    private final NetworkParser parser;
    private final boolean verifiesChecksum;

    /**
     * Makes the stage.
     *
     * @param tables whose packets are accepted.
     * @param hash the same for all workers.
     * @param verifiesChecksum whether outer UDP checksums are computed and compared.
     */
    public VxlanDecapStage(
        final ForwardingPublisher tables, final SymmetricFlowHash hash, final boolean verifiesChecksum) {
        this.tables = tables;
        this.verifiesChecksum = verifiesChecksum;
        plain = new PlainParser(hash);
        parser = new NetworkParser(hash);
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final VtepTable vteps = tables.current().vteps();
        final int port = vteps.device().port();
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.direction(row) == Direction.FROM_UPLINK && burst.verdict(row) == Verdict.UNDECIDED
                && burst.destinationPort(row) == port && burst.ipProtocol(row) == IpProtocol.UDP
                && port != 0 && (burst.flags(row) & PacketFlags.DECAPSULATED) == 0
                && isForThisNode(burst, umem, vteps.device(), row)) {
                decapsulate(burst, umem, vteps, row);
            }
        }
    }

    /** A pod may have a tunnel of its own on the same port: what is sent to the pod is the pod's. */
    private static boolean isForThisNode(
        final PacketBurst burst, final UnsafeBuffer umem, final VtepTable.Device device, final int row) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        return burst.ipVersion(row) == 4 ? Ipv4Header.destination(umem, l3) == device.ipv4()
            : Ipv6Header.destinationLow(umem, l3) == device.ipv6().low()
            && Ipv6Header.destinationHigh(umem, l3) == device.ipv6().high();
    }

    private void decapsulate(
        final PacketBurst burst, final UnsafeBuffer umem, final VtepTable vteps, final int row) {
        final DropReason reason = refusal(burst, umem, vteps, row);
        if (reason != null) {
            burst.drop(row, reason);
            return;
        }
        final int outer = burst.offset(row) + burst.l3Offset(row);
        final int outerEcn = Ecn.MASK
            & (burst.ipVersion(row) == 4 ? Ipv4Header.tos(umem, outer) : Ipv6Header.trafficClass(umem, outer));
        final int l4Offset = burst.l4Offset(row);
        final int udpLength = UdpHeader.length(umem, burst.offset(row) + l4Offset);
        final int innerOffset = l4Offset + UdpHeader.LENGTH + VxlanHeader.LENGTH;
        burst.frameAddress(row, burst.frameAddress(row) + innerOffset);
        burst.length(row, udpLength - UdpHeader.LENGTH - VxlanHeader.LENGTH);
        burst.l3Offset(row, EthernetHeader.LENGTH);
        if (!plain.parse(burst, umem.addressOffset(), row)) {
            parseInner(burst, umem, row);
        }
        if (burst.verdict(row) == Verdict.UNDECIDED) {
            burst.addFlags(row, PacketFlags.DECAPSULATED);
            if (outerEcn != Ecn.NOT_ECT) {
                combineEcn(burst, umem, row, outerEcn);
            }
        }
    }

    /** Why the outer packet is not accepted, or null. */
    private DropReason refusal(
        final PacketBurst burst, final UnsafeBuffer umem, final VtepTable vteps, final int row) {
        final int outer = burst.offset(row) + burst.l3Offset(row);
        final int udp = burst.offset(row) + burst.l4Offset(row);
        final boolean overIpv4 = burst.ipVersion(row) == 4;
        if ((burst.flags(row) & PacketFlags.FRAGMENT) != 0) {
            return DropReason.OVERLAY_FRAGMENTED;
        }
        if (overIpv4 ? !vteps.isKnownIpv4(Ipv4Header.source(umem, outer))
            : !vteps.isKnownIpv6(Ipv6Header.sourceHigh(umem, outer), Ipv6Header.sourceLow(umem, outer))) {
            return DropReason.VTEP_UNKNOWN;
        }
        if (UdpHeader.length(umem, udp) < HEADERS_LENGTH || !VxlanHeader.hasVni(umem, udp + UdpHeader.LENGTH)) {
            return DropReason.VXLAN_INVALID;
        }
        if (VxlanHeader.vni(umem, udp + UdpHeader.LENGTH) != vteps.device().vni()) {
            return DropReason.VNI_UNKNOWN;
        }
        final long mac = overIpv4 ? vteps.device().macIpv4() : vteps.device().macIpv6();
        if (EthernetHeader.destination(umem, udp + UdpHeader.LENGTH + VxlanHeader.LENGTH) != mac) {
            return DropReason.VTEP_MAC_UNKNOWN;
        }
        if (!overIpv4 && UdpHeader.checksum(umem, udp) == UdpHeader.NO_CHECKSUM
            || verifiesChecksum && !isChecksumValid(umem, outer, udp)) {
            return DropReason.OVERLAY_CHECKSUM_INVALID;
        }
        return null;
    }

    private static boolean isChecksumValid(final UnsafeBuffer umem, final int outer, final int udp) {
        final int length = UdpHeader.length(umem, udp);
        return TransportChecksum.isValid(umem, outer, udp, IpProtocol.UDP, length)
            || TransportChecksum.isPartial(umem, outer, udp, IpProtocol.UDP, length);
    }

    private void parseInner(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int l3 = burst.offset(row) + EthernetHeader.LENGTH;
        final int available = burst.length(row) - EthernetHeader.LENGTH;
        final int etherType = EthernetHeader.etherTypeBefore(umem, l3);
        burst.etherType(row, etherType);
        switch (etherType) {
            case EtherType.IPV4 -> parser.parseIpv4(burst, umem, row, l3, available);
            case EtherType.IPV6 -> parser.parseIpv6(burst, umem, row, l3, available);
            default -> burst.drop(row, DropReason.ETHERTYPE_UNSUPPORTED);
        }
    }

    private static void combineEcn(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int outerEcn) {
        final int l3 = burst.offset(row) + EthernetHeader.LENGTH;
        final boolean v4 = burst.ipVersion(row) == 4;
        final int tos = v4 ? Ipv4Header.tos(umem, l3) : Ipv6Header.trafficClass(umem, l3);
        final int combined = Ecn.combine(tos & Ecn.MASK, outerEcn);
        if (combined == Ecn.DROP) {
            burst.drop(row, DropReason.ECN_INVALID);
        } else if (combined != (tos & Ecn.MASK)) {
            if (v4) {
                Ipv4Header.updateTos(umem, l3, tos & ~Ecn.MASK | combined);
            } else {
                Ipv6Header.writeTrafficClass(umem, l3, tos & ~Ecn.MASK | combined);
            }
        }
    }
}
