package io.caracal.perf.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.List;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatencyLogTest {
    @TempDir
    private Path directory;

    private static Histogram of(final long value, final long count) {
        final Histogram histogram = new Histogram(1_000_000_000L, 2);
        histogram.recordValueWithCount(value, count);
        return histogram;
    }

    @Test
    void shouldWriteARoundPerIntervalThatHdrHistogramReadsBack() throws Exception {
        final Path file = new LatencyLog("crr-1-caracal", List.of(of(1000, 3), of(90_000, 5))).write(directory);
        assertEquals("crr-1-caracal.hlog", file.getFileName().toString());
        try (HistogramLogReader reader = new HistogramLogReader(file.toFile())) {
            final Histogram first = (Histogram)reader.nextIntervalHistogram();
            assertEquals(3, first.getCountAtValue(1000));
            assertEquals(5, ((Histogram)reader.nextIntervalHistogram()).getCountAtValue(90_000));
            assertNull(reader.nextIntervalHistogram());
        }
    }
}
