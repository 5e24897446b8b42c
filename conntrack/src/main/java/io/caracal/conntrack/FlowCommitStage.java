package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteWord;
import io.caracal.stage.PacketStage;
import io.caracal.stage.WorkloadTable;

/**
 * Makes the flows of packets that the {@link ConntrackStage} called {@link Tracking#NEW} and that nobody has dropped
 * since, and sets their {@code flow} field; as nf_conntrack, which confirms a flow when its first packet leaves.
 * Stands behind policy and routing, and before NAT, whose bindings are these flows.
 *
 * <p>A packet whose flow finds no room is dropped with its reason. Belongs to one worker and its {@link Conntrack}.</p>
 */
public final class FlowCommitStage implements PacketStage {
    private static final int POLICY_DENY = DropReason.POLICY_DENY.id();

    private final Conntrack conntrack;
    private final FlowApprovals approvals;
    private final ConntrackCounters counters;

    FlowCommitStage(final Conntrack conntrack) {
        this.conntrack = conntrack;
        approvals = conntrack.approvals();
        counters = conntrack.counters();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final long nowMs = conntrack.clock().bootMs(nowNs);
        final int count = burst.count;
        conntrack.beginBurst(burst);
        for (int row = 0; row < count; row++) {
            if (burst.tracking(row) != Tracking.NEW) {
                continue;
            }
            if (burst.verdict(row) == Verdict.UNDECIDED || burst.verdict(row) == Verdict.TRANSMIT) {
                commit(burst, row, nowMs);
            } else if (burst.flow(row) != PacketBurst.NO_FLOW && burst.dropReason(row) == POLICY_DENY) {
                /* Judged again and denied: its answers must not pass either. */
                conntrack.family(burst.ipVersion(row)).table.remove(burst.flow(row) >> 1, RemovalCause.DENIED);
            }
        }
        conntrack.endBurst();
        counters.set(ConntrackCounter.IPV4_FLOWS, conntrack.ipv4().table.flowCount());
        counters.set(ConntrackCounter.IPV6_FLOWS, conntrack.ipv6().table.flowCount());
    }

    private void commit(final PacketBurst burst, final int row, final long nowMs) {
        final FamilyTracking family = conntrack.family(burst.ipVersion(row));
        final int found = family.find(burst, row);
        if (found == FlowTable.MISS) {
            create(burst, row, family, nowMs);
            return;
        }
        /* A row before it made the flow, or policy has judged the flow anew. */
        if ((found & 1) == FlowTable.ORIGINAL) {
            approve(family, found >> 1, row);
        }
        burst.flow(row, found);
        switch (conntrack.step(burst, row, family, found, nowMs)) {
            case TcpTracker.INVALID -> {
                burst.tracking(row, Tracking.INVALID);
                counters.add(ConntrackCounter.INVALID, 1);
                burst.drop(row, family.tracker.reason());
            }
            case TcpTracker.REOPENED -> {
                family.table.remove(found >> 1, RemovalCause.REOPENED);
                create(burst, row, family, nowMs);
            }
            default -> { }
        }
    }

    private void approve(final FamilyTracking family, final int slot, final int row) {
        final long record = family.table.record(slot);
        final long account = family.table.account(slot);
        FlowRecord.beginWrite(record);
        FlowRecord.flags(record, FlowRecord.flags(record) & ~FlowFlags.APPROVED | approvedFlags(row));
        FlowAccount.approveSource(account, approvals.sourceGeneration[row], approvals.sourceRule[row]);
        FlowAccount.approveDestination(account, approvals.destinationGeneration[row], approvals.destinationRule[row]);
        FlowRecord.endWrite(record);
    }

    private int approvedFlags(final int row) {
        return ((approvals.legs[row] & FlowApprovals.SOURCE) != 0 ? FlowFlags.SOURCE_APPROVED : 0)
            | ((approvals.legs[row] & FlowApprovals.DESTINATION) != 0 ? FlowFlags.DESTINATION_APPROVED : 0);
    }

    private void create(final PacketBurst burst, final int row, final FamilyTracking family, final long nowMs) {
        if ((burst.flags(row) & PacketFlags.LATER_FRAGMENT) != 0) {
            burst.drop(row, DropReason.FRAGMENT_WITHOUT_FIRST);
            return;
        }
        final int source = approvals.sourceIfindex[row];
        final int destination = approvals.destinationIfindex[row];
        final DropReason refusal = family.admission.admit(source, destination, nowMs);
        if (refusal != null) {
            burst.drop(row, refusal);
            return;
        }
        final FlowSpec spec = family.beginSpec(burst, row);
        spec.nowMs = nowMs;
        spec.sourceIfindex = source;
        spec.destinationIfindex = destination;
        spec.sourceGeneration = approvals.sourceGeneration[row];
        spec.sourceRule = approvals.sourceRule[row];
        spec.destinationGeneration = approvals.destinationGeneration[row];
        spec.destinationRule = approvals.destinationRule[row];
        spec.flags = approvedFlags(row) | throughHost(burst, row, destination) | oneWay(burst, row);
        spec.state = family.tracker.firstState(burst.ipProtocol(row), burst.umem(),
            burst.offset(row) + burst.l4Offset(row), burst.length(row) - burst.l4Offset(row));
        if (family.isReplyInUse()) {
            burst.drop(row, DropReason.FLOW_TUPLE_IN_USE);
        } else {
            finish(burst, row, family);
        }
    }

    /**
     * What comes from the host's stack, or goes there since no next hop of ours leads to it: its answers take the same
     * way, so that the kernel can undo its own NAT.
     */
    private static int throughHost(final PacketBurst burst, final int row, final int destination) {
        return switch (burst.direction(row)) {
            case Direction.FROM_UPLINK -> 0;
            case Direction.FROM_WORKLOAD -> destination == FlowApprovals.NO_WORKLOAD
                && RouteWord.nextHop(burst.route(row)) == NextHopTable.NONE ? FlowFlags.THROUGH_HOST : 0;
            default -> FlowFlags.THROUGH_HOST;
        };
    }

    /** The host's stack has hidden the pod behind an address of this node: answers are for that stack. */
    private int oneWay(final PacketBurst burst, final int row) {
        return burst.direction(row) == Direction.TO_UPLINK
            && RowEndpoints.source(burst, row, conntrack.workloads()) == WorkloadTable.NONE ? FlowFlags.ONE_WAY : 0;
    }

    private void finish(final PacketBurst burst, final int row, final FamilyTracking family) {
        final int slot = family.create();
        if (slot == FlowTable.MISS) {
            burst.drop(row, DropReason.FLOW_TABLE_FULL);
            return;
        }
        family.tracker.open(slot, burst.length(row) - burst.l3Offset(row));
        if ((burst.flags(row) & PacketFlags.FRAGMENT) != 0) {
            family.tracker.loosen(slot);
        }
        burst.flow(row, slot << 1);
        counters.add(ConntrackCounter.CREATED, 1);
    }
}
