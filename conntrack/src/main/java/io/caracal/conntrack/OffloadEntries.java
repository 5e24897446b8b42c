package io.caracal.conntrack;

import io.caracal.burst.FlowApprovals;
import io.caracal.nat.NatOutgoingStage;
import io.caracal.route.ForwardingTables;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.wire.IpProtocol;

/**
 * What the entries of a flow in the {@link FlowOffload} are by today's routes: which interface its packets come by in
 * each direction, and where they go. An end that is no workload of this node is another node's or outside, behind the
 * device by which the kernel itself would reach it. Flows to services go through the host's stack.
 *
 * <p>The worker's thread; allocates nothing.</p>
 */
final class OffloadEntries {
    private static final int NO_WORKLOAD = FlowApprovals.NO_WORKLOAD;

    private final Ipv6Tuple answer = new Ipv6Tuple();
    private ForwardingTables tables;

    /** Empty tables know of no other node. */
    OffloadEntries(final ForwardingTables tables) {
        this.tables = tables;
    }

    /** What routes are from now on. */
    void use(final ForwardingTables now) {
        tables = now;
    }

    /** Those in use. */
    ForwardingTables tables() {
        return tables;
    }

    /** Whether the kernel can carry a flow on, wherever it leads. */
    static boolean isOffloadable(final FlowTable table, final int slot) {
        final int flags = table.flags(slot);
        if ((flags & FlowFlags.APPROVED) != FlowFlags.APPROVED || (flags & FlowFlags.ONE_WAY) != 0
            || (flags & FlowFlags.NAT) != 0 && !isNatOutgoing(table, slot)
            || table.sourceIfindex(slot) == NO_WORKLOAD
                && (table.destinationIfindex(slot) == NO_WORKLOAD || (flags & FlowFlags.THROUGH_HOST) != 0)) {
            return false;
        }
        return switch (table.protocol(slot)) {
            case IpProtocol.UDP -> true;
            case IpProtocol.TCP -> isOpen(table, slot);
            default -> false;
        };
    }

    /** What the programs can translate: a pod's flow to the outside by IPv4. */
    private static boolean isNatOutgoing(final FlowTable table, final int slot) {
        return (table.flags(slot) & (FlowFlags.NAT | FlowFlags.THROUGH_HOST)) == FlowFlags.SOURCE_NAT
            && table.ipVersion() == 4 && table.destinationIfindex(slot) == NO_WORKLOAD;
    }

    /** A segment that was let through unexamined wants its answer to be looked at. */
    private static boolean isOpen(final FlowTable table, final int slot) {
        final int state = table.state(slot);
        return state >= FlowState.TCP_SYN_SENT && state <= FlowState.TCP_CLOSE_WAIT
            && (TcpPart.last(table.protocolPart(slot)) & TcpPart.LAST_WAS_IGNORED) == 0;
    }

    /** The workload of this node that a flow counts for: the one that has opened it, else the one it was opened to. */
    static int owner(final FlowTable table, final int slot) {
        final int source = table.sourceIfindex(slot);
        return source == NO_WORKLOAD ? table.destinationIfindex(slot) : source;
    }

    /**
     * Fills in the entry of a flow's direction.
     *
     * @param slot of an offloadable flow.
     * @param direction 0 original, 1 reply.
     * @param entry to be filled, all but {@link OffloadEntry#flow}.
     * @return false where the way to its other end is not one that the kernel can go alone.
     */
    boolean fill(final FlowTable table, final int slot, final int direction, final OffloadEntry entry) {
        final int source = table.sourceIfindex(slot);
        final int destination = table.destinationIfindex(slot);
        entry.ipVersion = table.ipVersion();
        entry.protocol = table.protocol(slot);
        entry.generation = generation(table.account(slot), source, destination);
        table.readOriginal(slot, entry.tuple);
        final long route = source == NO_WORKLOAD || destination == NO_WORKLOAD
            ? route(entry, source == NO_WORKLOAD) : RouteWord.NONE;
        final boolean isTranslated = (table.flags(slot) & FlowFlags.SOURCE_NAT) != 0;
        /* To an entry a port of 0 says that nothing is translated, and answers would keep the node's address. */
        if (destination == NO_WORKLOAD && isTranslated != wantsTranslation(entry, route)
            || isTranslated && entry.tuple.ports >>> Short.SIZE == 0) {
            return false;
        }
        final boolean isReply = direction == FlowTable.REPLY;
        turn(table, slot, isReply, isTranslated, entry);
        return (table.flags(slot) & FlowFlags.THROUGH_HOST) != 0
            ? fillThroughHost(entry, isReply, source, destination, route)
            : fillDirect(entry, isReply, source, destination, route);
    }

    /** From one interface to the other. */
    private boolean fillDirect(final OffloadEntry entry, final boolean isReply, final int source,
        final int destination, final long route) {
        final int device = device(route);
        final int from = isReply ? destination : source;
        final int to = isReply ? source : destination;
        entry.ingressIfindex = from == NO_WORKLOAD ? device : from;
        entry.targetIfindex = to == NO_WORKLOAD ? device : to;
        entry.action = to == NO_WORKLOAD ? FlowOffload.TO_DEVICE : FlowOffload.TO_WORKLOAD;
        if (source != NO_WORKLOAD && destination != NO_WORKLOAD) {
            entry.mtu = tables.options().workloadMtu();
            return true;
        }
        entry.mtu = to != NO_WORKLOAD ? tables.options().workloadMtu()
            : device == NO_WORKLOAD ? 0 : tables.nextHops().mtu(RouteWord.nextHop(route));
        return device != NO_WORKLOAD;
    }

