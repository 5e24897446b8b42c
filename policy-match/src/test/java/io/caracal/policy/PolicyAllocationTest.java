package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Verdicts allocate nothing: not with boxes, not with vectors, not when vectors are forgotten and built again. */
class PolicyAllocationTest {
    private static final int PACKETS = 2000;
    private static final int WARM_ROUNDS = 20;
    private static final int ROUNDS = 10;
    /** The first readings count what the JVM does beside: loading classes, replacing code. */
    private static final int ATTEMPTS = 5;

    @Test
    void shouldAllocateNothing() {
        final long seed = Long.getLong("caracal.seed", System.nanoTime());
        System.out.println("PolicyAllocationTest seed " + seed);
        final Random random = new Random(seed);
        final PolicyEvaluator evaluator =
            new PolicyEvaluator(0, new PolicyEvaluator.Room(1 << 6, 1 << 14), new PolicyLog(64));
        for (final int size : new int[] {6, 60}) {
            final RandomPolicy world = new RandomPolicy(random, size);
            final PolicyCompiler compiler = new PolicyCompiler(1);
            compiler.replaceAll(world.next());
            final CompiledPolicy policy = compiler.publish();
            final PolicyPacket[] packets = new PolicyPacket[PACKETS];
            for (int i = 0; i < PACKETS; i++) {
                packets[i] = new PolicyPacket();
                world.packet(packets[i]);
            }
            decide(evaluator, policy, packets, WARM_ROUNDS);
            final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int attempt = 0; attempt < ATTEMPTS && least > 0; attempt++) {
                final long before = threads.getCurrentThreadAllocatedBytes();
                decide(evaluator, policy, packets, ROUNDS);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, least, "bytes for " + ROUNDS * PACKETS + " packets, rules of size " + size);
        }
    }

    private static int decide(final PolicyEvaluator evaluator, final CompiledPolicy policy,
        final PolicyPacket[] packets, final int rounds) {
        int allowed = 0;
        for (int round = 0; round < rounds; round++) {
            for (final PolicyPacket packet : packets) {
                allowed += evaluator.allows(policy, packet) ? 1 : 0;
            }
        }
        return allowed;
    }
}
