package io.caracal.perf.stats;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

class PairedRatioTest {
    @Test
    void shouldPairFiguresByRound() {
        /* The medians of both sides are equal (20), yet each round says 0.5, 1 or 2: only the pairing knows. */
        final PairedRatio ratio = PairedRatio.of(new double[] {10, 20, 40}, new double[] {20, 20, 20});
        assertArrayEquals(new double[] {0.5, 1, 2}, ratio.ratios().sorted());
        assertEquals(1, ratio.median(), 0);
    }

    @Test
    void shouldHaveNoWidthWhenAllRoundsAgree() {
        final PairedRatio ratio = PairedRatio.of(new double[] {9, 18, 27, 36}, new double[] {10, 20, 30, 40});
        assertEquals(0.9, ratio.median(), 1e-12);
        assertEquals(0.9, ratio.low(), 1e-12);
        assertEquals(0.9, ratio.high(), 1e-12);
    }

    /**
     * Three rounds of 1, 2, 3: the median of a resample is 1 where at least two of the three draws are 1, which is
     * 7 of 27 cases, so both tails of 2.5 % lie well inside the outer values, by hand and without any resampling.
     */
    @Test
    void shouldGiveTheIntervalThatCountingAllResamplesGives() {
        final PairedRatio ratio = PairedRatio.of(new double[] {1, 2, 3}, new double[] {1, 1, 1});
        assertEquals(1, ratio.low(), 0);
        assertEquals(3, ratio.high(), 0);
    }

    /**
     * Nine rounds: the median of a resample is at most the k-th smallest ratio if five or more of nine draws are. For
     * k = 2 that is the binomial tail P(X >= 5), n = 9, p = 2/9: 0.0337; for k = 1, p = 1/9: 0.0014. So the 2.5 %
     * point is the second smallest, and by symmetry the 97.5 % point the second largest.
     */
    @Test
    void shouldGiveTheIntervalThatTheBinomialDistributionGives() {
        final double[] of = {5, 3, 8, 1, 9, 2, 7, 4, 6};
        final double[] to = {1, 1, 1, 1, 1, 1, 1, 1, 1};
        final PairedRatio ratio = PairedRatio.of(of, to);
        assertEquals(5, ratio.median(), 0);
        assertEquals(2, ratio.low(), 0);
        assertEquals(8, ratio.high(), 0);
    }

    @Test
    void shouldCoverTheTrueRatioAboutAsOftenAsItSays() {
        final long seed = 20_240_517;
        final SplittableRandom random = new SplittableRandom(seed);
        int coveredCount = 0;
        for (int experiment = 0; experiment < 100; experiment++) {
            final double[] of = new double[15];
            final double[] to = new double[15];
            for (int round = 0; round < of.length; round++) {
                final double machine = random.nextDouble(0.5, 1.5);
                of[round] = 0.9 * machine * random.nextDouble(0.9, 1.1);
                to[round] = machine;
            }
            final PairedRatio ratio = PairedRatio.of(of, to);
            coveredCount += ratio.low() <= 0.9 && 0.9 <= ratio.high() ? 1 : 0;
        }
        assertTrue(coveredCount >= 85, "covered " + coveredCount + " of 100, seed " + seed);
    }

    @Test
    void shouldGiveTheSameIntervalForTheSameRounds() {
        final double[] of = {1.1, 0.9, 1.3, 0.8, 1.0};
        final double[] to = {1, 1, 1, 1, 1};
        assertEquals(PairedRatio.of(of, to), PairedRatio.of(of, to));
    }

    @Test
    void shouldRefuseRoundsWithoutARatio() {
        assertThrows(IllegalArgumentException.class, () -> PairedRatio.of(new double[] {1, 2}, new double[] {1}));
        assertThrows(IllegalArgumentException.class, () -> PairedRatio.of(new double[] {}, new double[] {}));
        assertThrows(IllegalArgumentException.class, () -> PairedRatio.of(new double[] {1}, new double[] {0}));
    }
}
