package io.caracal.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The process that made a lab. The start time tells it from a later process that was given the same id.
 *
 * @param pid        its process id.
 * @param startTicks clock ticks since boot at which it started: field 22 of {@code /proc/PID/stat} (proc(5)).
 */
record LabOwner(long pid, long startTicks) {
    /** Field 22, counted from the field after the command's name, which may itself hold blanks and brackets. */
    private static final int START_TICKS_FIELD = 19;

    /** This process. */
    static LabOwner current() {
        final long pid = ProcessHandle.current().pid();
        return new LabOwner(pid, startTicks(pid));
    }

    static LabOwner parse(final String text) {
        final String[] fields = text.strip().split(" ");
        if (fields.length != 2) {
            throw new IllegalArgumentException("not an owner: " + text);
        }
        return new LabOwner(Long.parseLong(fields[0]), Long.parseLong(fields[1]));
    }

    String text() {
        return pid + " " + startTicks + "\n";
    }

    boolean isAlive() {
        return startTicks(pid) == startTicks;
    }

    /** -1 where there is no such process. */
    private static long startTicks(final long pid) {
        final Path stat = Path.of("/proc", Long.toString(pid), "stat");
        try {
            final String text = Files.readString(stat);
            return Long.parseLong(text.substring(text.lastIndexOf(')') + 2).split(" ")[START_TICKS_FIELD]);
        } catch (final NoSuchFileException e) {
            return -1;
        } catch (final IOException e) {
            if (!Files.exists(stat)) {
                return -1;
            }
            throw new UncheckedIOException("read " + stat, e);
        }
    }
}
