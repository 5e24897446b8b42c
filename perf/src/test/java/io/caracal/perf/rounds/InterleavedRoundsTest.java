package io.caracal.perf.rounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

import org.junit.jupiter.api.Test;

class InterleavedRoundsTest {
    private static final double QUIET = 0.02;
    private static final double NOISY = 0.40;

    private final List<String> order = new ArrayList<>();
    private final List<String> said = new ArrayList<>();

    /** Measures 1, 2, 3 … with the given disturbance each time; the last one stays. */
    private final class Scripted implements Contender<Double> {
        private final String who;
        private final Iterator<Double> othersShares;
        private double othersShare;
        private int measuredCount;

        Scripted(final String who, final Double... othersShares) {
            this.who = who;
            this.othersShares = List.of(othersShares).iterator();
        }

        @Override
        public String who() {
            return who;
        }

        @Override
        public Observation<Double> measure() {
            order.add(who);
            othersShare = othersShares.hasNext() ? othersShares.next() : othersShare;
            return new Observation<>((double)++measuredCount, othersShare);
        }
    }

    private RoundLog<Double> run(final int rounds, final Scripted... contenders) throws Exception {
        return new InterleavedRounds<Double>(List.of(contenders), said::add, InterleavedRounds.ATTEMPTS_PER_ROUND)
            .run(rounds);
    }

    private static double[] figures(final RoundLog<Double> log, final int contender) {
        return log.figures(contender, Double::doubleValue);
    }

    @Test
    void shouldAlternateTheOrderOfContenders() throws Exception {
        run(3, new Scripted("a", QUIET), new Scripted("b", QUIET));
        assertEquals(List.of("a", "b", "b", "a", "a", "b"), order);
    }

    @Test
    void shouldRejectARoundInWhichEitherContenderWasDisturbed() throws Exception {
        final RoundLog<Double> log = run(2, new Scripted("a", QUIET, NOISY, QUIET, QUIET),
            new Scripted("b", QUIET, QUIET, NOISY, QUIET));
        /* Rounds 2 and 3 are thrown away on both sides, so the pairs stay pairs. */
        assertArrayEquals(new double[] {1, 4}, figures(log, 0));
        assertArrayEquals(new double[] {1, 4}, figures(log, 1));
        assertEquals(2, log.rejectedCount());
        assertEquals(0, log.noisyCount());
        assertEquals("2 rounds count, 2 were rejected as noisy.", log.sentence());
        assertTrue(said.get(1).contains("REJECTED (others used 40 % of a CPU)"), said.get(1));
    }

    @Test
    void shouldKeepARoundAtTheLimitAndRejectOneAboveIt() throws Exception {
        final RoundLog<Double> log = run(1, new Scripted("a", Math.nextUp(InterleavedRounds.NOISE_LIMIT),
            InterleavedRounds.NOISE_LIMIT));
        assertArrayEquals(new double[] {2}, figures(log, 0));
        assertEquals(1, log.rejectedCount());
    }

    @Test
    void shouldFillUpWithTheLeastNoisyRoundsWhenTheMachineIsNeverQuiet() throws Exception {
        final RoundLog<Double> log = run(2, new Scripted("a", 0.9, 0.5, QUIET, 0.3, 0.8, 0.7));
        /* Six attempts for two rounds: the third was quiet, of the others the fourth was the least noisy. */
        assertArrayEquals(new double[] {3, 4}, figures(log, 0));
        assertEquals(1, log.noisyCount());
        assertEquals(4, log.rejectedCount());
        assertTrue(log.sentence().contains("1 of those that count were noisy too"), log.sentence());
    }

    @Test
    void shouldCountEachRoundOfALookAndSayWhichWereNoisy() throws Exception {
        final RoundLog<Double> log = new InterleavedRounds<Double>(
            List.of(new Scripted("a", 0.9, QUIET)), said::add, 1).run(2);
        assertArrayEquals(new double[] {1, 2}, figures(log, 0));
        assertEquals(1, log.noisyCount());
        assertEquals(0, log.rejectedCount());
        assertEquals("round 1 of 2, NOISY (others used 90 % of a CPU): a 1.0", said.getFirst());
    }

    @Test
    void shouldAddLaterRoundsToEarlierOnes() throws Exception {
        final RoundLog<Double> first = run(1, new Scripted("a", NOISY, QUIET));
        final RoundLog<Double> both = first.plus(run(1, new Scripted("a", QUIET)));
        assertArrayEquals(new double[] {2, 1}, figures(both, 0));
        assertEquals(1, both.rejectedCount());
    }
}
