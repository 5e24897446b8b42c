package io.caracal.perf.rounds;

import java.io.IOException;

/**
 * Something that can be measured again and again.
 *
 * @param <T> kind of figures.
 */
public interface Contender<T> {
    /**
     * Its name in results.
     *
     * @return such as {@code caracal}.
     */
    String who();

    /**
     * Measures it once. The caller measures nobody else meanwhile.
     *
     * @return the figures, and how much others disturbed.
     * @throws IOException if a process of the measurement failed.
     * @throws InterruptedException if the benchmark is being ended.
     */
    Observation<T> measure() throws IOException, InterruptedException;
}
