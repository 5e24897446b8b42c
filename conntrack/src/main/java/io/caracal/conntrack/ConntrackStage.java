package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTarget;
import io.caracal.route.RouteWord;
import io.caracal.stage.PacketStage;
import io.caracal.stage.WorkloadTable;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.wire.IpProtocol;

/**
 * Finds the flow of each packet and steps its state: sets the fields {@code tracking} and {@code flow}. Packets of
 * approved flows are {@link Tracking#ESTABLISHED} or {@link Tracking#RELATED} and need no policy; {@link Tracking#NEW}
 * ones do, and their legs are begun in {@link FlowApprovals}. The {@link FlowCommitStage} makes their flows after
 * policy and routing have let them through.
 *
 * <pre>
 *   parse ─► fragments ─► undo NAT ─► route ─► ConntrackStage ─► policy ─► hop ─► FlowCommitStage ─► NAT, transmit
 *                                              tracking, flow    legs             flow
 * </pre>
 *
 * <p>Later fragments have the ports of their first one already ({@code FragmentStage}).</p>
 *
 * <p>Rows whose flow field is -1 after the commit have no flow (any more). A packet of a pod is only ever of a flow
 * whose leg is that pod's interface: with another's address it can neither use nor disturb the other's flows.
 * Belongs to one worker and its {@link Conntrack}.</p>
 */
public final class ConntrackStage implements PacketStage {
    /** Due flows looked at per cycle with a full burst; about as many microseconds as it has packets, a tenth of it. */
    private static final int EXPIRY_BUDGET = 32;
    /** What a cycle without packets may spend more, per packet that it does not have. */
    private static final int EXPIRY_BUDGET_PER_IDLE_ROW = 8;
    /** Connections that the kernel has opened, of which records are made in a cycle: one or two microseconds each. */
    private static final int OPENED_BUDGET = 32;
    private static final long TO_HOST = RouteTarget.of(RouteKind.HOST).word();

    private final Conntrack conntrack;
    private final ConntrackConfig config;
    private final FlowApprovals approvals;
    private final ConntrackCounters counters;
    private final WorkloadTablePublisher workloads;
    private final FamilyTracking ipv4;
    private final FamilyTracking ipv6;
    private final int[] errorRow = new int[PacketBurst.MAX_PACKETS];
    private int errorCount;
    private boolean tableChanged;
    private WorkloadTable table;
    private long nowMs;

    ConntrackStage(final Conntrack conntrack, final WorkloadTablePublisher workloads) {
        this.conntrack = conntrack;
        this.workloads = workloads;
        config = conntrack.config();
        approvals = conntrack.approvals();
        counters = conntrack.counters();
        ipv4 = conntrack.ipv4();
        ipv6 = conntrack.ipv6();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        nowMs = conntrack.clock().bootMs(nowNs);
        table = workloads.current();
        conntrack.endRefused();
        conntrack.beginBurst(burst);
        final int budget = EXPIRY_BUDGET + (PacketBurst.MAX_PACKETS - burst.count) * EXPIRY_BUDGET_PER_IDLE_ROW;
        ipv4.table.expire(nowMs, budget);
        ipv6.table.expire(nowMs, budget);
        conntrack.adoptDue(nowMs, OPENED_BUDGET);
        gather(burst);
        ipv4.lookup();
        ipv6.lookup();
        tableChanged = false;
        trackErrors(burst);
        trackFamily(burst, ipv4);
        trackFamily(burst, ipv6);
        conntrack.endBurst();
    }

