package io.caracal.policy;

import io.caracal.burst.DropReason;
import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.stage.PacketStage;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Asks policy about packets that begin a flow ({@link Tracking#NEW}): a denied one is dropped, an allowed one has both
 * legs of its flow approved, with the rules that decided. A packet to a service is let through to the host's stack,
 * which chooses the real destination and sends it back, as another flow, to be judged then. Packets of approved flows
 * are not looked at. Stands behind routing and connection tracking, before flows are committed. Belongs to one worker;
 * reads the policy once per burst; allocates nothing.
 *
 * <pre>{@code
 *   route ─► ConntrackStage ─► PolicyStage ─► forwarding ─► FlowCommitStage
 *             tracking          verdict, FlowApprovals
 * }</pre>
 */
public final class PolicyStage implements PacketStage {
    private final PolicyCompiler policies;
    private final PolicyEvaluator evaluator;
    private final FlowApprovals approvals;
    private final PolicyWay way;
    private final PolicyPacket packet = new PolicyPacket();
    private final int[] deniedBy = new int[PacketBurst.MAX_PACKETS];

    /**
     * Makes the stage.
     *
     * @param policies where the policy in force is.
     * @param evaluator the worker's own.
     * @param approvals the legs of each row's flow, which connection tracking has begun.
     * @param way interfaces of packets.
     */
    public PolicyStage(final PolicyCompiler policies, final PolicyEvaluator evaluator, final FlowApprovals approvals,
        final PolicyWay way) {
        this.policies = policies;
        this.evaluator = evaluator;
        this.approvals = approvals;
        this.way = way;
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final CompiledPolicy policy = policies.current();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.tracking(row) == Tracking.NEW && burst.verdict(row) == Verdict.UNDECIDED) {
                decide(burst, row, policy);
            }
        }
    }

    private void decide(final PacketBurst burst, final int row, final CompiledPolicy policy) {
        final int out = way.out(burst, row);
        if (out == PolicyWay.NOT_YET) {
            approvals.approveSource(row, policy.generation(), 0);
            approvals.isOfAnyPort[row] = true;
            return;
        }
        fill(burst, row);
        packet.way(way.in(burst, row, approvals.sourceIfindex[row]), out);
        if (!evaluator.allows(policy, packet)) {
            deniedBy[row] = evaluator.decidedById();
            burst.drop(row, DropReason.POLICY_DENY);
            return;
        }
        approvals.isOfAnyPort[row] = evaluator.isOfAnyPort() && !approvals.hasClient[row];
        final int generation = policy.generation();
        if (approvals.sourceIfindex[row] != FlowApprovals.NO_WORKLOAD) {
            approvals.approveSource(row, generation, evaluator.egressRuleId());
        }
        if (approvals.destinationIfindex[row] != FlowApprovals.NO_WORKLOAD) {
            approvals.approveDestination(row, generation, evaluator.ingressRuleId());
        }
    }

    private void fill(final PacketBurst burst, final int row) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        packet.v6 = burst.ipVersion(row) == 6;
        if (packet.v6) {
            packet.sourceHigh = Ipv6Header.sourceHigh(umem, l3);
            packet.sourceLow = Ipv6Header.sourceLow(umem, l3);
            packet.destinationHigh = Ipv6Header.destinationHigh(umem, l3);
            packet.destinationLow = Ipv6Header.destinationLow(umem, l3);
        } else {
            packet.sourceHigh = (long)Ipv4Header.source(umem, l3) << Integer.SIZE;
            packet.sourceLow = 0;
            packet.destinationHigh = (long)Ipv4Header.destination(umem, l3) << Integer.SIZE;
            packet.destinationLow = 0;
        }
        int sourcePort = burst.sourcePort(row);
        if (approvals.hasClient[row]) {
            packet.sourceHigh = approvals.clientHigh[row];
            packet.sourceLow = approvals.clientLow[row];
            sourcePort = approvals.clientPort[row];
        }
        packet.transport(burst.ipProtocol(row), sourcePort, burst.destinationPort(row));
        /* Connection tracking gives a later fragment the ports of the first one. */
        packet.hasTransport = burst.l4Offset(row) != 0 || (burst.flags(row) & PacketFlags.LATER_FRAGMENT) != 0;
        packet.invalid = false;
    }

    /**
     * The rule that denied a row, for traces: valid for rows dropped with {@link DropReason#POLICY_DENY} until the next
     * burst.
     *
     * @param row row of the burst.
     * @return {@link RulePlace#id()}; 0 where no rule but the end of a tier, or an endpoint's state, decided.
     */
    public int deniedBy(final int row) {
        return deniedBy[row];
    }
}
