package io.caracal.dataplane;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.conntrack.ConntrackConfig;
import io.caracal.conntrack.FlowImage;
import io.caracal.nat.NatBindingListener;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyWay;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleAction;
import io.caracal.policy.model.WorkloadEndpoint;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.stage.ClientQuestions;
import io.caracal.stage.PacketStage;
import io.caracal.stage.SyntheticTraffic;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.FlowPlacement;
import io.caracal.worker.WorkerWarmup;
import io.caracal.xdp.cache.FlowCachePart;

/**
 * Runs synthetic packets of synthetic pods through a worker's whole chain, with flows and a policy of their own that
 * are gone afterwards, so that the first real packet meets compiled code. Any thread, before the worker runs.
 */
final class PathWarmup {
    private static final long SEED = 25;
    private static final int PODS = 16;
    private static final int CYCLES = 32;
    private static final int FLOWS = 8192;
    private static final int CACHE_BUCKETS = 1024;
    private static final int UPLINK_IFINDEX = 1;
    private static final String PROFILE = "warm-up";

    private final SyntheticTraffic traffic = new SyntheticTraffic(SEED, PODS);
    private final SymmetricFlowHash flowHash;
    private final Path directory;

    /**
     * Prepares the pods.
     *
     * @param flowHash the same for all workers.
     * @param directory where flows may be for a moment.
     */
    PathWarmup(final SymmetricFlowHash flowHash, final Path directory) {
        this.flowHash = flowHash;
        this.directory = directory;
    }

    /**
     * Warms one worker's path up.
     *
     * @param umem of the worker.
     * @param pool of the worker; all frames are back afterwards.
     * @param durationMs how long.
     */
    void run(final Umem umem, final FramePool pool, final long durationMs) {
        final PublishedTables tables = tables();
        final ConntrackConfig config = ConntrackSettings.withCapacity(ConntrackConfig.ofShard(0, 1), FLOWS);
        try (WorkerFlows flows = WorkerFlows.open(directory, 0, 1, config, tables.workloads())) {
            final WorkerChain stages =
                new WorkerChain(tables, flowHash, new PolicyWay(UPLINK_IFINDEX), FlowPlacement.ALONE);
            final PacketStage chain = stages.build(pool, flows.conntrack(),
                flows.conntrack().openNat(NatBindingListener.NONE),
                new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null), new ClientQuestions(() -> { }),
                new CachedFlows(FlowCachePart.inMemory(CACHE_BUCKETS)));
            final WorkerWarmup warmup = new WorkerWarmup(pool, umem.buffer(), chain);
            final long deadlineNs = System.nanoTime() + durationMs * 1_000_000L;
            while (System.nanoTime() - deadlineNs < 0) {
                warmup.run(traffic::nextFrame, CYCLES);
            }
            warmup.end();
        } finally {
            FlowImage.delete(WorkerFlows.file(directory, 4, 0));
            FlowImage.delete(WorkerFlows.file(directory, 6, 0));
        }
    }

    private PublishedTables tables() {
        final WorkloadTablePublisher workloads = new WorkloadTablePublisher();
        workloads.publish(traffic.workloads());
        final ForwardingPublisher forwarding = new ForwardingPublisher();
        forwarding.publish(ForwardingTables.EMPTY.withRoutes(traffic.routes()));
        return new PublishedTables(workloads, forwarding, policies());
    }

    private static PolicyCompiler policies() {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        final List<Rule> allow = new ArrayList<>(List.of(new Rule(RuleAction.ALLOW, List.of(), PROFILE)));
        compiler.putProfile(new Profile(PROFILE, allow, allow));
        compiler.putInterface(new NodeInterface(UPLINK_IFINDEX, "eth0", List.of()));
        for (int pod = 0; pod < PODS; pod++) {
            final String name = "cali" + pod;
            compiler.putInterface(new NodeInterface(SyntheticTraffic.FIRST_IFINDEX + pod, name, List.of()));
            compiler.putWorkload(
                new WorkloadEndpoint(name, name, true, List.of(), List.of(), List.of(PROFILE)));
        }
        compiler.publish();
        return compiler;
    }
}
