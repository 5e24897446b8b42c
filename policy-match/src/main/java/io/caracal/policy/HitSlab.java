package io.caracal.policy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counters of rules with consecutive numbers, whatever policies these are in: what every verdict adds to shall be few
 * cache lines, so it is not spread over an object for each policy. Each worker has cells of its own and adds plainly;
 * whoever reads sums them. Lives as long as some rule of it does.
 */
final class HitSlab {
    /** Small enough that a slab which only one long-lived rule keeps alive is no loss. */
    static final int BITS = 10;
    static final int MASK = (1 << BITS) - 1;

    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    /** Two cache lines between workers, since the neighbour line is fetched along. */
    private static final int PADDING = 16;

    private final int number;
    private final long[][] cells;

    HitSlab(final int number, final int workers) {
        this.number = number;
        cells = new long[workers][(1 << BITS) + PADDING];
    }

    /** Which slab a rule's counter is in. */
    static int numberOf(final int ruleId) {
        return ruleId >>> BITS;
    }

    int number() {
        return number;
    }

    /** The cells of each worker; a rule's is at its id {@code &} {@link #MASK}. */
    long[][] cells() {
        return cells;
    }

    /** Counts; only the worker that owns the cells calls it. */
    static void count(final long[] own, final int cell) {
        CELLS.setOpaque(own, cell, own[cell] + 1);
    }

    long sum(final int cell) {
        long sum = 0;
        for (final long[] own : cells) {
            sum += (long)CELLS.getOpaque(own, cell);
        }
        return sum;
    }
}
