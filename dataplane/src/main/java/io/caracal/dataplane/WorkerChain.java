package io.caracal.dataplane;

import io.caracal.conntrack.Conntrack;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyStage;
import io.caracal.policy.PolicyWay;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FramePool;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.ForwardingChain;

/** The stages of a worker: forwarding, with connection tracking and policy where it asks for decisions. */
final class WorkerChain {
    private WorkerChain() {
    }

    /** Makes one worker's chain; conntrack and evaluator are that worker's alone. */
    static PacketStage build(final PublishedTables tables, final SymmetricFlowHash flowHash, final FramePool pool,
                             final Conntrack conntrack, final PolicyEvaluator evaluator, final PolicyWay way) {
        final PolicyStage policy = new PolicyStage(tables.policies(), evaluator, conntrack.approvals(), way);
        return new ForwardingChain(flowHash, pool, tables.workloads(), tables.forwarding())
            .withDecisions(conntrack.stage(), policy).withCommits(conntrack.commitStage()).build();
    }
}
