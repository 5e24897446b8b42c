package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;

/**
 * The verdict about the first packet of a flow to a pod with ten to a hundred thousand Calico-like rules, as the packet
 * path gets it: bursts of 64 parsed packets, each the first of a flow, through the policy stage, which reads headers,
 * asks every tier, counts the hit and approves the leg or drops. 4096 packets are aimed at rules all over the list; a
 * burst has been parsed when the clock starts. What you should see: about the same at every size.
 *
 * <pre>./caracal bench policy</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PolicyBenchmark {
    /** Packets of a burst: verdicts of one invocation. */
    public static final int BURST = PacketBurst.MAX_PACKETS;

    /** JMH makes it. */
    public PolicyBenchmark() {
    }

    /**
     * A burst of verdicts.
     *
     * @param pod the pod, to which a burst has come.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public byte verdict(final PolicyBursts pod) {
        return pod.decide();
    }

    /**
     * A burst of verdicts with cold caches.
     *
     * @param pod the pod, to which a burst has come.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public byte cold(final ColdPolicyBursts pod) {
        return pod.decide();
    }
}
