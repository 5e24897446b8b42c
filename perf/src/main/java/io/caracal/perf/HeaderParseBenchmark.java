package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import io.caracal.stage.ParseStage;
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
 * What the engine's parse costs per packet, over 4096 different packets in UMEM frames ({@link PacketMemory}): punt
 * header, IP header with checksum, transport header, columns and flow hash, with the engine's own settings. What you
 * should see: 15 ns or less, 0 B/op.
 *
 * <pre>./caracal bench parse</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PacketMemory.PACKETS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
    "-Dagrona.disable.bounds.checks=true", "-XX:-UseFPUForSpilling"})
public class HeaderParseBenchmark {
    private final ParseStage stage = new ParseStage(new SymmetricFlowHash(PacketImage.HASH_SEED));
    private PacketMemory udp;
    private PacketMemory mixed;
    private PacketMemory everything;
    private PacketBurst udpBurst;
    private PacketBurst mixedBurst;
    private PacketBurst everythingBurst;

    /** JMH makes it. */
    public HeaderParseBenchmark() {
    }

    /** Writes the packets. */
    @Setup(Level.Trial)
    public void setUp() {
        udp = PacketImage.Mixture.UDP.packets();
        mixed = PacketImage.Mixture.MIXED.packets();
        everything = new PacketMemory();
        udpBurst = new PacketBurst(udp.buffer);
        mixedBurst = new PacketBurst(mixed.buffer);
        everythingBurst = new PacketBurst(everything.buffer);
    }

    /** Frees the packets. */
    @TearDown(Level.Trial)
    public void tearDown() {
        udp.close();
        mixed.close();
        everything.close();
    }

    /**
     * The engine's stage over UDP in IPv4.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int stageUdp() {
        return parseAll(udp, udpBurst);
    }

    /**
     * The engine's stage over a usual mixture: mostly TCP, a quarter IPv6, some ICMP.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int stageMixed() {
        return parseAll(mixed, mixedBurst);
    }

    /**
     * The engine's stage over every kind of frame in random order, a sixteenth malformed: no branch is predictable.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int stageEverything() {
        return parseAll(everything, everythingBurst);
    }

    private int parseAll(final PacketMemory memory, final PacketBurst burst) {
        int sink = 0;
        for (int number = 0; number < PacketMemory.BURSTS; number++) {
            memory.receive(burst, number);
            stage.process(burst, 0);
            sink += burst.flowHash(number);
        }
        return sink;
    }
}
