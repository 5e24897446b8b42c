package io.caracal.perf.stats;

import java.util.SplittableRandom;

/**
 * How one contender compares with another in rounds in which both were measured right after each other.
 *
 * <p>On a shared machine the same figure wanders by a fifth from minute to minute, so figures of different minutes say
 * nothing; the ratio within a round does, because both sides had the same minute. The interval comes from the
 * bootstrap: the rounds are drawn again with replacement many times, and the middle 95 % of the medians is what the
 * true median may be. It assumes nothing about the shape of the noise.</p>
 *
 * @param ratios one per round, of / to.
 * @param median the median of them.
 * @param low low end of the 95 % interval of the median.
 * @param high high end of it.
 */
public record PairedRatio(Sample ratios, double median, double low, double high) {
    /** Resamples: at 10000 the ends of the interval move by less than the third digit from seed to seed. */
    private static final int RESAMPLES = 10_000;
    /** Fixed, so that the same rounds always give the same interval. */
    private static final long SEED = 0x9e3779b97f4a7c15L;
    private static final double TAIL = 0.025;

    /**
     * Compares two contenders round by round.
     *
     * @param of the figures of the one, in the order of rounds.
     * @param to the figures of the other in the same rounds, none 0.
     * @return the comparison.
     * @throws IllegalArgumentException if the lengths differ, there is no round, or a figure is not above 0.
     */
    public static PairedRatio of(final double[] of, final double[] to) {
        if (of.length != to.length || of.length == 0) {
            throw new IllegalArgumentException("rounds must pair: " + of.length + " against " + to.length);
        }
        final double[] ratios = new double[of.length];
        for (int round = 0; round < of.length; round++) {
            if (!(of[round] > 0 && to[round] > 0)) {
                throw new IllegalArgumentException(
                    "round " + round + " has no ratio: " + of[round] + " / " + to[round]);
            }
            ratios[round] = of[round] / to[round];
        }
        final Sample sample = new Sample(ratios);
        final Sample medians = resampledMedians(sample.sorted());
        return new PairedRatio(sample, sample.median(), medians.quantile(TAIL), medians.quantile(1 - TAIL));
    }

    private static Sample resampledMedians(final double[] ratios) {
        final SplittableRandom random = new SplittableRandom(SEED);
        final double[] medians = new double[RESAMPLES];
        final double[] drawn = new double[ratios.length];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            for (int i = 0; i < drawn.length; i++) {
                drawn[i] = ratios[random.nextInt(ratios.length)];
            }
            medians[resample] = new Sample(drawn).median();
        }
        return new Sample(medians);
    }
}
