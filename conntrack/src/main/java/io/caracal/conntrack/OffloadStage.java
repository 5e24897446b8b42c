package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.stage.PacketStage;
import io.caracal.stage.WorkloadTable;

/**
 * Gives flows to the kernel ({@link FlowOffload}) with the verdict on their first packet, before it is transmitted: the
 * answer to it may take the short way already. Stands behind the {@link FlowCommitStage}. Only what the kernel can
 * carry on just as Java would is given: TCP and UDP of a workload of this node with another one, here or on another
 * node, with the outside, or with a service, approved on its legs. What NAT-outgoing translates is given with its
 * second packet, when its first was translated. What a pod sends from an address that it is exempt for stays with Java:
 * answers go where that address leads, not back to the pod. Whoever stays with Java is as right, and slower.
 *
 * <p>Of a connection whose first packet any source port would have got through, the kernel is told the kind: it opens
 * the next ones alone ({@link OpenedFlows}).</p>
 *
 * <p>Then goes on with the round that brings records up to date. Belongs to one worker and its {@link Conntrack}.</p>
 */
public final class OffloadStage implements PacketStage {
    /** Flows looked at in a cycle: two cache lines each, a few microseconds together. */
    private static final int SWEEP_BUDGET = 16;
    /** A cycle without packets goes on for so long; a packet that comes meanwhile waits no longer. */
    private static final long IDLE_SWEEP_NS = 100_000;
    private static final int UNFIT =
        PacketFlags.FRAGMENT | PacketFlags.IP_OPTIONS | PacketFlags.ICMP_ERROR | PacketFlags.LOCALLY_MADE;

    /** Flows looked at in a cycle after routes have changed, until all are: some ten microseconds. */
    private static final int REVIEW_BUDGET = 64;

    private final Conntrack conntrack;
    private final OffloadedFlows offloaded;
    private final OpenedFlows opened;
    private final ForwardingPublisher forwarding;
    /** Of what this cycle reads: asked for before it has read anything. */
    private int epoch;

    OffloadStage(final Conntrack conntrack, final OffloadedFlows offloaded, final OpenedFlows opened,
        final ForwardingPublisher forwarding) {
        this.conntrack = conntrack;
        this.offloaded = offloaded;
        this.opened = opened;
        this.forwarding = forwarding;
        epoch = opened.epoch();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final long nowMs = conntrack.clock().bootMs(nowNs);
        offloaded.review(forwarding.current(), REVIEW_BUDGET, nowMs);
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.flow(row) != PacketBurst.NO_FLOW && isFit(burst, row)) {
                offer(burst, row, nowMs);
            }
        }
        sweep(count == 0, nowMs);
        burst.sleepMaxMs = Math.min(burst.sleepMaxMs, opened.sleepMaxMs(nowMs));
        epoch = opened.epoch();
    }

    /** By the clock and not by a count: in an engine that has just started each flow takes fifty times as long. */
    private void sweep(final boolean isIdle, final long nowMs) {
        final long startNs = System.nanoTime();
        boolean goesOn;
        do {
            goesOn = offloaded.sweep(nowMs, SWEEP_BUDGET) | offloaded.endClosed(nowMs, SWEEP_BUDGET)
                | isIdle && opened.adoptDue(nowMs, SWEEP_BUDGET);
        } while (goesOn && isIdle && System.nanoTime() - startNs < IDLE_SWEEP_NS);
    }

    private static boolean isFit(final PacketBurst burst, final int row) {
        return burst.verdict(row) == Verdict.UNDECIDED && (burst.flags(row) & UNFIT) == 0
            && (burst.tracking(row) == Tracking.NEW || burst.tracking(row) == Tracking.ESTABLISHED)
            && leadsWhereTheKernelMay(burst.direction(row), RouteWord.kind(burst.route(row)));
    }

    /** From the host's stack comes what it has translated for a service, and what goes back to who asked one. */
    private static boolean leadsWhereTheKernelMay(final byte direction, final int routeKind) {
        return switch (routeKind) {
            case RouteKind.LOCAL_WORKLOAD -> true;
            case RouteKind.REMOTE_WORKLOAD, RouteKind.REMOTE_SAME_SUBNET ->
                direction == Direction.FROM_WORKLOAD || direction == Direction.TO_UPLINK;
            case RouteKind.SERVICE, RouteKind.OUTSIDE, RouteKind.REMOTE_HOST -> direction == Direction.FROM_WORKLOAD;
            default -> false;
        };
    }

    private void offer(final PacketBurst burst, final int row, final long nowMs) {
        final FamilyTracking family = conntrack.family(burst.ipVersion(row));
        final int slot = burst.flow(row) >> 1;
        if (!offloaded.isOffloaded(family.table, slot) && OffloadEntries.isOffloadable(family.table, slot)
            && leadsToItsLeg(burst, row, family.table) && comesFromItsLeg(burst, row, family.table)
            && goesAsItsFlow(burst, row, family.table) && offloaded.offer(family, slot, nowMs)
            && isKind(burst, row, family.table)) {
            opened.putKind(family, slot, epoch);
        }
    }

    /** Whether what was decided about a first packet holds for others of its pod to the same address and port. */
    private boolean isKind(final PacketBurst burst, final int row, final FlowTable table) {
        final int slot = burst.flow(row) >> 1;
        return burst.tracking(row) == Tracking.NEW && conntrack.approvals().isOfAnyPort[row]
            && table.state(slot) == FlowState.TCP_SYN_SENT && (burst.flow(row) & 1) == FlowTable.ORIGINAL
            && (table.flags(slot) & FlowFlags.NAT) == 0 && table.sourceIfindex(slot) != WorkloadTable.NONE
            && RowEndpoints.source(burst, row, conntrack.workloads()) == table.sourceIfindex(slot);
    }

    /** What leads to a pod now may have led to the host's stack when the flow was made. */
    private static boolean goesAsItsFlow(final PacketBurst burst, final int row, final FlowTable table) {
        final byte direction = burst.direction(row);
        final boolean isByHost = direction == Direction.TO_WORKLOAD || direction == Direction.TO_UPLINK
            || RouteWord.kind(burst.route(row)) == RouteKind.SERVICE;
        return isByHost == ((table.flags(burst.flow(row) >> 1) & FlowFlags.THROUGH_HOST) != 0);
    }

    /**
     * Whether the source address is that of the flow's end now: a pod may send from one that it is exempt for, too, and
     * what the host's stack brings was not looked at by its interface.
     */
    private boolean comesFromItsLeg(final PacketBurst burst, final int row, final FlowTable table) {
        final int source = RowEndpoints.source(burst, row, conntrack.workloads());
        if (burst.direction(row) == Direction.FROM_WORKLOAD && source != burst.ingressIfindex(row)) {
            return false;
        }
        final int slot = burst.flow(row) >> 1;
        return source == WorkloadTable.NONE || source == ((burst.flow(row) & 1) == FlowTable.ORIGINAL
            ? table.sourceIfindex(slot) : table.destinationIfindex(slot));
    }

    /** An address may have gone from a workload to another node since the flow was made. */
    private static boolean leadsToItsLeg(final PacketBurst burst, final int row, final FlowTable table) {
        final int slot = burst.flow(row) >> 1;
        final int leg = (burst.flow(row) & 1) == FlowTable.ORIGINAL
            ? table.destinationIfindex(slot) : table.sourceIfindex(slot);
        return leg == RouteWord.ifindex(burst.route(row));
    }
}
