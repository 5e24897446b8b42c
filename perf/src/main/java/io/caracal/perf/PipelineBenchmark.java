package io.caracal.perf;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.RouteTable;
import io.caracal.stage.HopStage;
import io.caracal.stage.IcmpErrorLimit;
import io.caracal.stage.IcmpResponder;
import io.caracal.stage.PacketStage;
import io.caracal.stage.ParseStage;
import io.caracal.stage.RouteStage;
import io.caracal.stage.StageChain;
import io.caracal.stage.TransmitStage;
import io.caracal.stage.VxlanDecapStage;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.wire.SymmetricFlowHash;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the overlay costs per packet, over 4096 different 64-byte UDP packets in UMEM frames between 200 pods and 1000
 * remote blocks ({@link OverlayMemory}): the engine's own stages, in bursts of 64.
 *
 * <p>What you should see: {@code encap} (parse, route, source check, TTL, size, VXLAN over IPv4) 35 ns or less;
 * {@code decap} (parse outer, take apart, parse inner) 30 ns or less; {@code lookup1k} 10 ns, {@code lookup100k} 25 ns
 * or less, both families; 0 B/op. {@code ipv6Encap} is IPv6 over IPv6, whose outer checksum sums the packet. {@code
 * cpath} does {@code encap} and {@code decap} in C, which says how near to that a machine lets one come.</p>
 *
 * <pre>./caracal bench pipeline</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PacketMemory.PACKETS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"})
public class PipelineBenchmark {
    private final WorkloadTablePublisher workloads = new WorkloadTablePublisher();
    private final ForwardingPublisher forwarding = new ForwardingPublisher();
    private final SymmetricFlowHash hash = new SymmetricFlowHash(7);
    private OverlayMemory ipv4;
    private OverlayMemory ipv6;
    private OverlayMemory tunnelled;
    private PacketBurst ipv4Burst;
    private PacketBurst ipv6Burst;
    private PacketBurst tunnelledBurst;
    private PacketStage outgoing;
    private PacketStage incoming;
    private RouteTable routes1k;
    private RouteTable routes100k;
    private int[] addresses1k;
    private int[] addresses100k;

    /** JMH makes it. */
    public PipelineBenchmark() {
    }

    /** Writes the packets and the tables. */
    @Setup(Level.Trial)
    public void setUp() {
        ipv4 = OverlayMemory.outgoing(false);
        ipv6 = OverlayMemory.outgoing(true);
        tunnelled = OverlayMemory.tunnelled();
        ipv4Burst = new PacketBurst(ipv4.buffer);
        ipv6Burst = new PacketBurst(ipv6.buffer);
        tunnelledBurst = new PacketBurst(tunnelled.buffer);
        workloads.publish(OverlayMemory.workloads());
        routes1k = OverlayMemory.routes(1000);
        routes100k = OverlayMemory.routes(100_000);
        addresses1k = OverlayMemory.addresses(1000);
        addresses100k = OverlayMemory.addresses(100_000);
        forwarding.publish(new ForwardingTables(
            routes1k, OverlayMemory.nextHops(), OverlayMemory.vteps(), ForwardingOptions.DEFAULT));
        final FramePool noFrames = new FramePool(new FrameLedger(1), 0, 1);
        outgoing = new StageChain(new ParseStage(hash), new RouteStage(workloads, forwarding),
            new HopStage(forwarding, new IcmpResponder(IcmpErrorLimit.ofDefaults())),
            new TransmitStage(forwarding, noFrames));
        incoming = new StageChain(new ParseStage(hash), new VxlanDecapStage(forwarding, hash, false));
    }

    /** Frees the packets. */
    @TearDown(Level.Trial)
    public void tearDown() {
        ipv4.close();
        ipv6.close();
        tunnelled.close();
    }

    /**
     * A pod's packets to remote pods: IPv4 in VXLAN over IPv4.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int encap() {
        return send(ipv4, ipv4Burst);
    }

    /**
     * As {@link #encap}: IPv6 in VXLAN over IPv6, with the outer checksum that IPv6 demands.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int ipv6Encap() {
        return send(ipv6, ipv6Burst);
    }

    /**
     * Remote pods' packets out of VXLAN over IPv4.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int decap() {
        int sink = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            tunnelled.receive(tunnelledBurst, number);
            for (int row = 0; row < tunnelledBurst.count; row++) {
                tunnelledBurst.direction(row, Direction.FROM_UPLINK);
            }
            incoming.process(tunnelledBurst, 0);
            sink += tunnelledBurst.flowHash(number);
        }
        return sink;
    }

    /**
     * Longest prefix of IPv4 addresses among 1000 blocks.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public long lookup1kIpv4() {
        return lookupIpv4(routes1k, addresses1k);
    }

    /**
     * As {@link #lookup1kIpv4}, IPv6.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public long lookup1kIpv6() {
        return lookupIpv6(routes1k, addresses1k);
    }

    /**
     * As {@link #lookup1kIpv4}, among 100,000 blocks.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public long lookup100kIpv4() {
        return lookupIpv4(routes100k, addresses100k);
    }

    /**
     * As {@link #lookup1kIpv6}, among 100,000 blocks.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public long lookup100kIpv6() {
        return lookupIpv6(routes100k, addresses100k);
    }

    private int send(final OverlayMemory memory, final PacketBurst burst) {
        int sink = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            memory.restore(number);
            memory.receive(burst, number);
            outgoing.process(burst, 0);
            sink += burst.egressIfindex(number) + burst.length(number);
        }
        return sink;
    }

    private static long lookupIpv4(final RouteTable routes, final int[] addresses) {
        long sink = 0;
        for (final int address : addresses) {
            sink += routes.ipv4(OverlayMemory.FIRST_BLOCK_IPV4 + address);
        }
        return sink;
    }

    private static long lookupIpv6(final RouteTable routes, final int[] addresses) {
        long sink = 0;
        for (final int address : addresses) {
            sink += routes.ipv6(OverlayMemory.POOL_IPV6_HIGH, OverlayMemory.FIRST_BLOCK_IPV6_LOW + address);
        }
        return sink;
    }
}
