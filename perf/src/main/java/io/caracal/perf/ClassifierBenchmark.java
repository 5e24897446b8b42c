package io.caracal.perf;

import io.caracal.perf.policy.ClassBenchSet;
import io.caracal.perf.policy.LinearSearch;
import io.caracal.policy.CompiledPolicy;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The verdict about the first packet of a flow, over the headers of a ClassBench trace: {@code caracal} is the whole
 * evaluation of a pod's policy as the packet path asks it, {@code linear} only the search. {@code cold} is a burst of
 * 64 after everything else has been thrown out of the caches. What you should see: well under half a microsecond at
 * every size and warm, growing by two or three from 1k to 100k rules, while linear search grows with the rules.
 *
 * <pre>./caracal bench classifier</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ClassifierBenchmark {
    /** Lookups of one invocation: long enough for the clock, short enough for linear search. */
    public static final int LOOKUPS = 256;
    /** A burst. */
    public static final int BURST = 64;

    /** JMH makes it. */
    public ClassifierBenchmark() {
    }

    /** A rule set, what is built of it, and where in the trace the next lookup is. */
    @State(Scope.Thread)
    public static class Lookups {
        /** Name, rules and trace, separated by {@code |}. */
        @Param("")
        public String files;

        private ClassBenchSet set;
        private PolicyPacket[] packets;
        private CompiledPolicy policy;
        private PolicyEvaluator evaluator;
        private LinearSearch linear;
        private int next;

        /** JMH makes it. */
        public Lookups() {
        }

        /**
         * Reads and builds.
         *
         * @throws IOException if a file cannot be read.
         */
        @Setup(Level.Trial)
        public void setUp() throws IOException {
            final String[] parts = files.split("\\|");
            set = ClassBenchSet.read(parts[0], Path.of(parts[1]), Path.of(parts[2]));
            final PolicyCompiler compiler = new PolicyCompiler(1);
            compiler.replaceAll(set.policySet());
            policy = compiler.publish();
            evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
            linear = new LinearSearch(set);
            packets = new PolicyPacket[set.headerCount()];
            for (int header = 0; header < packets.length; header++) {
                packets[header] = set.packet(header);
            }
        }

        private int take() {
            final int header = next;
            next = header + 1 == packets.length ? 0 : header + 1;
            return header;
        }
    }

    /** Memory that is walked through so that nothing else stays in the caches. */
    @State(Scope.Thread)
    public static class Eviction {
        private static final int WORDS = 8 << 20;
        private final long[] memory = new long[WORDS];

        /** JMH makes it. */
        public Eviction() {
        }

        /** Writes each cache line of more memory than the caches hold. */
        @Setup(Level.Invocation)
        public void evict() {
            for (int i = 0; i < WORDS; i += Long.BYTES) {
                memory[i]++;
            }
        }
    }

    /**
     * Verdicts one after the other.
     *
     * @param lookups the set.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(LOOKUPS)
    public int caracal(final Lookups lookups) {
        return decide(lookups, LOOKUPS);
    }

    /**
     * A burst of verdicts with cold caches.
     *
     * @param lookups the set.
     * @param eviction has emptied the caches.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int cold(final Lookups lookups, final Eviction eviction) {
        return decide(lookups, BURST);
    }

    private static int decide(final Lookups lookups, final int count) {
        int allowed = 0;
        for (int i = 0; i < count; i++) {
            allowed += lookups.evaluator.allows(lookups.policy, lookups.packets[lookups.take()]) ? 1 : 0;
        }
        return allowed;
    }

    /**
     * Linear search.
     *
     * @param lookups the set.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(LOOKUPS)
    public int linear(final Lookups lookups) {
        int sum = 0;
        for (int i = 0; i < LOOKUPS; i++) {
            sum += lookups.linear.find(lookups.set.header(lookups.take()));
        }
        return sum;
    }
}
