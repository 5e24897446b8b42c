package io.caracal.perf.stats;

import java.util.Arrays;

/**
 * Figures of one thing measured several times. Immutable; any thread.
 *
 * @param sorted the values in ascending order, at least one.
 */
public record Sample(double[] sorted) {
    /**
     * Copies and sorts the values.
     *
     * @param sorted the values in any order.
     * @throws IllegalArgumentException if there is none or one is not a number.
     */
    public Sample {
        if (sorted.length == 0) {
            throw new IllegalArgumentException("a sample needs at least one value");
        }
        sorted = sorted.clone();
        Arrays.sort(sorted);
        if (Double.isNaN(sorted[sorted.length - 1])) {
            throw new IllegalArgumentException("a sample takes numbers only");
        }
    }

    /**
     * A sample of given values.
     *
     * @param values in any order, at least one.
     * @return the sample.
     */
    public static Sample of(final double... values) {
        return new Sample(values);
    }

    /**
     * The middle value; between two middle values, their mean.
     *
     * @return the median.
     */
    public double median() {
        return quantile(0.5);
    }

    /**
     * The mean.
     *
     * @return the sum of the values over their number.
     */
    public double mean() {
        return Arrays.stream(sorted).average().orElseThrow();
    }

    /**
     * The smallest value.
     *
     * @return the low end of the spread.
     */
    public double low() {
        return sorted[0];
    }

    /**
     * The largest value.
     *
     * @return the high end of the spread.
     */
    public double high() {
        return sorted[sorted.length - 1];
    }

    /**
     * How many values there are.
     *
     * @return at least 1.
     */
    public int count() {
        return sorted.length;
    }

    /**
     * A quantile by linear interpolation between the two nearest values (type 7 of Hyndman and Fan, R's default).
     *
     * @param fraction 0 .. 1.
     * @return the value below which that fraction of the sample lies.
     */
    public double quantile(final double fraction) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException("fraction must be within 0 and 1: " + fraction);
        }
        final double position = fraction * (sorted.length - 1);
        final int below = (int)Math.floor(position);
        final int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof Sample(double[] values) && Arrays.equals(sorted, values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sorted);
    }

    @Override
    public String toString() {
        return "median " + median() + " [" + low() + " .. " + high() + "] of " + count();
    }
}
