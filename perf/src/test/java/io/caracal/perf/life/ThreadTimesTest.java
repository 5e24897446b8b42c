package io.caracal.perf.life;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThreadTimesTest {
    private static final long PID = 7;
    @TempDir
    private Path proc;

    /** The fields before utime are those of proc(5), which nobody here looks at. */
    private void thread(final int tid, final String name, final int utime, final int stime) throws IOException {
        final Path task = Files.createDirectories(proc.resolve("7/task/" + tid));
        Files.writeString(task.resolve("stat"),
            tid + " (" + name + ") S 1 7 7 0 -1 4194304 1 0 0 0 " + utime + " " + stime + " 0 0 20 0 1 0\n");
    }

    @Test
    void shouldAddWhatEachThreadUsed() throws IOException {
        thread(7, "java", 100, 50);
        thread(8, "caracal-worker-", 10, 0);
        final ThreadTimes earlier = ThreadTimes.read(proc, PID);
        thread(7, "java", 100, 50);
        thread(8, "caracal-worker-", 20, 5);
        thread(9, "C2 (new) one", 3, 2);
        final ThreadTimes read = ThreadTimes.read(proc, PID);
        final ThreadTimes later = new ThreadTimes(earlier.takenNs() + 2_000_000_000L, read.ticksByThread());

        assertEquals(10.0, later.percentSince(earlier), 1e-9, "20 ticks of 10 ms in 2 s");
        assertEquals(50.0, later.totalMs("C2"), 1e-9, "5 ticks");
        assertEquals("8 caracal-worker- 15 ticks, 9 C2 (new) one 5 ticks", later.busiestSince(earlier));
    }

    @Test
    void shouldSayThatTheProcessHasEnded() {
        assertThrows(UncheckedIOException.class, () -> ThreadTimes.read(proc, 8));
    }
}
