package io.caracal.dataplane;

import java.util.Optional;

import io.caracal.conntrack.Conntrack;
import io.caracal.conntrack.FlowOffload;
import io.caracal.nat.NatBindings;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyStage;
import io.caracal.policy.PolicyWay;
import io.caracal.stage.ClientQuestions;
import io.caracal.stage.MasqueradedClients;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FramePool;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.FlowPlacement;
import io.caracal.worker.ForwardingChain;
import io.caracal.worker.HandOverPort;
import io.caracal.worker.HandOverStage;

/**
 * The stages of a worker: forwarding, with connection tracking and policy where it asks for decisions.
 *
 * @param tables what the control thread publishes.
 * @param flowHash the same for all workers.
 * @param way the interface of packets that leave this node, for policy.
 * @param placement which worker owns a flow.
 * @param handOver none for a worker that is alone.
 */
record WorkerChain(PublishedTables tables, SymmetricFlowHash flowHash, PolicyWay way, FlowPlacement placement,
                   Optional<HandOver> handOver) {
    /** What a worker beside others has. */
    private record HandOver(int worker, HandOverPort port) {
    }

    WorkerChain(final PublishedTables tables, final SymmetricFlowHash flowHash, final PolicyWay way,
                final FlowPlacement placement) {
        this(tables, flowHash, way, placement, Optional.empty());
    }

    /** The same for one of several workers, which give each other what is theirs. */
    WorkerChain withHandOver(final int worker, final int workerCount, final HandOverPort port) {
        return workerCount == 1 ? this
            : new WorkerChain(tables, flowHash, way, placement, Optional.of(new HandOver(worker, port)));
    }

    /**
     * Makes one worker's chain; conntrack, bindings, evaluator and offload are that worker's alone, and without offload
     * (null) every packet stays with Java. Unfinished checksums are completed: a veth as uplink brings them, and XDP in
     * the stack may.
     */
    PacketStage build(final FramePool pool, final Conntrack conntrack, final NatBindings bindings,
                      final PolicyEvaluator evaluator, final ClientQuestions questions, final FlowOffload offload) {
        final MasqueradedClients clients =
            new MasqueradedClients(questions, tables.forwarding(), conntrack.approvals(), pool.ledger());
        final PolicyStage policy = new PolicyStage(tables.policies(), evaluator, conntrack.approvals(), way);
        final ForwardingChain chain = new ForwardingChain(flowHash, pool, tables.workloads(), tables.forwarding())
            .withNat(bindings).completingChecksums()
            .withDecisions(clients::release, conntrack.stage(), clients::ask, policy)
            .withCommits(commits(conntrack, evaluator, offload));
        handOver.ifPresent(each ->
            chain.withHandOver(new HandOverStage(each.worker, placement, bindings, each.port)));
        return chain.build();
    }

    private PacketStage[] commits(final Conntrack conntrack, final PolicyEvaluator evaluator,
                                  final FlowOffload offload) {
        final PacketStage commit = conntrack.commitStage();
        return offload == null ? new PacketStage[] {commit}
            : new PacketStage[] {commit, conntrack.openOffload(offload, tables.forwarding(),
                (egress, ingress) -> evaluator.count(tables.policies(), egress, ingress))};
    }
}
