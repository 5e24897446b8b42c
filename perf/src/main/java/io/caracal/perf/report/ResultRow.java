package io.caracal.perf.report;

import io.caracal.perf.stats.Sample;

/**
 * One figure of one contender.
 *
 * @param scenario what was measured, such as {@code forward-64}.
 * @param who who was measured, such as {@code caracal} or {@code c-twin}.
 * @param unit such as {@code pps} or {@code ns/packet}; higher is better unless it is a time or a cost.
 * @param median the middle run.
 * @param low the lowest run.
 * @param high the highest run.
 * @param runs how many runs count.
 */
public record ResultRow(String scenario, String who, String unit, double median, double low, double high, int runs) {
    /**
     * The row of a sample.
     *
     * @param scenario what was measured.
     * @param who who was measured.
     * @param unit of the figures.
     * @param sample the runs.
     * @return the row.
     */
    public static ResultRow of(final String scenario, final String who, final String unit, final Sample sample) {
        return new ResultRow(scenario, who, unit, sample.median(), sample.low(), sample.high(), sample.count());
    }
}
