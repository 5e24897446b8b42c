package io.caracal.control;

import java.util.concurrent.TimeUnit;

/** How long a fuzzer runs: seconds in the usual tests, with {@code -Dcaracal.long.minutes=N} so many minutes. */
public final class Fuzzing {
    private static final long LONG_SECONDS = TimeUnit.MINUTES.toSeconds(Long.getLong("caracal.long.minutes", 0));
    private static final long SECONDS =
        LONG_SECONDS > 0 ? LONG_SECONDS : Long.getLong("caracal.fuzz.seconds", 8);
    private static final long JAZZER_SECONDS =
        LONG_SECONDS > 0 ? LONG_SECONDS : Long.getLong("caracal.fuzz.seconds", 60);

    private final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    private int rounds;

    public Fuzzing() {
    }

    /** One that learns takes a minute to learn something. */
    public static long jazzerSeconds() {
        return JAZZER_SECONDS;
    }

    /** Whether another case shall run; at least some hundred do, however slow the machine. */
    public boolean hasTime() {
        return ++rounds <= 300 || System.nanoTime() < endNs;
    }
}