    /** Sorts the rows by what is to be looked up for them. */
    private void gather(final PacketBurst burst) {
        errorCount = 0;
        ipv4.clear();
        ipv6.clear();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            final int version = burst.ipVersion(row);
            if (burst.verdict(row) != Verdict.UNDECIDED || version == 0
                || (burst.flags(row) & (PacketFlags.LOCALLY_MADE | PacketFlags.MULTICAST)) != 0) {
                continue;
            }
            if ((burst.flags(row) & PacketFlags.ICMP_ERROR) != 0) {
                errorRow[errorCount++] = row;
            } else if (!IcmpQueries.isIcmp(version, burst.ipProtocol(row))
                || IcmpQueries.isQuery(version, burst.destinationPort(row) >>> Byte.SIZE)) {
                (version == 4 ? ipv4 : ipv6).add(burst, row);
            } else if (version == 4) {
                invalid(burst, row, DropReason.ICMP_REPLY_UNREQUESTED);
            }
            /* What is left is neighbour and multicast listener discovery: untracked, as with the kernel. */
        }
    }

    private void trackErrors(final PacketBurst burst) {
        for (int i = 0; i < errorCount; i++) {
            final int row = errorRow[i];
            final FamilyTracking family = conntrack.family(burst.ipVersion(row));
            int found = family.findQuoted(burst, row);
            while (found == FlowTable.MISS && conntrack.isBehind()) {
                adoptMore();
                found = family.findQuoted(burst, row);
            }
            if (found == FlowTable.MISS || !isApproved(family, found)) {
                invalid(burst, row, DropReason.ICMP_ERROR_UNRELATED);
            } else if (!comesByItsLeg(burst, row, family, found)) {
                burst.drop(row, DropReason.FLOW_FROM_WRONG_INTERFACE);
            } else {
                burst.tracking(row, Tracking.RELATED);
                burst.flow(row, found);
                sendThroughHost(burst, row, family, found);
                counters.add(ConntrackCounter.RELATED, 1);
            }
        }
    }

    private void trackFamily(final PacketBurst burst, final FamilyTracking family) {
        final int count = family.count;
        int hits = 0;
        for (int i = 0; i < count; i++) {
            final int row = family.row[i];
            /* A flow that ended in this very burst has made later findings stale. */
            int found = tableChanged ? family.find(burst, row) : family.found(i);
            if (burst.ipProtocol(row) == IpProtocol.TCP && conntrack.isBehind()) {
                found = findOpened(burst, row, family, found);
            }
            if (found == FlowTable.MISS) {
                begin(burst, row, family);
            } else {
                hits++;
                continueFlow(burst, row, family, found);
            }
        }
        counters.add(ConntrackCounter.HITS, hits);
        counters.add(ConntrackCounter.MISSES, (long)count - hits);
    }

    /** A segment may be of a connection that the kernel has opened: there is no record of it yet, or an old one. */
    private int findOpened(final PacketBurst burst, final int row, final FamilyTracking family, final int before) {
        int found = before;
        final byte direction = burst.direction(row);
        if (direction != Direction.FROM_WORKLOAD && direction != Direction.TO_WORKLOAD) {
            while (isNoneOrOver(family.table, found) && conntrack.isBehind()) {
                adoptMore();
                found = family.find(burst, row);
            }
        } else if (isNoneOrOver(family.table, found) && conntrack.adoptOpenedOf(family, burst, row, nowMs)) {
            tableChanged = true;
            found = family.find(burst, row);
        }
        return found;
    }

    private static boolean isNoneOrOver(final FlowTable table, final int found) {
        return found == FlowTable.MISS || OffloadedFlows.isEnding(table, found >> 1);
    }

    /** Where nobody knows by which interface its connection came. */
    private void adoptMore() {
        conntrack.adoptOpened(nowMs, OPENED_BUDGET);
        tableChanged = true;
    }

    /** A packet of no flow: it may begin one. */
    private void begin(final PacketBurst burst, final int row, final FamilyTracking family) {
        final int protocol = burst.ipProtocol(row);
        final int version = burst.ipVersion(row);
        if ((burst.flags(row) & PacketFlags.LATER_FRAGMENT) == 0) {
            if (IcmpQueries.isIcmp(version, protocol)
                && !IcmpQueries.isRequest(version, burst.destinationPort(row) >>> Byte.SIZE)) {
                invalid(burst, row, DropReason.ICMP_REPLY_UNREQUESTED);
                return;
            }
            if (family.tracker.firstState(protocol, burst.umem(), burst.offset(row) + burst.l4Offset(row),
                burst.length(row) - burst.l4Offset(row)) == FlowState.FREE) {
                invalid(burst, row, family.tracker.reason());
                return;
            }
        }
        askPolicy(burst, row);
    }

    private void askPolicy(final PacketBurst burst, final int row) {
        burst.tracking(row, Tracking.NEW);
        approvals.begin(
            row, RowEndpoints.sourceLeg(burst, row, table), RowEndpoints.destinationLeg(burst, row, table));
    }

    private void continueFlow(final PacketBurst burst, final int row, final FamilyTracking family, final int found) {
        if (!comesByItsLeg(burst, row, family, found)) {
            burst.drop(row, DropReason.FLOW_FROM_WRONG_INTERFACE);
            return;
        }
        if (conntrack.endsUpToDate(family, found >> 1, takesBack(burst, row, family, found), nowMs)) {
            tableChanged = true;
            begin(burst, row, family);
            return;
        }
        if (!leavesByItsLeg(burst, row, family, found) || !isOfItsSender(burst, row, family, found)) {
            tableChanged = true;
            family.table.remove(found >> 1, RemovalCause.ENDPOINT_ARRIVED);
            begin(burst, row, family);
            return;
        }
        if (!isApproved(family, found)) {
            if (burst.ipProtocol(row) == IpProtocol.TCP && !isSyn(burst, row)) {
                invalid(burst, row, DropReason.FLOW_NOT_APPROVED);
            } else {
                burst.flow(row, found);
                askPolicy(burst, row);
            }
            return;
        }
        if (config.establishedFlows() == EstablishedFlows.RECHECK && isOutdated(family, found)) {
            counters.add(ConntrackCounter.RECHECKED, 1);
            burst.flow(row, found);
            askPolicy(burst, row);
            return;
        }
        step(burst, row, family, found);
    }

    /** Whether the kernel shall not go on with a flow of which this packet has come here. */
    private boolean takesBack(final PacketBurst burst, final int row, final FamilyTracking family, final int found) {
        return burst.ipProtocol(row) == IpProtocol.TCP && isSyn(burst, row)
            || config.establishedFlows() == EstablishedFlows.RECHECK && isOutdated(family, found);
    }

    private void step(final PacketBurst burst, final int row, final FamilyTracking family, final int found) {
        final int result = conntrack.step(burst, row, family, found, nowMs);
        switch (result) {
            case TcpTracker.INVALID -> invalid(burst, row, family.tracker.reason());
            case TcpTracker.REOPENED -> {
                tableChanged = true;
                family.table.remove(found >> 1, RemovalCause.REOPENED);
                begin(burst, row, family);
            }
            default -> {
                burst.tracking(row, Tracking.ESTABLISHED);
                burst.flow(row, found);
                sendThroughHost(burst, row, family, found);
            }
        }
    }

    /**
     * An answer takes the way its flow came: where the host's stack has translated the flow, it alone can undo it. What
     * it has translated before this engine tracked the flow it goes on to translate.
     */
    private static void sendThroughHost(final PacketBurst burst, final int row, final FamilyTracking family,
        final int found) {
        final byte direction = burst.direction(row);
        final int reason = (found & 1) == FlowTable.REPLY ? FlowFlags.THROUGH_HOST : FlowFlags.HOST_NAT;
        if ((direction == Direction.FROM_WORKLOAD || direction == Direction.FROM_UPLINK)
            && (FlowRecord.flags(family.table.record(found >> 1)) & reason) != 0) {
            burst.route(row, TO_HOST);
        }
    }

    /**
     * Whether the packet comes by the interface that the flow's packets of this direction come by: its source's pod,
     * or its destination's where the host's stack hands it over; what an uplink brings or takes has no pod there.
     */
    private static boolean comesByItsLeg(final PacketBurst burst, final int row, final FamilyTracking family,
        final int found) {
        final long account = family.table.account(found >> 1);
        final int direction = burst.direction(row);
        final boolean atSource = direction == Direction.FROM_WORKLOAD || direction == Direction.FROM_UPLINK;
        final int leg = atSource == ((found & 1) == FlowTable.ORIGINAL)
            ? FlowAccount.sourceIfindex(account) : FlowAccount.destinationIfindex(account);
        final boolean atWorkload = direction == Direction.FROM_WORKLOAD || direction == Direction.TO_WORKLOAD;
        return leg == (atWorkload ? burst.ingressIfindex(row) : FlowApprovals.NO_WORKLOAD);
    }

    /**
     * Whether the pod that the packet will be delivered to is the one that its flow was made for. A flow that began
     * while nobody here had the address ends when a pod comes to it: that pod's policy was never asked.
     */
    private static boolean leavesByItsLeg(final PacketBurst burst, final int row, final FamilyTracking family,
        final int found) {
        final long route = burst.route(row);
        if (RouteWord.kind(route) != RouteKind.LOCAL_WORKLOAD || burst.direction(row) == Direction.TO_WORKLOAD) {
            return true;
        }
        final long account = family.table.account(found >> 1);
        final int leg = (found & 1) == FlowTable.ORIGINAL
            ? FlowAccount.destinationIfindex(account) : FlowAccount.sourceIfindex(account);
        return leg == RouteWord.ifindex(route);
    }

    /**
     * Whether a packet of the host's stack is of the pod that opened its flow. Behind the node's address a port may
     * have become another pod's, whose policy was never asked.
     */
    private boolean isOfItsSender(final PacketBurst burst, final int row, final FamilyTracking family,
        final int found) {
        final int direction = burst.direction(row);
        return direction == Direction.FROM_WORKLOAD || direction == Direction.FROM_UPLINK
            || (found & 1) == FlowTable.REPLY || RowEndpoints.sourceLeg(burst, row, table)
            == FlowAccount.sourceIfindex(family.table.account(found >> 1));
    }

    private static boolean isApproved(final FamilyTracking family, final int found) {
        return (FlowRecord.flags(family.table.record(found >> 1)) & FlowFlags.APPROVED) == FlowFlags.APPROVED;
    }

    /** Judged by the side that opened it: the fields hold its tuple then, as policy wants to see it. */
    private boolean isOutdated(final FamilyTracking family, final int found) {
        if ((found & 1) == FlowTable.REPLY) {
            return false;
        }
        final long account = family.table.account(found >> 1);
        final int wanted = conntrack.policyGeneration();
        return FlowAccount.sourceIfindex(account) != 0 && FlowAccount.sourceGeneration(account) - wanted < 0
            || FlowAccount.destinationIfindex(account) != 0 && FlowAccount.destinationGeneration(account) - wanted < 0;
    }

    private static boolean isSyn(final PacketBurst burst, final int row) {
        return (burst.flags(row) & PacketFlags.LATER_FRAGMENT) == 0
            && TcpSegment.isOpening(burst.umem(), burst.offset(row) + burst.l4Offset(row));
    }

    private void invalid(final PacketBurst burst, final int row, final DropReason reason) {
        burst.tracking(row, Tracking.INVALID);
        counters.add(ConntrackCounter.INVALID, 1);
        if (config.dropsInvalid()) {
            burst.drop(row, reason);
        } else {
            burst.dropReason(row, reason.id());
        }
    }
}
