package io.caracal.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * What a person reads while the demo runs. Colour and a line that is written over only on a terminal; elsewhere a plain
 * line a second. Any thread; calls exclude each other.
 */
final class Console {
    private static final long PLAIN_LINE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);
    private static final String RESET = "\u001b[0m";

    private final PrintStream out;
    private final boolean isTerminal;
    private boolean isLive;
    private boolean isMuted;
    private long lastPlainLineNs = System.nanoTime() - PLAIN_LINE_INTERVAL_NS;

    Console(final PrintStream out, final boolean isTerminal) {
        this.out = out;
        this.isTerminal = isTerminal;
    }

    /** On standard output, or on standard error so that standard output is free for JSON. */
    static Console of(final boolean isOnError) {
        final boolean isColourWanted = System.getenv("NO_COLOR") == null && !"dumb".equals(System.getenv("TERM"));
        return new Console(isOnError ? System.err : System.out, isColourWanted && isTerminal(isOnError ? 2 : 1));
    }

    private static boolean isTerminal(final int fd) {
        try {
            final String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || "/dev/console".equals(target);
        } catch (final IOException e) {
            return false;
        }
    }

    synchronized void line(final String text) {
        if (!isMuted) {
            clearLive();
            out.println(text);
            out.flush();
        }
    }

    /** A line that the next one replaces. */
    synchronized void live(final String text) {
        if (isMuted) {
            return;
        }
        if (isTerminal) {
            out.print("\r\u001b[K" + dim(text));
            out.flush();
            isLive = true;
        } else if (System.nanoTime() - lastPlainLineNs >= PLAIN_LINE_INTERVAL_NS) {
            lastPlainLineNs = System.nanoTime();
            out.println(text);
        }
    }

    private void clearLive() {
        if (isLive) {
            out.print("\r\u001b[K");
            isLive = false;
        }
    }

    /** Nothing is said after this. */
    synchronized void finish() {
        clearLive();
        isMuted = true;
    }

    /** Says a last line unless it has finished: what fails while everything is being torn down is no news. */
    synchronized void stop(final String lastLine) {
        line(lastLine);
        finish();
    }

    String mark(final boolean passed) {
        return passed ? colour(32, "✓") : colour(31, "✗");
    }

    String bold(final String text) {
        return colour(1, text);
    }

    String dim(final String text) {
        return colour(2, text);
    }

    private String colour(final int code, final String text) {
        return isTerminal ? "\u001b[" + code + 'm' + text + RESET : text;
    }
}
