package io.caracal.perf;

import io.caracal.perf.rounds.Contender;
import io.caracal.perf.rounds.InterleavedRounds;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How a benchmark shall be run.
 *
 * @param rounds interleaved rounds that count, at least 1.
 * @param quick fewer and shorter measurements: for a look, not for a verdict.
 * @param results directory for logs; exists.
 * @param home the project's directory, where {@code caracal} stands.
 * @param files files that single scenarios take, by the name of their option: {@code rules}, {@code trace}.
 * @param progress what happens, for the person who waits.
 */
public record BenchSettings(int rounds, boolean quick, Path results, Path home, Map<String, Path> files,
    PrintWriter progress) {
    /** Below this a median's 95 % interval is as wide as the sample. */
    public static final int ROUNDS_DEFAULT = 12;
    /** With {@code --quick}. */
    public static final int ROUNDS_QUICK = 2;
    /** Half a day of rounds is a soak, not a benchmark. */
    public static final int ROUNDS_MAX = 1000;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public BenchSettings {
        if (rounds < 1 || rounds > ROUNDS_MAX) {
            throw new IllegalArgumentException("rounds must be within 1 and " + ROUNDS_MAX + ": " + rounds);
        }
        files = Map.copyOf(files);
    }

    /**
     * Tells the person who waits what happens.
     *
     * @param sentence one line.
     */
    public void say(final String sentence) {
        progress.println(sentence);
        progress.flush();
    }

    /**
     * Rounds of contenders: for a look each counts, for a verdict those in which others had much to do are run again.
     *
     * @param <T> kind of figures.
     * @param contenders at least one.
     * @return the rounds, not run yet.
     */
    public <T> InterleavedRounds<T> interleaved(final List<? extends Contender<T>> contenders) {
        return new InterleavedRounds<>(contenders, this::say, quick ? 1 : InterleavedRounds.ATTEMPTS_PER_ROUND);
    }
}
