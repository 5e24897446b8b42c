package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.conntrack.BootClock;
import io.caracal.conntrack.Conntrack;
import io.caracal.conntrack.ConntrackConfig;
import io.caracal.conntrack.ConntrackCounter;
import io.caracal.conntrack.ConntrackTimeouts;
import io.caracal.conntrack.EstablishedFlows;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowRemovalListener;
import io.caracal.conntrack.TcpPolicy;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyStage;
import io.caracal.policy.PolicyWay;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.stage.PacketStage;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.ForwardingChain;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What a pod's packet to a remote pod goes through, all in memory: parse, route, source check, a flow found among a
 * million, its verdict and its bookkeeping, TTL, VXLAN; the engine's own chain. The flows are made by their first
 * packets, judged by policy; every measured packet is of one that is there.
 *
 * <p>What you should see: 80 ns a packet or less, at most half as much again as the C twin {@code cpath}, and 0
 * B/op.</p>
 *
 * <pre>./caracal bench memory</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PacketMemory.PACKETS)
public class WholePathBenchmark {
    private static final int FLOWS = PacketMemory.PACKETS * OverlayMemory.VARIANTS;
    /** A flow table three quarters full, as sized in practice. */
    private static final int CAPACITY = FLOWS + FLOWS / 3;
    private static final int VARIANT_SHIFT = Integer.SIZE - 8;

    private final WorkloadTablePublisher workloads = new WorkloadTablePublisher();
    private final ForwardingPublisher forwarding = new ForwardingPublisher();
    private final long nowNs = System.nanoTime();
    private FlowImage ipv4Image;
    private FlowImage ipv6Image;
    private Conntrack conntrack;
    private OverlayMemory memory;
    private PacketBurst burst;
    private PacketStage chain;
    private int random = 1;

    /** JMH makes it. */
    public WholePathBenchmark() {
    }

    /**
     * Makes tables, packets and a million flows.
     *
     * @throws IOException if the flow tables' files cannot be made.
     */
    @Setup(Level.Trial)
    public void setUp() throws IOException {
        memory = OverlayMemory.outgoing(false);
        burst = new PacketBurst(memory.buffer);
        workloads.publish(OverlayMemory.workloads());
        forwarding.publish(new ForwardingTables(OverlayMemory.routes(1000), OverlayMemory.nextHops(),
            OverlayMemory.vteps(), ForwardingOptions.DEFAULT));
        openConntrack();
        final PolicyCompiler policies = new PolicyCompiler(1);
        policies.replaceAll(OverlayMemory.policies());
        policies.publish();
        final PolicyStage policy = new PolicyStage(policies,
            new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null), conntrack.approvals(),
            new PolicyWay(OverlayMemory.UPLINK));
        chain = new ForwardingChain(new SymmetricFlowHash(7), new FramePool(new FrameLedger(1), 0, 1), workloads,
            forwarding).withDecisions(conntrack.stage(), policy).withCommits(conntrack.commitStage()).build();
        for (int variant = 0; variant < OverlayMemory.VARIANTS; variant++) {
            for (int number = 0; number < PacketMemory.BURSTS; number++) {
                process(number, variant);
            }
        }
        requireHitsAndTransmission();
    }

    private void openConntrack() throws IOException {
        ipv4Image = MemoryFlowImage.open(4, CAPACITY);
        ipv6Image = MemoryFlowImage.open(6, 1024);
        conntrack = Conntrack.open(new ConntrackConfig(CAPACITY, 1024, ConntrackConfig.ENDPOINTS_MAX_DEFAULT, CAPACITY,
            ConntrackConfig.EVICTION_IDLE_DEFAULT, ConntrackTimeouts.DEFAULTS, TcpPolicy.DEFAULTS, true,
            EstablishedFlows.KEEP), ipv4Image, ipv6Image, BootClock.read(), workloads, FlowRemovalListener.NONE);
        conntrack.populate();
    }

    /** Measuring misses or drops would be measuring something else. */
    private void requireHitsAndTransmission() {
        final long hits = conntrack.counters().get(ConntrackCounter.HITS);
        int transmitted = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            process(number, number % OverlayMemory.VARIANTS);
            for (int row = 0; row < burst.count; row++) {
                transmitted += burst.verdict(row) == Verdict.TRANSMIT ? 1 : 0;
            }
        }
        final long found = conntrack.counters().get(ConntrackCounter.HITS) - hits;
        if (found != PacketMemory.PACKETS || transmitted != PacketMemory.PACKETS) {
            throw new IllegalStateException("of " + PacketMemory.PACKETS + " packets of flows that are there " + found
                + " were found and " + transmitted + " transmitted");
        }
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void tearDown() {
        conntrack.close();
        ipv4Image.close();
        ipv6Image.close();
        memory.close();
    }

    private int process(final int number, final int variant) {
        memory.restore(number);
        memory.choosePorts(number, variant);
        memory.receive(burst, number);
        chain.process(burst, nowNs);
        return burst.length(0);
    }

    /**
     * 4096 packets, each of one of its 256 flows.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int wholePath() {
        int sink = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            random = random * 1664525 + 1013904223;
            sink += process(number, random >>> VARIANT_SHIFT);
        }
        return sink;
    }
}
