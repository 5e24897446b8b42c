package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.umem.Umem;
import io.caracal.wire.ArpPacket;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.MacAddress;
import io.caracal.wire.NeighbourMessage;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Is the gateway of every pod: answers ARP and neighbour discovery in place, the request's frame becoming the reply.
 * Decides every ARP row and every neighbour discovery row, so that none is forwarded. Belongs to one worker.
 *
 * <p>ARP is answered as a Calico host does it, where the CNI plugin sets {@code proxy_arp} on each workload interface
 * and the kernel has a route to everywhere ({@code net/ipv4/arp.c}, {@code arp_process}): with ee:ee:ee:ee:ee:ee for
 * whatever address a pod asks, since pods may have routes other than the one by 169.254.1.1. Never answered: the
 * pod's own addresses (else its duplicate address detection would find one; Calico's nftables mode suppresses just
 * that), probes without a sender address except for 169.254.1.1 itself, loopback, multicast, broadcast and 0.0.0.0.
 * </p>
 *
 * <p>Neighbour discovery is answered for fe80::ecee:eeff:feee:eeee alone, as the kernel does without proxy entries.
 * Router solicitations stay unanswered as there: no Calico host sends router advertisements.</p>
 */
public final class NeighbourStage implements PacketStage {
    private final WorkloadTablePublisher tables;

    /**
     * Makes the stage.
     *
     * @param tables which interfaces are workloads', with which addresses.
     */
    public NeighbourStage(final WorkloadTablePublisher tables) {
        this.tables = tables;
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final WorkloadTable table = tables.current();
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED) {
                if (burst.etherType(row) == EtherType.ARP) {
                    answerArp(burst, umem, table, row);
                } else if (isNeighbourDiscovery(burst, row)) {
                    answerNeighbourDiscovery(burst, umem, table, row);
                }
            }
        }
    }

    private static boolean isNeighbourDiscovery(final PacketBurst burst, final int row) {
        return burst.ipProtocol(row) == IpProtocol.ICMPV6 && burst.ipVersion(row) == 6
            && (burst.flags(row) & PacketFlags.LATER_FRAGMENT) == 0
            && Icmpv6Type.isNeighbourDiscovery(burst.destinationPort(row) >>> 8);
    }

    private static void answerArp(
        final PacketBurst burst, final UnsafeBuffer umem, final WorkloadTable table, final int row) {
        final int l3Offset = burst.l3Offset(row);
        final int arp = burst.offset(row) + l3Offset;
        if (isRefused(burst, table, row)) {
            return;
        }
        if (!ArpPacket.isValid(umem, arp, burst.length(row) - l3Offset)) {
            burst.drop(row, DropReason.ARP_INVALID);
            return;
        }
        if (!isArpAnswered(umem, table, arp, burst.ingressIfindex(row))) {
            burst.drop(row, DropReason.ARP_NOT_FOR_GATEWAY);
            return;
        }
        ArpPacket.turnIntoReply(umem, arp, MacAddress.GATEWAY);
        reply(burst, umem, row, ArpPacket.LENGTH);
    }

    private static boolean isArpAnswered(
        final UnsafeBuffer umem, final WorkloadTable table, final int arp, final int ifindex) {
        final int target = ArpPacket.targetAddress(umem, arp);
        if (ArpPacket.operation(umem, arp) != ArpPacket.REQUEST || target == 0 || target == Ipv4Address.BROADCAST
            || Ipv4Address.isMulticast(target) || Ipv4Address.isLoopback(target)) {
            return false;
        }
        final boolean probe = ArpPacket.senderAddress(umem, arp) == 0;
        return target == Ipv4Address.GATEWAY || !probe && !isOwn(umem, table, arp, ifindex);
    }

    /** A request for the sender's own address announces it (RFC 5227 section 3), whether or not we know it. */
    private static boolean isOwn(final UnsafeBuffer umem, final WorkloadTable table, final int arp, final int ifindex) {
        final int target = ArpPacket.targetAddress(umem, arp);
        return table.ipv4Ifindex(target) == ifindex || target == ArpPacket.senderAddress(umem, arp);
    }

    private static void answerNeighbourDiscovery(
        final PacketBurst burst, final UnsafeBuffer umem, final WorkloadTable table, final int row) {
        if (isRefused(burst, table, row)) {
            return;
        }
        final int ipv6 = burst.offset(row) + burst.l3Offset(row);
        final int message = ipv6 + Ipv6Header.LENGTH;
        if (burst.destinationPort(row) >>> 8 != Icmpv6Type.NEIGHBOUR_SOLICITATION) {
            burst.drop(row, DropReason.NDP_NOT_FOR_GATEWAY);
            return;
        }
        final int notPlain = PacketFlags.FRAGMENT | PacketFlags.IP_OPTIONS;
        if ((burst.flags(row) & notPlain) != 0 || !NeighbourMessage.isValidSolicitation(umem, ipv6)) {
            burst.drop(row, DropReason.ICMPV6_INVALID);
            return;
        }
        if (!Ipv6Address.isGateway(
            NeighbourMessage.targetHigh(umem, message), NeighbourMessage.targetLow(umem, message))) {
            burst.drop(row, DropReason.NDP_NOT_FOR_GATEWAY);
            return;
        }
        advertise(burst, umem, row, ipv6);
    }

    /** A reply may be 8 bytes longer than its request, but never leaves the frame. */
    private static void advertise(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int ipv6) {
        final int l3Length = Ipv6Header.LENGTH + NeighbourMessage.MIN_LENGTH
            + NeighbourMessage.LINK_ADDRESS_OPTION_LENGTH;
        final int needed = burst.l3Offset(row) + l3Length;
        if (needed > Umem.bytesToFrameEnd(burst.frameAddress(row))) {
            burst.drop(row, DropReason.PACKET_TOO_BIG);
            return;
        }
        NeighbourMessage.turnIntoAdvertisement(umem, ipv6, NeighbourMessage.ROUTER, MacAddress.GATEWAY);
        burst.destinationPort(row, Icmpv6Type.NEIGHBOUR_ADVERTISEMENT << 8);
        reply(burst, umem, row, l3Length);
    }

    /** What ARP and neighbour discovery have in common: who may ask at all. */
    private static boolean isRefused(final PacketBurst burst, final WorkloadTable table, final int row) {
        if (burst.direction(row) != Direction.FROM_WORKLOAD) {
            burst.drop(row, DropReason.NEIGHBOUR_FROM_HOST);
            return true;
        }
        if (table.workload(burst.ingressIfindex(row)) == null) {
            burst.drop(row, DropReason.INTERFACE_UNKNOWN);
            return true;
        }
        if (burst.l3Offset(row) != EthernetHeader.LENGTH) {
            burst.drop(row, DropReason.VLAN_UNEXPECTED);
            return true;
        }
        return false;
    }

    private static void reply(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3Length) {
        final int ifindex = burst.ingressIfindex(row);
        MacAddress.write(umem, burst.offset(row) + EthernetHeader.SOURCE_OFFSET, MacAddress.GATEWAY);
        burst.length(row, burst.l3Offset(row) + l3Length);
        burst.flags(row, PacketFlags.LOCALLY_MADE);
        burst.transmit(row, EgressAction.TO_WORKLOAD, ifindex);
    }
}
