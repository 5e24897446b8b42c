package io.caracal.conntrack;

import java.util.SplittableRandom;

/** Randomness of a test that can be repeated: prints its seed, which {@code -Dcaracal.test.seed=} sets. */
final class TestSeed {
    private TestSeed() {
    }

    /** Whether this is {@code ./caracal test --long}. */
    static boolean isLongRun() {
        return Long.getLong("caracal.long.minutes", 0) > 0;
    }

    static SplittableRandom random(final String test) {
        final long seed = Long.getLong("caracal.test.seed", System.nanoTime());
        System.out.println(test + ": -Dcaracal.test.seed=" + seed);
        return new SplittableRandom(seed);
    }
}
