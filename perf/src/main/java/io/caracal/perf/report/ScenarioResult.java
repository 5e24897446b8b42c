package io.caracal.perf.report;

import java.util.Arrays;
import java.util.List;

/**
 * What a scenario found.
 *
 * @param rows the figures.
 * @param ratios the figures against their bars.
 * @param notes sentences that a reader of the figures must know: rounds rejected, what was left out.
 * @param series the runs one by one, for plots.
 */
public record ScenarioResult(List<ResultRow> rows, List<RatioRow> ratios, List<String> notes, List<Series> series) {
    /** Copies the lists. */
    public ScenarioResult {
        rows = List.copyOf(rows);
        ratios = List.copyOf(ratios);
        notes = List.copyOf(notes);
        series = List.copyOf(series);
    }

    /**
     * The runs of one contender, in the order in which they were made.
     *
     * @param scenario what was measured.
     * @param who who was measured.
     * @param unit of the values.
     * @param values one per run.
     */
    public record Series(String scenario, String who, String unit, List<Double> values) {
        /** Copies the list. */
        public Series {
            values = List.copyOf(values);
        }

        /**
         * The runs of one contender.
         *
         * @param scenario what was measured.
         * @param who who was measured.
         * @param unit of the values.
         * @param values one per run, in order.
         * @return the series.
         */
        public static Series of(final String scenario, final String who, final String unit, final double... values) {
            return new Series(scenario, who, unit, Arrays.stream(values).boxed().toList());
        }
    }
}
