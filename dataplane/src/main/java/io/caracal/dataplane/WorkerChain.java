package io.caracal.dataplane;

import io.caracal.conntrack.Conntrack;
import io.caracal.nat.NatBindings;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyStage;
import io.caracal.policy.PolicyWay;
import io.caracal.stage.ClientQuestions;
import io.caracal.stage.MasqueradedClients;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FramePool;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.ForwardingChain;

/**
 * The stages of a worker: forwarding, with connection tracking and policy where it asks for decisions.
 *
 * @param tables what the control thread publishes.
 * @param flowHash the same for all workers.
 * @param way the interface of packets that leave this node, for policy.
 */
record WorkerChain(PublishedTables tables, SymmetricFlowHash flowHash, PolicyWay way) {
    /**
     * Makes one worker's chain; conntrack, bindings and evaluator are that worker's alone. Unfinished checksums are
     * completed: a veth as uplink brings them, and XDP in the stack may.
     */
    PacketStage build(final FramePool pool, final Conntrack conntrack, final NatBindings bindings,
                      final PolicyEvaluator evaluator, final ClientQuestions questions) {
        final MasqueradedClients clients =
            new MasqueradedClients(questions, tables.forwarding(), conntrack.approvals(), pool.ledger());
        final PolicyStage policy = new PolicyStage(tables.policies(), evaluator, conntrack.approvals(), way);
        return new ForwardingChain(flowHash, pool, tables.workloads(), tables.forwarding()).withNat(bindings)
            .completingChecksums().withDecisions(clients::release, conntrack.stage(), clients::ask, policy)
            .withCommits(conntrack.commitStage()).build();
    }
}
