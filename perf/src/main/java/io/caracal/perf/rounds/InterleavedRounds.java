package io.caracal.perf.rounds;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Measures contenders in turn: A B, then B A, and so on, so that whatever drifts or favours the first hits both alike.
 *
 * <p>A round in which other processes used more than {@link #NOISE_LIMIT} of a processor says more about them than
 * about the contenders: it is rejected, counted and run again. On a machine that never gets quiet that would not end,
 * so after some times the rounds asked for, the least noisy of the rejected ones fill up, and the log says so. One
 * thread.</p>
 *
 * @param <T> kind of figures.
 */
public final class InterleavedRounds<T> {
    /** Others' share of one processor that makes a round worthless: from there on the same figure moves by a tenth. */
    public static final double NOISE_LIMIT = 0.15;
    /** Rounds run at most, per round asked for, for a verdict. */
    public static final int ATTEMPTS_PER_ROUND = 3;

    private final List<Contender<T>> contenders;
    private final Consumer<String> progress;
    private final int attemptsPerRound;

    /**
     * Prepares rounds.
     *
     * @param contenders at least one.
     * @param progress told after each round how it went.
     * @param attemptsPerRound rounds run at most, per round asked for; 1 rejects none.
     */
    public InterleavedRounds(final List<? extends Contender<T>> contenders, final Consumer<String> progress,
                             final int attemptsPerRound) {
        this.contenders = List.copyOf(contenders);
        this.progress = progress;
        this.attemptsPerRound = attemptsPerRound;
    }

    /**
     * Runs rounds until enough count.
     *
     * @param roundCount rounds that shall count, at least 1.
     * @return exactly so many, in the order in which they were run.
     * @throws IOException if a measurement failed.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public RoundLog<T> run(final int roundCount) throws IOException, InterruptedException {
        final List<RoundLog.Round<T>> quiet = new ArrayList<>();
        final List<RoundLog.Round<T>> noisy = new ArrayList<>();
        for (int number = 0; quiet.size() < roundCount && number < roundCount * attemptsPerRound; number++) {
            final RoundLog.Round<T> round = runOne(number);
            final boolean isQuiet = round.othersShare() <= NOISE_LIMIT;
            (isQuiet ? quiet : noisy).add(round);
            progress.accept(String.format(Locale.ROOT, "round %d of %d%s: %s",
                attemptsPerRound == 1 ? number + 1 : quiet.size(), roundCount, isQuiet ? "" : noise(round),
                describe(round)));
        }
        return fillUp(quiet, noisy, roundCount);
    }

    private String noise(final RoundLog.Round<T> round) {
        return String.format(Locale.ROOT, "%s (others used %.0f %% of a CPU)",
            attemptsPerRound == 1 ? ", NOISY" : ", another one REJECTED", 100 * round.othersShare());
    }

    private RoundLog.Round<T> runOne(final int number) throws IOException, InterruptedException {
        final List<Observation<T>> observations = new ArrayList<>(Collections.nCopies(contenders.size(), null));
        for (int turn = 0; turn < contenders.size(); turn++) {
            final int contender = number % 2 == 0 ? turn : contenders.size() - 1 - turn;
            observations.set(contender, contenders.get(contender).measure());
        }
        return new RoundLog.Round<>(number, observations);
    }

    private String describe(final RoundLog.Round<T> round) {
        final StringBuilder text = new StringBuilder();
        for (int contender = 0; contender < contenders.size(); contender++) {
            text.append(contender == 0 ? "" : ", ").append(contenders.get(contender).who()).append(' ')
                .append(round.observations().get(contender).figures());
        }
        return text.toString();
    }

    private static <T> RoundLog<T> fillUp(final List<RoundLog.Round<T>> quiet, final List<RoundLog.Round<T>> noisy,
                                          final int roundCount) {
        final int missingCount = Math.min(roundCount - quiet.size(), noisy.size());
        final List<RoundLog.Round<T>> kept = new ArrayList<>(quiet);
        noisy.stream().sorted(Comparator.comparingDouble(RoundLog.Round::othersShare)).limit(missingCount)
            .forEach(kept::add);
        kept.sort(Comparator.comparingInt(RoundLog.Round::number));
        return new RoundLog<>(kept, noisy.size() - missingCount, missingCount);
    }
}
