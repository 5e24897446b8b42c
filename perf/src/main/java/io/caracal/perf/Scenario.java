package io.caracal.perf;

import java.io.IOException;
import java.util.List;

import io.caracal.perf.report.Bar;
import io.caracal.perf.report.ScenarioResult;

/** Something that {@code caracal bench} measures. Keeps no state; cleans up what it made, also on failure. */
public interface Scenario {
    /**
     * The name on the command line.
     *
     * @return lower case, one word.
     */
    String name();

    /**
     * What is measured, and what one should see.
     *
     * @return a sentence.
     */
    String sentence();

    /**
     * Who is measured.
     *
     * @return names as in the rows, Caracal first.
     */
    List<String> contenders();

    /**
     * What must be reached.
     *
     * @return the bars, as in the ratios of the result.
     */
    List<Bar> bars();

    /**
     * Measures.
     *
     * @param settings how.
     * @return figures, and each bar's verdict.
     * @throws IOException if the environment fails: a process, a file, an interface.
     * @throws InterruptedException if the benchmark is being ended.
     * @throws BenchException if the environment lacks something, with the next step.
     */
    ScenarioResult run(BenchSettings settings) throws IOException, InterruptedException;
}
