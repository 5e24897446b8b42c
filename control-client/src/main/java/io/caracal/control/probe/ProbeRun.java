package io.caracal.control.probe;

import io.caracal.policy.CompiledPolicy;
import io.caracal.policy.Decision;
import io.caracal.policy.DecisionReason;
import io.caracal.policy.DecisionStep;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.List;
import java.util.Optional;

/** Decides probes as a node would decide their packets, by the packet path's own code. One thread. */
public final class ProbeRun {
    private final ProbeNode node;
    private final CompiledPolicy policy;
    private final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);

    /**
     * Takes a node as it is now.
     *
     * @param node everything that control has said.
     */
    public ProbeRun(final ProbeNode node) {
        this.node = node;
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(node.policySet());
        policy = compiler.publish();
    }

    /**
     * Decides one probe.
     *
     * @param probe the packet.
     * @return verdict and reason.
     */
    public ProbeVerdict decide(final Probe probe) {
        final WorkloadEndpoint from = node.workload(probe.fromEndpoint(), probe.from(), probe.source());
        final WorkloadEndpoint to = node.workload(probe.toEndpoint(), probe.to(), probe.destination());
        if (from != null && !node.maySend(from, probe.source())) {
            return new ProbeVerdict(probe, false, Optional.empty(),
                "the source is not " + from + "'s own, so the packet is dropped before policy is asked");
        }
        final PolicyPacket packet = packet(probe, from, to);
        final Decision decision = evaluator.explain(policy, packet);
        return new ProbeVerdict(probe, evaluator.allows(policy, packet), Optional.of(decision), reason(decision));
    }

    private PolicyPacket packet(final Probe probe, final WorkloadEndpoint from, final WorkloadEndpoint to) {
        final PolicyPacket packet = new PolicyPacket().addresses(probe.source(), probe.destination())
            .transport(probe.protocol(), probe.sourcePort(), probe.destinationPort())
            .way(node.interfaceOf(from, probe.source()), node.interfaceOf(to, probe.destination()));
        packet.invalid = probe.isInvalid();
        return packet;
    }

    /** The host's own words come last but say little where a rule decided before. */
    private static String reason(final Decision decision) {
        final List<DecisionStep> steps = decision.steps();
        if (steps.isEmpty()) {
            return DecisionReason.NO_MATCH.sentence();
        }
        return steps.getLast().toString();
    }
}
