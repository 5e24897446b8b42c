package io.caracal.perf.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

class SampleTest {
    private static final double EXACT = 0;

    @Test
    void shouldGiveTheMiddleValueOfAnOddSample() {
        final Sample sample = Sample.of(7, 1, 3);
        assertEquals(3, sample.median(), EXACT);
        assertEquals(1, sample.low(), EXACT);
        assertEquals(7, sample.high(), EXACT);
        assertEquals(3, sample.count());
    }

    @Test
    void shouldGiveTheMeanOfTheTwoMiddleValuesOfAnEvenSample() {
        assertEquals(2.5, Sample.of(4, 1, 3, 2).median(), EXACT);
    }

    @Test
    void shouldInterpolateQuantilesBetweenNeighbours() {
        /* Positions 0 .. 4: 0.1 lies at 0.4, 0.25 at 1, 0.9 at 3.6. */
        final Sample sample = Sample.of(10, 20, 30, 40, 100);
        assertEquals(14, sample.quantile(0.1), 1e-12);
        assertEquals(20, sample.quantile(0.25), 1e-12);
        assertEquals(76, sample.quantile(0.9), 1e-12);
        assertEquals(10, sample.quantile(0), EXACT);
        assertEquals(100, sample.quantile(1), EXACT);
    }

    @Test
    void shouldKeepItsValuesWhenTheCallersArrayChanges() {
        final double[] values = {3, 1, 2};
        final Sample sample = Sample.of(values);
        values[0] = 99;
        assertEquals(3, sample.high(), EXACT);
    }

    @Test
    void shouldAgreeWithSortingAndCounting() {
        final long seed = System.nanoTime();
        final SplittableRandom random = new SplittableRandom(seed);
        for (int run = 0; run < 200; run++) {
            final double[] values = random.doubles(1 + random.nextInt(40), -5, 5).toArray();
            final double[] sorted = values.clone();
            Arrays.sort(sorted);
            final double middle = sorted.length % 2 == 1 ? sorted[sorted.length / 2]
                : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
            assertEquals(middle, Sample.of(values).median(), 1e-12, "seed " + seed);
        }
    }

    @Test
    void shouldRefuseWhatHasNoMedian() {
        assertThrows(IllegalArgumentException.class, Sample::of);
        assertThrows(IllegalArgumentException.class, () -> Sample.of(1, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Sample.of(1).quantile(1.5));
    }
}
