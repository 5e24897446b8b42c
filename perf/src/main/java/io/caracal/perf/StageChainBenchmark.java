package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import io.caracal.stage.ForwardStage;
import io.caracal.stage.NeighbourStage;
import io.caracal.stage.PacketStage;
import io.caracal.stage.ParseStage;
import io.caracal.stage.StageChain;
import io.caracal.stage.SyntheticFrame;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.wire.Ipv4Header;
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
 * What the chain of stages costs: the whole way parse → neighbour → forward per packet over 4096 different packets,
 * and whether calling stages through an array of an interface costs anything beside calling them by name. What you
 * should see: no difference between {@code chain} and {@code byName}, since the call is paid once per burst of 64.
 *
 * <p>Forwarding takes one from the TTL, so each packet's TTL and checksum are set back before a burst; both variants
 * pay that alike.</p>
 *
 * <pre>./caracal bench stages</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PacketMemory.PACKETS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"})
public class StageChainBenchmark {
    private static final int L3 = 14;

    private final WorkloadTablePublisher tables = new WorkloadTablePublisher();
    private final ParseStage parse = new ParseStage(new SymmetricFlowHash(7));
    private final NeighbourStage neighbour = new NeighbourStage(tables);
    private final ForwardStage forward = new ForwardStage(tables);
    private final PacketStage chain = new StageChain(parse, neighbour, forward);
    private int[] ttlAndChecksum;
    private PacketMemory memory;
    private PacketBurst burst;

    /** JMH makes it. */
    public StageChainBenchmark() {
    }

    /** Writes the packets and publishes their workloads. */
    @Setup(Level.Trial)
    public void setUp() {
        memory = new PacketMemory(SyntheticFrame.UDP_IPV4, SyntheticFrame.TCP_IPV4);
        burst = new PacketBurst(memory.buffer);
        tables.publish(memory.workloads);
        ttlAndChecksum = new int[PacketMemory.PACKETS];
        for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
            ttlAndChecksum[packet] = memory.buffer.getInt(PacketMemory.offset(packet) + L3 + Ipv4Header.TTL_OFFSET);
        }
    }

    /** Frees the packets. */
    @TearDown(Level.Trial)
    public void tearDown() {
        memory.close();
    }

    /**
     * Through {@link StageChain}.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int chain() {
        int sink = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            receive(number);
            chain.process(burst, 0);
            sink += burst.egressIfindex(number);
        }
        return sink;
    }

    /**
     * Each stage by its own name.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int byName() {
        int sink = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            receive(number);
            parse.process(burst, 0);
            neighbour.process(burst, 0);
            forward.process(burst, 0);
            sink += burst.egressIfindex(number);
        }
        return sink;
    }

    private void receive(final int number) {
        memory.receive(burst, number);
        final int first = number * PacketBurst.MAX_PACKETS;
        for (int packet = first; packet < first + PacketBurst.MAX_PACKETS; packet++) {
            memory.buffer.putInt(PacketMemory.offset(packet) + L3 + Ipv4Header.TTL_OFFSET, ttlAndChecksum[packet]);
        }
    }
}
