package io.caracal.conntrack;

import io.caracal.port.CounterBlock;

/** The {@link ConntrackCounter}s of one worker: its thread adds, any thread reads. */
public final class ConntrackCounters {
    private static final ConntrackCounter[] BY_CAUSE = causes();

    private final CounterBlock block = CounterBlock.allocate(ConntrackCounter.values().length);

    /** Makes counters that are all zero. */
    public ConntrackCounters() {
    }

    private static ConntrackCounter[] causes() {
        final RemovalCause[] causes = RemovalCause.values();
        final ConntrackCounter[] counters = new ConntrackCounter[causes.length];
        for (final RemovalCause cause : causes) {
            counters[cause.ordinal()] = ConntrackCounter.valueOf(cause.name());
        }
        return counters;
    }

    void add(final ConntrackCounter counter, final long amount) {
        block.add(counter.ordinal(), amount);
    }

    void set(final ConntrackCounter counter, final long value) {
        block.set(counter.ordinal(), value);
    }

    void removed(final RemovalCause cause) {
        block.add(BY_CAUSE[cause.ordinal()].ordinal(), 1);
    }

    /**
     * Reads a counter. Any thread.
     *
     * @param counter which.
     * @return its value.
     */
    public long get(final ConntrackCounter counter) {
        return block.get(counter.ordinal());
    }
}
