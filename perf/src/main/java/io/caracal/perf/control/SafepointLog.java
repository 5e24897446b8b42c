package io.caracal.perf.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** When an engine's virtual machine stopped all its Java threads, for how long and for what: its own log. */
final class SafepointLog {
    private static final Pattern LINE =
        Pattern.compile("\\[(\\d+)ms] Safepoint \"([^\"]+)\".* Total: +(\\d+) ns.*");
    private static final double NS_PER_US = 1000;

    private final Path file;

    SafepointLog(final Path file) {
        this.file = file;
    }

    /** What makes the virtual machine write it. */
    String flag() {
        return "-Xlog:safepoint:file=" + file + ":timemillis";
    }

    /**
     * A stop.
     *
     * @param endMs on the clock of {@code System.currentTimeMillis()}.
     * @param operation what for, as {@code SerialCollectForAllocation}.
     * @param durationUs from the request until all threads may run again.
     */
    record Stop(long endMs, String operation, double durationUs) {
    }

    /** The stops that ended in a time. */
    List<Stop> between(final long fromMs, final long toMs) throws IOException {
        final List<Stop> stops = new ArrayList<>();
        for (final String line : Files.readAllLines(file)) {
            final Matcher stop = LINE.matcher(line);
            if (stop.matches()) {
                final long endMs = Long.parseLong(stop.group(1));
                if (endMs >= fromMs && endMs < toMs) {
                    stops.add(new Stop(endMs, stop.group(2), Long.parseLong(stop.group(3)) / NS_PER_US));
                }
            }
        }
        return stops;
    }
}
