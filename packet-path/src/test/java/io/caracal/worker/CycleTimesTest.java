package io.caracal.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CycleTimesTest {
    private static final long SEED = Long.getLong("caracal.seed", 7);

    private static Map<Long, Long> bucketsOf(final CycleTimes times) {
        final Map<Long, Long> buckets = new TreeMap<>();
        times.forEach((upperNs, cycles) -> assertEquals(null, buckets.put(upperNs, cycles), "told once: " + upperNs));
        return buckets;
    }

    @Test
    void shouldCountEachTimeInABucketThatIsAThirtySecondWide() {
        final CycleTimes times = new CycleTimes();
        final Map<Long, Long> expected = new TreeMap<>();
        final SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 100_000; i++) {
            final long ns = random.nextLong(1L << random.nextInt(1, 36));
            times.record(ns);
            /* The slow way: the widest power of two that is no more than 1/32 of the value. */
            long width = 1;
            while (width * 64 <= ns) {
                width *= 2;
            }
            expected.merge(ns / width * width + width - 1, 1L, Long::sum);
        }
        assertEquals(expected, bucketsOf(times), "seed " + SEED);
    }

    @Test
    void shouldTakeWhatNoClockShouldSay() {
        final CycleTimes times = new CycleTimes();
        times.record(-5);
        times.record(Long.MAX_VALUE);
        times.record(1L << 36);
        assertEquals(Map.of(0L, 1L, (1L << 36) - 1, 2L), bucketsOf(times));
    }

    @Test
    void shouldTellNothingOfNoCycle() {
        assertTrue(bucketsOf(new CycleTimes()).isEmpty());
    }
}
