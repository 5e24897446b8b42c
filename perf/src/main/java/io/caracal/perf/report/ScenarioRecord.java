package io.caracal.perf.report;

import java.util.List;

/**
 * The last run of a scenario as it lies beside the others in the directory of results, so that a scenario can be run
 * again alone and the whole report stays whole.
 *
 * @param scenario its name.
 * @param sentence what it measures.
 * @param measured when it ended, UTC.
 * @param machine processor, memory, kernel, JDK.
 * @param versions of compilers and peers.
 * @param rows the figures.
 * @param ratios the figures against their bars.
 * @param notes what a reader of the figures must know.
 * @param plots names of image files in the same directory.
 */
public record ScenarioRecord(String scenario, String sentence, String measured, String machine, String versions,
                             List<ResultRow> rows, List<RatioRow> ratios, List<String> notes, List<String> plots) {
    /** Copies the lists. */
    public ScenarioRecord {
        rows = List.copyOf(rows);
        ratios = List.copyOf(ratios);
        notes = List.copyOf(notes);
        plots = List.copyOf(plots);
    }
}
