package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.caracal.policy.model.PolicySet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The classifier against the reference: random rule sets, random packets at their edges, both families, every kind of
 * criterion. {@code -Dcaracal.long.minutes=N} asks about 100 million pairs and goes on for N minutes at least,
 * {@code -Dcaracal.pairs=N} asks about N, {@code -Dcaracal.seed=S} repeats a run.
 */
class ClassifierOracleTest {
    private static final long PAIRS =
        Long.getLong("caracal.pairs", Long.getLong("caracal.long.minutes", 0) > 0 ? 100_000_000 : 5_000_000);
    private static final int PACKETS = 2500;
    /** Rules of a policy: few as usual, some so many that they become boxes in a tree, seldom a long list. */
    private static final int[] SIZES = {6, 6, 6, 40, 6, 6, 6, 6, 6, 6, 6, 6, 6, 40, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 200};
    private static final int EXPLAIN_EVERY = 8;
    private static final int SAMPLE_EVERY = 250;

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final long endNs = System.nanoTime() + Long.getLong("caracal.long.minutes", 0) * 60_000_000_000L;
    private final Random random = new Random(seed);
    private final MatchCoverage coverage = new MatchCoverage();
    private final PolicyCompiler compiler = new PolicyCompiler(1);
    private final PolicyEvaluator evaluator =
        new PolicyEvaluator(0, new PolicyEvaluator.Room(1 << 8, 1 << 14), null);
    private final PolicyPacket packet = new PolicyPacket();

    @Test
    void shouldDecideAsTheReferenceDoes() {
        System.out.println("ClassifierOracleTest seed " + seed);
        long pairs = 0;
        int sets = 0;
        while (pairs < PAIRS || System.nanoTime() < endNs) {
            final int size = SIZES[sets++ % SIZES.length];
            final RandomPolicy world = new RandomPolicy(random, size);
            final PolicySet set = world.next();
            compiler.replaceAll(set);
            pairs += compare(set, world, size > SIZES[0] ? PACKETS / 5 : PACKETS);
        }
        System.out.println(pairs + " pairs of " + sets + " policy sets and packets agree");
        coverage.printAndCheck();
    }

    private int compare(final PolicySet set, final RandomPolicy world, final int packets) {
        final CompiledPolicy policy = compiler.publish();
        final ReferenceMatcher reference = new ReferenceMatcher(set);
        for (int i = 0; i < packets; i++) {
            world.packet(packet);
            final Decision expected = reference.decide(packet);
            if (evaluator.allows(policy, packet) != expected.allowed() || evaluator.reason() != expected.reason()) {
                fail("seed " + seed + " " + packet + "\nexpected " + expected + "\nfound "
                    + evaluator.explain(policy, packet));
            }
            if (i % EXPLAIN_EVERY == 0) {
                assertEquals(expected, evaluator.explain(policy, packet), () -> "seed " + seed + " " + packet);
                coverage.decided(expected);
            }
            if (i % SAMPLE_EVERY == 0) {
                coverage.sample(set, packet);
            }
        }
        return packets;
    }
}
