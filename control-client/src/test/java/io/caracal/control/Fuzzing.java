package io.caracal.control;

import java.util.concurrent.TimeUnit;

/** How long a fuzzer runs: seconds in the usual tests, half an hour with {@code -Dcaracal.long=true}. */
public final class Fuzzing {
    private static final long SECONDS =
        Boolean.getBoolean("caracal.long") ? 1800 : Long.getLong("caracal.fuzz.seconds", 8);

    private final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    private int rounds;

    public Fuzzing() {
    }

    /** Whether another case shall run; at least some hundred do, however slow the machine. */
    public boolean hasTime() {
        return ++rounds <= 300 || System.nanoTime() < endNs;
    }
}
