package io.caracal.perf.report;

import java.util.List;

/**
 * The outcome of one {@code caracal bench}: what {@code --json} prints, and what the files are made from.
 *
 * @param name the scenarios asked for.
 * @param machine processor, memory, kernel, JDK.
 * @param rows the figures.
 * @param ratios the figures against their bars.
 */
public record BenchReport(String name, String machine, List<ResultRow> rows, List<RatioRow> ratios) {
    /** Copies the lists. */
    public BenchReport {
        rows = List.copyOf(rows);
        ratios = List.copyOf(ratios);
    }

    /**
     * Whether every bar was reached.
     *
     * @return true if none was missed.
     */
    public boolean allMet() {
        return ratios.stream().allMatch(RatioRow::met);
    }
}
