package io.caracal.perf.stats;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * By how much one contender's figures are above another's in rounds in which both were measured right after each other:
 * for figures that may be 0, which have no ratio. The interval is as that of {@link PairedRatio}.
 *
 * @param mean of the rounds' differences, of - to.
 * @param low low end of the 95 % interval of the mean.
 * @param high high end of it.
 */
public record MeanDifference(double mean, double low, double high) {
    private static final int RESAMPLES = 10_000;
    private static final long SEED = 0x9e3779b97f4a7c15L;
    private static final double TAIL = 0.025;

    /**
     * Compares two contenders round by round.
     *
     * @param of the figures of the one, in the order of rounds.
     * @param to the figures of the other in the same rounds.
     * @return the comparison.
     * @throws IllegalArgumentException if the lengths differ or there is no round.
     */
    public static MeanDifference of(final double[] of, final double[] to) {
        if (of.length != to.length || of.length == 0) {
            throw new IllegalArgumentException("rounds must pair: " + of.length + " against " + to.length);
        }
        final double[] differences = new double[of.length];
        Arrays.setAll(differences, round -> of[round] - to[round]);
        final SplittableRandom random = new SplittableRandom(SEED);
        final double[] means = new double[RESAMPLES];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            for (int i = 0; i < differences.length; i++) {
                means[resample] += differences[random.nextInt(differences.length)] / differences.length;
            }
        }
        final Sample resampled = new Sample(means);
        return new MeanDifference(
            new Sample(differences).mean(), resampled.quantile(TAIL), resampled.quantile(1 - TAIL));
    }
}
