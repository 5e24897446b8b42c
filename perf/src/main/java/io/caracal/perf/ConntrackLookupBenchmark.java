package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/**
 * Lookups of bursts of 64 in random order, flows that are there and flows that are not: a second instrument beside
 * {@code FlowTableMeasurement}, which measures whole processes. What you should see: the same nanoseconds within the
 * machine's noise, a miss no dearer than a hit, and nothing allocated.
 *
 * <pre>./caracal bench conntrack</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ConntrackLookupBenchmark {
    /** Packets of one invocation. */
    public static final int BURST = PacketBurst.MAX_PACKETS;

    /** JMH makes it. */
    public ConntrackLookupBenchmark() {
    }

    /**
     * Flows that are there.
     *
     * @param flows the table.
     * @return what was found, so that it is not optimised away.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long hit(final ConntrackFlows flows) {
        return flows.lookup(0);
    }

    /**
     * Flows that are not there.
     *
     * @param flows the table.
     * @return what was found, so that it is not optimised away.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long miss(final ConntrackFlows flows) {
        return flows.lookup(flows.flows);
    }
}