    /**
     * A flow to a service is two: to its address, into the host's stack and back out of it; and, translated there, out
     * of that stack to the backend and back into it. That stack is the hop, and looks at size and TTL.
     */
    private boolean fillThroughHost(final OffloadEntry entry, final boolean isReply, final int source,
        final int destination, final long route) {
        final boolean isToService = destination == NO_WORKLOAD && RouteWord.kind(route) == RouteKind.SERVICE;
        final int end = isToService ? source : destination == NO_WORKLOAD ? device(route) : destination;
        final boolean isIntoHost = isToService != isReply;
        entry.ingressIfindex = isIntoHost ? end : end | FlowOffload.EGRESS;
        entry.action = isIntoHost ? FlowOffload.TO_HOST : FlowOffload.PASS;
        entry.targetIfindex = isIntoHost ? NO_WORKLOAD : isToService ? FlowOffload.ANY_INTERFACE : source;
        entry.mtu = Integer.MAX_VALUE;
        return end != NO_WORKLOAD;
    }

    /** From the original direction's tuple to that of a direction's packets as they arrive, and what is written. */
    private void turn(final FlowTable table, final int slot, final boolean isReply, final boolean isTranslated,
        final OffloadEntry entry) {
        entry.isTranslated = isTranslated;
        entry.natAddress = 0;
        entry.natPort = 0;
        if (isTranslated) {
            table.readReply(slot, answer);
            entry.natAddress = (int)(isReply ? entry.tuple.sourceLow : answer.destinationLow);
            entry.natPort = isReply ? entry.tuple.ports >>> Short.SIZE : answer.ports & 0xffff;
        }
        if (isReply && isTranslated) {
            entry.tuple.set(answer);
        } else if (isReply) {
            entry.tuple.setInverse(entry.tuple);
        }
    }

    /** Whether a pod's flow to the outside would be translated today; its first packet has yet to be. */
    private boolean wantsTranslation(final OffloadEntry entry, final long route) {
        return NatOutgoingStage.leadsOut(route, tables) && NatOutgoingStage.isMasqueraded(route(entry, true));
    }

    /** The device that leads to a pod of another node, or outside. */
    private int device(final long route) {
        return switch (RouteWord.kind(route)) {
            case RouteKind.REMOTE_WORKLOAD, RouteKind.REMOTE_SAME_SUBNET, RouteKind.REMOTE_HOST, RouteKind.OUTSIDE ->
                tables.kernelIfindex(RouteWord.nextHop(route));
            default -> NO_WORKLOAD;
        };
    }

    /** To an end of the original direction's tuple. */
    private long route(final OffloadEntry entry, final boolean isSource) {
        final Ipv6Tuple tuple = entry.tuple;
        final long high = isSource ? tuple.sourceHigh : tuple.destinationHigh;
        final long low = isSource ? tuple.sourceLow : tuple.destinationLow;
        return entry.ipVersion == 4 ? tables.routes().ipv4((int)low) : tables.routes().ipv6(high, low);
    }

    /** The older one of both legs; one that is no workload's was judged by nobody. */
    private static int generation(final long account, final int source, final int destination) {
        final int ofSource = FlowAccount.sourceGeneration(account);
        final int ofDestination = FlowAccount.destinationGeneration(account);
        if (source == NO_WORKLOAD || destination == NO_WORKLOAD) {
            return source == NO_WORKLOAD ? ofDestination : ofSource;
        }
        return ofSource - ofDestination < 0 ? ofSource : ofDestination;
    }

    /**
     * Whether an entry that an earlier process has left may be one of a flow's direction: its workloads are those of
     * today. What is behind a device nobody knows before routes are; {@link #fill} tells then.
     */
    static boolean mayBeOf(final FlowTable table, final int slot, final int direction, final OffloadEntry entry) {
        final boolean isReply = direction == FlowTable.REPLY;
        final int source = table.sourceIfindex(slot);
        final int destination = table.destinationIfindex(slot);
        if ((table.flags(slot) & FlowFlags.THROUGH_HOST) != 0) {
            return switch (entry.action) {
                case FlowOffload.TO_HOST -> isReply ? isOrUnknown(destination, entry.ingressIfindex)
                    : destination == NO_WORKLOAD && source == entry.ingressIfindex;
                case FlowOffload.PASS -> isReply
                    ? destination == NO_WORKLOAD && (source | FlowOffload.EGRESS) == entry.ingressIfindex
                    : source == entry.targetIfindex
                        && isOrUnknown(destination, entry.ingressIfindex & ~FlowOffload.EGRESS);
                default -> false;
            };
        }
        final int to = isReply ? source : destination;
        return isOrUnknown(isReply ? destination : source, entry.ingressIfindex)
            && (to == NO_WORKLOAD ? entry.action == FlowOffload.TO_DEVICE
                : entry.action == FlowOffload.TO_WORKLOAD && to == entry.targetIfindex);
    }

    private static boolean isOrUnknown(final int workload, final int ifindex) {
        return workload == NO_WORKLOAD || workload == ifindex;
    }
}
