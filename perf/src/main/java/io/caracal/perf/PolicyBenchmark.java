package io.caracal.perf;

import io.caracal.perf.policy.PodRules;
import io.caracal.policy.CompiledPolicy;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
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
 * The verdict about the first packet of a flow to a pod with ten to a hundred thousand Calico-like rules: the whole
 * evaluation as the packet path asks it, over 4096 packets aimed at rules all over the list. What you should see: about
 * the same at every size.
 *
 * <pre>./caracal bench policy</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PolicyBenchmark {
    /** Verdicts of one invocation. */
    public static final int VERDICTS = 256;
    /** A burst. */
    public static final int BURST = 64;

    /** JMH makes it. */
    public PolicyBenchmark() {
    }

    /** A pod's policy, packets to it, and which comes next. */
    @State(Scope.Thread)
    public static class Pod {
        private static final int PACKETS = 4096;

        /** Number of rules. */
        @Param("10")
        public int rules;

        private PolicyPacket[] packets;
        private CompiledPolicy policy;
        private PolicyEvaluator evaluator;
        private int next;

        /** JMH makes it. */
        public Pod() {
        }

        /** Makes rules, compiles them, makes packets. */
        @Setup(Level.Trial)
        public void setUp() {
            final PodRules pod = new PodRules(rules);
            final PolicyCompiler compiler = new PolicyCompiler(1);
            compiler.replaceAll(pod.policySet());
            policy = compiler.publish();
            evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
            packets = pod.packets(PACKETS, 1);
        }

        private int decide(final int count) {
            int allowed = 0;
            for (int i = 0; i < count; i++) {
                allowed += evaluator.allows(policy, packets[next++ % PACKETS]) ? 1 : 0;
            }
            return allowed;
        }
    }

    /**
     * Verdicts one after the other.
     *
     * @param pod the pod.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(VERDICTS)
    public int verdict(final Pod pod) {
        return pod.decide(VERDICTS);
    }

    /**
     * A burst of verdicts with cold caches.
     *
     * @param pod the pod.
     * @param eviction has emptied the caches.
     * @return what keeps the work alive.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int cold(final Pod pod, final ClassifierBenchmark.Eviction eviction) {
        return pod.decide(BURST);
    }
}
