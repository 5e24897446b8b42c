package io.caracal.perf.rounds;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The rounds that count, and how many did not.
 *
 * @param kept the rounds that count, in the order in which they were run.
 * @param rejectedCount rounds thrown away because others disturbed them.
 * @param noisyCount rounds that others disturbed and that count nevertheless, because no quieter ones were to be had.
 * @param <T> kind of figures.
 */
public record RoundLog<T>(List<Round<T>> kept, int rejectedCount, int noisyCount) {
    /** Copies the list. */
    public RoundLog {
        kept = List.copyOf(kept);
    }

    /**
     * One round: every contender measured once.
     *
     * @param number when it was run, from 0.
     * @param observations one per contender, in the order of the contenders, whatever the order of measuring.
     * @param <T> kind of figures.
     */
    public record Round<T>(int number, List<Observation<T>> observations) {
        /** Copies the list. */
        public Round {
            observations = List.copyOf(observations);
        }

        /**
         * The worst disturbance in it.
         *
         * @return share of one processor.
         */
        public double othersShare() {
            return observations.stream().mapToDouble(Observation::othersShare).max().orElse(0);
        }
    }

    /**
     * One figure of one contender, round by round.
     *
     * @param contender its place among the contenders.
     * @param figure which figure.
     * @return as many values as there are rounds that count.
     */
    public double[] figures(final int contender, final ToDoubleFunction<T> figure) {
        return kept.stream()
            .mapToDouble(round -> figure.applyAsDouble(round.observations().get(contender).figures())).toArray();
    }

    /**
     * This log and a later one together.
     *
     * @param later rounds of the same contenders.
     * @return the sum.
     */
    public RoundLog<T> plus(final RoundLog<T> later) {
        final List<Round<T>> rounds = new ArrayList<>(kept);
        rounds.addAll(later.kept);
        return new RoundLog<>(rounds, rejectedCount + later.rejectedCount, noisyCount + later.noisyCount);
    }

    /**
     * What a reader must know about the rounds.
     *
     * @return a sentence.
     */
    public String sentence() {
        final String rejected = kept.size() + " rounds count, " + rejectedCount + " were rejected as noisy";
        return noisyCount == 0 ? rejected + "."
            : rejected + "; " + noisyCount + " of those that count were noisy too, because no quieter ones came.";
    }
}
