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
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.FlowPlacement;
import io.caracal.worker.WorkerWarmup;
import io.caracal.xdp.cache.FlowCachePart;

/**
 * Runs synthetic packets of synthetic pods through a worker's whole chain, with memory, flows and a policy of their own
 * that are gone afterwards. What is compiled is the code of every worker. One thread, any; whoever opens it closes it.
 */
final class PathWarmup implements AutoCloseable {
    private static final long SEED = 25;
    private static final int PODS = 16;
    private static final int FLOWS = 8192;
    private static final int CACHE_BUCKETS = 1024;
    /** A fill ring of packets on their way, and as many that the stages may keep. */
    private static final int FRAMES = 2048;
    private static final int UPLINK_IFINDEX = 1;
    private static final String PROFILE = "warm-up";

    private final SyntheticTraffic traffic = new SyntheticTraffic(SEED, PODS);
    private final Path directory;
    private final Umem umem;
    private final WorkerFlows flows;
    private final WorkerWarmup warmup;

    /**
     * Prepares memory, flows, policy and stages.
     *
     * @param directory where flows may be for a moment.
     */
    PathWarmup(final Path directory) {
        this.directory = directory;
        final PublishedTables tables = tables();
        final ConntrackConfig config = ConntrackSettings.withCapacity(ConntrackConfig.ofShard(0, 1), FLOWS);
        umem = Umem.create("caracal-warm-up", FRAMES);
        try {
            flows = WorkerFlows.open(directory, 0, 1, config, tables.workloads());
        } catch (final RuntimeException failure) {
            umem.close();
            throw failure;
        }
        final FramePool pool = new FramePool(new FrameLedger(FRAMES), 0, FRAMES, 0);
        final WorkerChain stages =
            new WorkerChain(tables, SymmetricFlowHash.random(), new PolicyWay(UPLINK_IFINDEX), FlowPlacement.ALONE);
        final PacketStage chain = stages.build(pool, flows.conntrack(),
            flows.conntrack().openNat(NatBindingListener.NONE),
            new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null), new ClientQuestions(() -> { }),
            new CachedFlows(FlowCachePart.inMemory(CACHE_BUCKETS)));
        warmup = new WorkerWarmup(pool, umem.buffer(), chain);
    }

    /**
     * Runs full burst cycles of what flows begin with.
     *
     * @param cycleCount of 64 packets each.
     */
    void runOpenings(final int cycleCount) {
        warmup.run(traffic::nextOpening, cycleCount);
    }

    /**
     * Runs full burst cycles of everything that there is.
     *
     * @param cycleCount of 64 packets each.
     */
    void run(final int cycleCount) {
        warmup.run(traffic::nextFrame, cycleCount);
    }

    @Override
    public void close() {
        warmup.end();
        flows.close();
        FlowImage.delete(WorkerFlows.file(directory, 4, 0));
        FlowImage.delete(WorkerFlows.file(directory, 6, 0));
        umem.close();
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
