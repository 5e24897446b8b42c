package io.caracal.policy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How often each rule of one list decided or was passed, counted by each worker in cells of its own: a plain add on the
 * packet path, summed when somebody asks. A reader may miss what workers do at that moment, never more.
 */
public final class HitCounters {
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    /** Two cache lines between workers, since the neighbour line is fetched along. */
    private static final int PADDING = 16;

    private final int stride;
    private final int workers;
    private final long[] cells;

    HitCounters(final int rules, final int workers) {
        stride = rules + PADDING;
        this.workers = workers;
        cells = new long[stride * workers];
    }

    /** Counts a hit; only the worker of that number calls it. */
    void hit(final int worker, final int rule) {
        final int cell = worker * stride + rule;
        CELLS.setOpaque(cells, cell, cells[cell] + 1);
    }

    /**
     * Hits of a rule by all workers. Any thread.
     *
     * @param rule its index in the list.
     * @return the sum.
     */
    public long sum(final int rule) {
        long sum = 0;
        for (int worker = 0; worker < workers; worker++) {
            sum += (long)CELLS.getOpaque(cells, worker * stride + rule);
        }
        return sum;
    }
}
