package io.caracal.perf.report;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * Latencies of one contender as a log that HdrHistogram's own tools read: an interval a round, in nanoseconds.
 *
 * @param name of the file, without its end.
 * @param rounds a histogram each.
 */
public record LatencyLog(String name, List<Histogram> rounds) {
    private static final double NS_PER_MS = 1e6;

    /** Copies the list. */
    public LatencyLog {
        rounds = List.copyOf(rounds);
    }

    /**
     * Writes {@code NAME.hlog}.
     *
     * @param directory where to; exists.
     * @return the file.
     * @throws IOException if it cannot be written.
     */
    public Path write(final Path directory) throws IOException {
        final Path file = directory.resolve(name + ".hlog");
        try (PrintStream out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
            final HistogramLogWriter writer = new HistogramLogWriter(out);
            writer.outputComment("caracal bench " + name + ": an interval is a round; times in ns, largest in ms");
            writer.outputLogFormatVersion();
            writer.outputLegend();
            for (int round = 0; round < rounds.size(); round++) {
                writer.outputIntervalHistogram(round, round + 1, rounds.get(round), NS_PER_MS);
            }
        }
        return file;
    }
}
