package io.caracal.perf.rounds;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusyTimeTest {
    @TempDir
    private Path proc;

    @Test
    void shouldAddEverythingButIdleAndWaiting() throws Exception {
        /* user nice system idle iowait irq softirq steal guest guest_nice */
        Files.writeString(proc.resolve("stat"), "cpu  100 20 30 9000 500 4 6 10 50 5\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
        assertEquals(100 + 20 + 30 + 4 + 6 + 10, BusyTime.read(proc).busyTicks());
    }

    @Test
    void shouldSayHowManyProcessorsWereInUse() {
        final BusyTime earlier = new BusyTime(0, 1000);
        assertEquals(1.5, new BusyTime(2_000_000_000L, 1300).shareSince(earlier), 1e-9);
        assertEquals(0, new BusyTime(2_000_000_000L, 1000).shareSince(earlier), 1e-9);
    }
}
