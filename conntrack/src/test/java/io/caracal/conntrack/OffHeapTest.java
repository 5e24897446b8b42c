package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.MappedRegion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Memory of tables comes page by page, or all at once with what is there kept. */
class OffHeapTest {
    private static final long SIZE = (9L << 20) + 12 * 4096 + 100;
    private static final int WORDS = 200;

    @Test
    void shouldGiveMemoryThatTakesNoPagesUntilItIsTouched() throws IOException {
        try (MappedRegion region = OffHeap.reserve(SIZE)) {
            assertEquals(0, residentKb(region));

            OffHeap.putLong(region.address() + (5 << 20), 7);

            assertTrue(residentKb(region) >= 4, "one page");
            assertTrue(residentKb(region) < SIZE >> 11, "not all of them");
        }
    }

    @Test
    void shouldPutPagesUnderAllOfItAndKeepWhatIsThere() throws IOException {
        final long seed = System.nanoTime();
        try (MappedRegion region = OffHeap.reserve(SIZE)) {
            Random random = new Random(seed);
            for (int n = 0; n < WORDS; n++) {
                OffHeap.putLong(region.address() + offset(n), random.nextLong());
            }

            OffHeap.populate(region);

            assertTrue(residentKb(region) >= SIZE >> 10, residentKb(region) + " of " + SIZE);
            random = new Random(seed);
            for (int n = 0; n < WORDS; n++) {
                assertEquals(random.nextLong(), OffHeap.getLong(region.address() + offset(n)), "seed " + seed);
            }
            assertEquals(0, OffHeap.getLong(region.address() + offset(WORDS - 1) + Long.BYTES));
        }
    }

    /** Spread over the first two thirds: some huge pages have small ones before, some have none. */
    private static long offset(final int n) {
        return (long)n * n * 157 & -Long.BYTES;
    }

    private static long residentKb(final MappedRegion region) throws IOException {
        final List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
        long kb = 0;
        boolean isWithin = false;
        for (final String line : lines) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                final long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
                final long end =
                    Long.parseUnsignedLong(line.substring(line.indexOf('-') + 1, line.indexOf(' ')), 16);
                isWithin = start < region.address() + region.size() && end > region.address();
            } else if (isWithin && line.startsWith("Rss:")) {
                kb += Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return kb;
    }
}
