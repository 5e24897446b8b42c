package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.RouteWord;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds where each IP packet leads ({@link PacketBurst#route}) and drops what may not have been sent there: by name,
 * before connections and policy are asked. Belongs to one worker; reads both tables once per burst.
 *
 * <ul>
 * <li>From a pod: its source must be the pod's own (strict reverse path, Felix's {@code rpfilter}) or one that it is
 * exempt for ({@link Workload#exemptSources}), but never this node's; no multicast; no IPv6 link-local; no tunnels of
 * its own to nodes unless allowed.</li>
 * <li>From the host's stack to a pod: only to an address of that pod.</li>
 * <li>From an uplink: only to pods of this node, never with the address of one as source. VLAN tags are taken off.</li>
 * <li>From the host's stack to an uplink: anything that has a route.</li>
 * </ul>
 *
 * <p>The row stays undecided. What the engine made itself keeps the route that its maker gave it.</p>
 */
public final class RouteStage implements PacketStage {
    private static final long TO_SERVICE = RouteTarget.of(RouteKind.SERVICE).word();

    private final WorkloadTablePublisher workloadTables;
    private final ForwardingPublisher forwardingTables;

    /**
     * Makes the stage.
     *
     * @param workloadTables which interface has which address.
     * @param forwardingTables where addresses lead.
     */
    public RouteStage(final WorkloadTablePublisher workloadTables, final ForwardingPublisher forwardingTables) {
        this.workloadTables = workloadTables;
        this.forwardingTables = forwardingTables;
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final WorkloadTable workloads = workloadTables.current();
        final ForwardingTables tables = forwardingTables.current();
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED && (burst.flags(row) & PacketFlags.LOCALLY_MADE) == 0) {
                if (burst.l3Offset(row) != EthernetHeader.LENGTH && !stripVlanTags(burst, row)) {
                    burst.drop(row, DropReason.VLAN_UNEXPECTED);
                } else if (burst.ipVersion(row) == 4) {
                    routeIpv4(burst, umem, workloads, tables, row);
                } else if (burst.ipVersion(row) == 6) {
                    routeIpv6(burst, umem, workloads, tables, row);
                }
            }
        }
    }

    /** The Ethernet header of an untagged frame ends where the tagged one's does; its addresses are written anew. */
    private static boolean stripVlanTags(final PacketBurst burst, final int row) {
        if (burst.direction(row) != Direction.FROM_UPLINK) {
            return false;
        }
        final int tagsLength = burst.l3Offset(row) - EthernetHeader.LENGTH;
        burst.frameAddress(row, burst.frameAddress(row) + tagsLength);
        burst.length(row, burst.length(row) - tagsLength);
        burst.l3Offset(row, burst.l3Offset(row) - tagsLength);
        burst.l4Offset(row, burst.l4Offset(row) - (burst.l4Offset(row) == 0 ? 0 : tagsLength));
        return true;
    }

    private static void routeIpv4(
        final PacketBurst burst, final UnsafeBuffer umem, final WorkloadTable workloads,
        final ForwardingTables tables, final int row) {
        final int l3 = burst.offset(row) + EthernetHeader.LENGTH;
        final int source = Ipv4Header.source(umem, l3);
        final RouteTable routes = tables.routes();
        final long route = routes.ipv4(Ipv4Header.destination(umem, l3));
        burst.route(row, route);
        switch (burst.direction(row)) {
            case Direction.FROM_WORKLOAD -> {
                noteNodePort(burst, tables.options(), row);
                checkFromWorkload(burst, workloads, tables.options(), row,
                    workloads.ipv4Ifindex(source) == burst.ingressIfindex(row)
                        || isExemptIpv4(workloads.workload(burst.ingressIfindex(row)), routes, source));
            }
            case Direction.TO_WORKLOAD -> checkToWorkload(burst, workloads, row, false);
            case Direction.FROM_UPLINK -> checkFromUplink(burst, row, routes.ipv4(source));
            default -> checkToUplink(burst, row);
        }
    }

    private static void routeIpv6(
        final PacketBurst burst, final UnsafeBuffer umem, final WorkloadTable workloads,
        final ForwardingTables tables, final int row) {
        final int l3 = burst.offset(row) + EthernetHeader.LENGTH;
        final long sourceHigh = Ipv6Header.sourceHigh(umem, l3);
        final long sourceLow = Ipv6Header.sourceLow(umem, l3);
        final long destinationHigh = Ipv6Header.destinationHigh(umem, l3);
        final RouteTable routes = tables.routes();
        final boolean toLinkLocal = Ipv6Address.isLinkLocal(destinationHigh);
        burst.route(row, routes.ipv6(destinationHigh, Ipv6Header.destinationLow(umem, l3)));
        switch (burst.direction(row)) {
            case Direction.FROM_WORKLOAD -> {
                if (toLinkLocal || Ipv6Address.isLinkLocal(sourceHigh)) {
                    refuseLinkLocal(burst, workloads, row);
                } else {
                    noteNodePort(burst, tables.options(), row);
                    checkFromWorkload(burst, workloads, tables.options(), row,
                        workloads.ipv6Ifindex(sourceHigh, sourceLow) == burst.ingressIfindex(row) || isExemptIpv6(
                            workloads.workload(burst.ingressIfindex(row)), routes, sourceHigh, sourceLow));
                }
            }
            case Direction.TO_WORKLOAD -> checkToWorkload(burst, workloads, row, toLinkLocal);
            case Direction.FROM_UPLINK -> {
                if (toLinkLocal || Ipv6Address.isLinkLocal(sourceHigh)) {
                    burst.drop(row, DropReason.LINK_LOCAL);
                } else {
                    checkFromUplink(burst, row, routes.ipv6(sourceHigh, sourceLow));
                }
            }
            default -> checkToUplink(burst, row);
        }
    }

    /** A service at the node's own address: the host's stack sends it on, as to any other service's address. */
    private static void noteNodePort(final PacketBurst burst, final ForwardingOptions options, final int row) {
        if (RouteWord.kind(burst.route(row)) == RouteKind.HOST
            && options.nodePorts().contains(burst.ipProtocol(row), burst.destinationPort(row))) {
            burst.route(row, TO_SERVICE);
        }
    }

    /** This node's own address is its alone: the kernel calls any other sender of it a martian. */
    private static boolean isExemptIpv4(final Workload sender, final RouteTable routes, final int source) {
        return sender != null && sender.exemptSources().containsIpv4(source)
            && RouteWord.kind(routes.ipv4(source)) != RouteKind.HOST;
    }

    private static boolean isExemptIpv6(
        final Workload sender, final RouteTable routes, final long sourceHigh, final long sourceLow) {
        return sender != null && sender.exemptSources().containsIpv6(sourceHigh, sourceLow)
            && RouteWord.kind(routes.ipv6(sourceHigh, sourceLow)) != RouteKind.HOST;
    }

    /** What a pod may not send; the interface is asked for only when something is wrong. */
    private static void checkFromWorkload(
        final PacketBurst burst, final WorkloadTable workloads, final ForwardingOptions options, final int row,
        final boolean maySendFromSource) {
        final int ifindex = burst.ingressIfindex(row);
        final boolean multicast = (burst.flags(row) & PacketFlags.MULTICAST) != 0;
        final int protocol = burst.ipProtocol(row);
        if (!maySendFromSource || multicast) {
            if (workloads.workload(ifindex) == null) {
                burst.drop(row, DropReason.INTERFACE_UNKNOWN);
            } else {
                burst.drop(row, multicast ? DropReason.MULTICAST_UNSUPPORTED : DropReason.SOURCE_SPOOFED);
            }
        } else if (protocol == IpProtocol.UDP && burst.destinationPort(row) == options.forbiddenVxlanPort()
            && options.forbiddenVxlanPort() != 0) {
            burst.drop(row, DropReason.VXLAN_FROM_WORKLOAD);
        } else if (protocol == IpProtocol.IPIP && !options.ipipFromWorkloads()) {
            burst.drop(row, DropReason.IPIP_FROM_WORKLOAD);
        }
    }

    private static void refuseLinkLocal(final PacketBurst burst, final WorkloadTable workloads, final int row) {
        if (workloads.workload(burst.ingressIfindex(row)) == null) {
            burst.drop(row, DropReason.INTERFACE_UNKNOWN);
        } else {
            final boolean multicast = (burst.flags(row) & PacketFlags.MULTICAST) != 0;
            burst.drop(row, multicast ? DropReason.MULTICAST_UNSUPPORTED : DropReason.LINK_LOCAL);
        }
    }

    private static void checkToWorkload(
        final PacketBurst burst, final WorkloadTable workloads, final int row, final boolean linkLocal) {
        final int ifindex = burst.ingressIfindex(row);
        final long route = burst.route(row);
        if (RouteWord.kind(route) == RouteKind.LOCAL_WORKLOAD && RouteWord.ifindex(route) == ifindex) {
            return;
        }
        if (workloads.workload(ifindex) == null) {
            burst.drop(row, DropReason.INTERFACE_UNKNOWN);
        } else if ((burst.flags(row) & PacketFlags.MULTICAST) != 0) {
            burst.drop(row, DropReason.MULTICAST_UNSUPPORTED);
        } else {
            burst.drop(row, linkLocal ? DropReason.LINK_LOCAL : DropReason.DESTINATION_UNKNOWN);
        }
    }

    private static void checkFromUplink(final PacketBurst burst, final int row, final long sourceRoute) {
        if ((burst.flags(row) & PacketFlags.MULTICAST) != 0) {
            burst.drop(row, DropReason.MULTICAST_UNSUPPORTED);
        } else if (RouteWord.kind(burst.route(row)) != RouteKind.LOCAL_WORKLOAD) {
            burst.drop(row, DropReason.NOT_LOCAL);
        } else if (RouteWord.kind(sourceRoute) == RouteKind.LOCAL_WORKLOAD) {
            burst.drop(row, DropReason.SOURCE_SPOOFED);
        }
    }

    private static void checkToUplink(final PacketBurst burst, final int row) {
        if ((burst.flags(row) & PacketFlags.MULTICAST) != 0) {
            burst.drop(row, DropReason.MULTICAST_UNSUPPORTED);
        }
    }
}
