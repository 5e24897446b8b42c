package io.caracal.perf.rounds;

/**
 * One measurement of one contender.
 *
 * @param figures what was measured.
 * @param othersShare what processes that are not the benchmark's used meanwhile, as a share of one processor.
 * @param <T> kind of figures.
 */
public record Observation<T>(T figures, double othersShare) {
}
