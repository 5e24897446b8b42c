package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sends each IP packet where its destination address lives: to a pod of this node, or to the host's stack, which knows
 * all other ways. Belongs to one worker; reads the table once per burst.
 *
 * <p>From a pod: dropped when its source is not the pod's own, multicast, or IPv6 link-local (169.254.0.0/16 is not:
 * metadata servers and node-local DNS live there, and Linux routes it). To another pod the engine is the router and
 * takes one from the TTL; the host's stack takes its own. To a pod from the host's stack: only to that pod's addresses;
 * the TTL has been decremented, or is the host's own.</p>
 *
 * <p>What the engine made itself ({@link PacketFlags#LOCALLY_MADE}) is only sent: its source is the gateway's and its
 * TTL is fresh.</p>
 */
public final class ForwardStage implements PacketStage {
    private final WorkloadTablePublisher tables;

    /**
     * Makes the stage.
     *
     * @param tables which interface has which address.
     */
    public ForwardStage(final WorkloadTablePublisher tables) {
        this.tables = tables;
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final WorkloadTable table = tables.current();
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED) {
                if (burst.l3Offset(row) != EthernetHeader.LENGTH) {
                    burst.drop(row, DropReason.VLAN_UNEXPECTED);
                } else if (burst.ipVersion(row) == 4) {
                    forwardIpv4(burst, umem, table, row);
                } else if (burst.ipVersion(row) == 6) {
                    forwardIpv6(burst, umem, table, row);
                }
            }
        }
    }

    private static void forwardIpv4(
        final PacketBurst burst, final UnsafeBuffer umem, final WorkloadTable table, final int row) {
        final int ipv4 = burst.offset(row) + EthernetHeader.LENGTH;
        final int destinationIfindex = table.ipv4Ifindex(Ipv4Header.destination(umem, ipv4));
        if (burst.direction(row) == Direction.TO_WORKLOAD) {
            deliver(burst, table, row, destinationIfindex, false);
            return;
        }
        if (!isLocallyMade(burst, row)) {
            final int sourceIfindex = table.ipv4Ifindex(Ipv4Header.source(umem, ipv4));
            if (isRefused(burst, table, row, sourceIfindex, false)) {
                return;
            }
            if (destinationIfindex != WorkloadTable.NONE) {
                if (Ipv4Header.ttl(umem, ipv4) <= 1) {
                    burst.drop(row, DropReason.TTL_EXPIRED);
                    return;
                }
                Ipv4Header.decrementTtl(umem, ipv4);
            }
        }
        route(burst, row, destinationIfindex);
    }

    private static void forwardIpv6(
        final PacketBurst burst, final UnsafeBuffer umem, final WorkloadTable table, final int row) {
        final int ipv6 = burst.offset(row) + EthernetHeader.LENGTH;
        final long destinationHigh = Ipv6Header.destinationHigh(umem, ipv6);
        final int destinationIfindex = table.ipv6Ifindex(destinationHigh, Ipv6Header.destinationLow(umem, ipv6));
        final boolean toLinkLocal = Ipv6Address.isLinkLocal(destinationHigh);
        if (burst.direction(row) == Direction.TO_WORKLOAD) {
            deliver(burst, table, row, destinationIfindex, toLinkLocal);
            return;
        }
        if (!isLocallyMade(burst, row)) {
            final long sourceHigh = Ipv6Header.sourceHigh(umem, ipv6);
            final int sourceIfindex = table.ipv6Ifindex(sourceHigh, Ipv6Header.sourceLow(umem, ipv6));
            if (isRefused(burst, table, row, sourceIfindex, toLinkLocal || Ipv6Address.isLinkLocal(sourceHigh))) {
                return;
            }
            if (destinationIfindex != WorkloadTable.NONE) {
                if (Ipv6Header.hopLimit(umem, ipv6) <= 1) {
                    burst.drop(row, DropReason.TTL_EXPIRED);
                    return;
                }
                Ipv6Header.decrementHopLimit(umem, ipv6);
            }
        }
        route(burst, row, destinationIfindex);
    }

    private static boolean isLocallyMade(final PacketBurst burst, final int row) {
        return (burst.flags(row) & PacketFlags.LOCALLY_MADE) != 0;
    }

    /** What a pod may not send; the interface is asked for only when something is wrong. */
    private static boolean isRefused(
        final PacketBurst burst,
        final WorkloadTable table,
        final int row,
        final int sourceIfindex,
        final boolean linkLocal) {
        final boolean multicast = (burst.flags(row) & PacketFlags.MULTICAST) != 0;
        final int ifindex = burst.ingressIfindex(row);
        if (sourceIfindex == ifindex && !multicast && !linkLocal) {
            return false;
        }
        if (table.workload(ifindex) == null) {
            burst.drop(row, DropReason.INTERFACE_UNKNOWN);
        } else if (multicast) {
            burst.drop(row, DropReason.MULTICAST_UNSUPPORTED);
        } else {
            burst.drop(row, linkLocal ? DropReason.LINK_LOCAL : DropReason.SOURCE_SPOOFED);
        }
        return true;
    }

    private static void deliver(
        final PacketBurst burst,
        final WorkloadTable table,
        final int row,
        final int destinationIfindex,
        final boolean linkLocal) {
        final int ifindex = burst.ingressIfindex(row);
        if (destinationIfindex == ifindex) {
            burst.transmit(row, EgressAction.TO_WORKLOAD, ifindex);
        } else if (table.workload(ifindex) == null) {
            burst.drop(row, DropReason.INTERFACE_UNKNOWN);
        } else if ((burst.flags(row) & PacketFlags.MULTICAST) != 0) {
            burst.drop(row, DropReason.MULTICAST_UNSUPPORTED);
        } else {
            burst.drop(row, linkLocal ? DropReason.LINK_LOCAL : DropReason.DESTINATION_UNKNOWN);
        }
    }

    private static void route(final PacketBurst burst, final int row, final int destinationIfindex) {
        if (destinationIfindex == WorkloadTable.NONE) {
            burst.transmit(row, EgressAction.TO_HOST, burst.ingressIfindex(row));
        } else {
            burst.transmit(row, EgressAction.TO_WORKLOAD, destinationIfindex);
        }
    }
}
