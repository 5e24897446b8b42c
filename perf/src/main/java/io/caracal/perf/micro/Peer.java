package io.caracal.perf.micro;

import java.io.IOException;
import java.util.List;

import io.caracal.perf.BenchSettings;
import io.caracal.perf.report.ScenarioResult;

/** The same work in C, for the machine's own limit beside a JMH figure. */
interface Peer {
    /** Its name in rows. */
    String WHO = "c-twin";
    /** For work that has no counterpart. */
    Peer NONE = settings -> List.of();

    /**
     * Measures it.
     *
     * @param settings how long.
     * @return a series for each figure that has a counterpart, named as the figure.
     * @throws IOException if a file or process fails.
     * @throws InterruptedException if the benchmark is being ended.
     */
    List<ScenarioResult.Series> measure(BenchSettings settings) throws IOException, InterruptedException;
}
