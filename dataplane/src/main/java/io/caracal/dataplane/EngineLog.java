package io.caracal.dataplane;

import java.io.PrintStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The engine's log: one line per event on a stream, {@code 2026-01-31T12:00:00.123Z warn  text}. Any thread but the
 * workers' may write.
 */
public final class EngineLog {
    private final PrintStream out;

    /**
     * A log on a stream.
     *
     * @param out where the lines go; not closed by this class.
     */
    public EngineLog(final PrintStream out) {
        this.out = out;
    }

    /**
     * Something that an operator may want to know.
     *
     * @param text one line.
     */
    public void info(final String text) {
        write("info ", text);
    }

    /**
     * Something that needs an operator, or that will be tried again.
     *
     * @param text one line.
     */
    public void warn(final String text) {
        write("warn ", text);
    }

    /**
     * A failure with its causes, innermost last.
     *
     * @param text what was being done.
     * @param failure why it did not work.
     */
    public void error(final String text, final Throwable failure) {
        final StringBuilder line = new StringBuilder(text);
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            line.append(": ").append(cause.getMessage() == null ? cause.toString() : cause.getMessage());
        }
        write("error", line.toString());
        if (failure instanceof Error || failure instanceof NullPointerException) {
            failure.printStackTrace(out);
        }
    }

    private void write(final String level, final String text) {
        out.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + level + " " + text.replace('\n', ' '));
    }
}
