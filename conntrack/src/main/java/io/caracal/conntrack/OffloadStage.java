package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.stage.PacketStage;
import io.caracal.wire.IpProtocol;

/**
 * Gives flows to the kernel ({@link FlowOffload}) with the verdict on their first packet, before it is transmitted: the
 * answer to it may take the short way already. Stands behind the {@link FlowCommitStage}. Only what the kernel can
 * carry on just as Java would is given: TCP and UDP between two workloads of this node, approved on both legs, without
 * NAT and not through the host's stack. Whoever stays with Java is as right, and slower.
 *
 * <p>Then goes on with the round that brings records up to date. Belongs to one worker and its {@link Conntrack}.</p>
 */
public final class OffloadStage implements PacketStage {
    /** Flows looked at in a cycle with a full burst: two cache lines each, a few microseconds together. */
    private static final int SWEEP_BUDGET = 16;
    /** What a cycle without packets may look at more, per packet that it does not have. */
    private static final int SWEEP_BUDGET_PER_IDLE_ROW = 4;
    private static final int UNFIT =
        PacketFlags.FRAGMENT | PacketFlags.IP_OPTIONS | PacketFlags.ICMP_ERROR | PacketFlags.LOCALLY_MADE;

    private final Conntrack conntrack;
    private final OffloadedFlows offloaded;
    private final ForwardingPublisher forwarding;
    /** Nothing has been published since the start: sizes of flows that were taken over still hold. */
    private final ForwardingTables unpublished;
    private int mtu;

    OffloadStage(final Conntrack conntrack, final OffloadedFlows offloaded, final ForwardingPublisher forwarding) {
        this.conntrack = conntrack;
        this.offloaded = offloaded;
        this.forwarding = forwarding;
        unpublished = forwarding.current();
        mtu = offloaded.count() > 0 ? offloaded.adoptedMtu() : unpublished.options().workloadMtu();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final long nowMs = conntrack.clock().bootMs(nowNs);
        final ForwardingTables tables = forwarding.current();
        if (tables != unpublished && tables.options().workloadMtu() != mtu) {
            mtu = tables.options().workloadMtu();
            offloaded.withdrawAll(nowMs);
        }
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.flow[row] != PacketBurst.NO_FLOW && isFit(burst, row)) {
                offer(burst, row, nowMs);
            }
        }
        offloaded.sweep(nowMs, SWEEP_BUDGET + (PacketBurst.MAX_PACKETS - count) * SWEEP_BUDGET_PER_IDLE_ROW);
    }

    private static boolean isFit(final PacketBurst burst, final int row) {
        return burst.verdict[row] == Verdict.UNDECIDED && burst.direction[row] == Direction.FROM_WORKLOAD
            && (burst.tracking[row] == Tracking.NEW || burst.tracking[row] == Tracking.ESTABLISHED)
            && (burst.flags[row] & UNFIT) == 0 && RouteWord.kind(burst.route[row]) == RouteKind.LOCAL_WORKLOAD;
    }

    private void offer(final PacketBurst burst, final int row, final long nowMs) {
        final FamilyTracking family = conntrack.family(burst.ipVersion[row]);
        final int slot = burst.flow[row] >> 1;
        if (!offloaded.isOffloaded(family.table, slot) && isOffloadable(family.table, slot)) {
            offloaded.offer(family, slot, mtu, nowMs);
        }
    }

    /** Whether the kernel can carry a flow on. */
    static boolean isOffloadable(final FlowTable table, final int slot) {
        final int flags = table.flags(slot);
        if ((flags & FlowFlags.APPROVED) != FlowFlags.APPROVED
            || (flags & (FlowFlags.NAT | FlowFlags.THROUGH_HOST)) != 0
            || table.sourceIfindex(slot) == 0 || table.destinationIfindex(slot) == 0) {
            return false;
        }
        return switch (table.protocol(slot)) {
            case IpProtocol.UDP -> true;
            case IpProtocol.TCP -> isOpen(table, slot);
            default -> false;
        };
    }

    /** A segment that was let through unexamined wants its answer to be looked at. */
    private static boolean isOpen(final FlowTable table, final int slot) {
        final int state = table.state(slot);
        return state >= FlowState.TCP_SYN_SENT && state <= FlowState.TCP_CLOSE_WAIT
            && (TcpPart.last(table.protocolPart(slot)) & TcpPart.LAST_WAS_IGNORED) == 0;
    }
}
