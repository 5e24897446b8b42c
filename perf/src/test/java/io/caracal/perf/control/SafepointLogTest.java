package io.caracal.perf.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafepointLogTest {
    @TempDir
    private Path directory;

    @Test
    void shouldReadTheStopsOfATime() throws IOException {
        final Path file = Files.writeString(directory.resolve("log"), """
            [1000ms] Safepoint "ICBufferFull", Time since last: 5 ns, Reaching safepoint: 1 ns, At safepoint: 2 ns, \
            Leaving safepoint: 1 ns, Total: 4000 ns, Threads: 0 runnable, 25 total
            [1500ms] Entering safepoint region: ShenandoahInitMark
            [1999ms] Safepoint "ShenandoahInitMark", Time since last: 5993971719 ns, Reaching safepoint: 7611 ns, \
            At safepoint: 840000 ns, Leaving safepoint: 157 ns, Total: 847768 ns, Threads: 0 runnable, 25 total
            [2000ms] Safepoint "ShenandoahInitMark", Time since last: 5 ns, Reaching safepoint: 1 ns, \
            At safepoint: 2 ns, Leaving safepoint: 1 ns, Total:       9 ns, Threads: 0 runnable, 25 total
            """);
        final SafepointLog log = new SafepointLog(file);
        assertEquals(List.of(new SafepointLog.Stop(1999, "ShenandoahInitMark", 847.768)), log.between(1001, 2000));
        assertEquals(3, log.between(0, 3000).size());
        assertEquals("-Xlog:safepoint:file=" + file + ":timemillis", log.flag());
    }
}
