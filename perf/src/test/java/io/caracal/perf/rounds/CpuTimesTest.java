package io.caracal.perf.rounds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuTimesTest {
    private static final long SECOND_NS = 1_000_000_000;

    @TempDir
    private Path proc;

    private void writeProcess(final long pid, final String name, final long userTicks, final long systemTicks)
        throws IOException {
        Files.createDirectories(proc.resolve(String.valueOf(pid)));
        Files.writeString(proc.resolve(pid + "/stat"), pid + " (" + name + ") S 1 1 1 0 -1 4194560 10 20 30 40 "
            + userTicks + " " + systemTicks + " 7 8 20 0 1 0 100 1000 10");
    }

    @Test
    void shouldAddUpUserNiceSystemAndStolenTicksOfAllProcessors() throws IOException {
        /* user nice system idle iowait irq softirq steal: 100 + 20 + 3 + 7, not the idle, irq and softirq ones. */
        Files.writeString(proc.resolve("stat"), "cpu  100 20 3 9999 50 60 5000 7 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
        assertEquals(130, CpuTimes.read(proc, List.of()).busyTicks());
    }

    @Test
    void shouldCountOwnProcessesAndTheSoftirqThreadsAsOurs() throws IOException {
        Files.writeString(proc.resolve("stat"), "cpu  1000 0 0 0 0 0 0 0 0 0\n");
        writeProcess(10, "xskgen", 100, 20);
        writeProcess(11, "java (old) x", 3, 4);
        writeProcess(12, "ksoftirqd/0", 0, 50);
        writeProcess(13, "somebody", 999, 999);
        assertEquals(100 + 20 + 3 + 4 + 50, CpuTimes.read(proc, List.of(10L, 11L)).ownTicks());
    }

    @Test
    void shouldCountAnEndedProcessAsNothing() throws IOException {
        Files.writeString(proc.resolve("stat"), "cpu  1 0 0 0 0 0 0 0 0 0\n");
        assertEquals(0, CpuTimes.read(proc, List.of(4711L)).ownTicks());
    }

    @Test
    void shouldGiveOthersShareOfOneProcessor() {
        /* 2 s; 300 ticks busy, 250 of them ours: others had 50 ticks = 0.5 s of 2 s. */
        final CpuTimes before = new CpuTimes(5 * SECOND_NS, 1000, 400);
        final CpuTimes after = new CpuTimes(7 * SECOND_NS, 1300, 650);
        assertEquals(0.25, after.othersShareSince(before), 1e-12);
    }

    @Test
    void shouldNotGoBelowZeroWhenTicksAreBookedLate() {
        assertEquals(0, new CpuTimes(SECOND_NS, 10, 20).othersShareSince(new CpuTimes(0, 0, 0)), 0);
    }

    @Test
    void shouldRefuseAFileThatIsNoProcStat() throws IOException {
        Files.writeString(proc.resolve("stat"), "nonsense\n");
        assertThrows(IllegalStateException.class, () -> CpuTimes.read(proc, List.of()));
    }

    @Test
    void shouldReadTheRealProc() {
        final CpuTimes now = CpuTimes.read(Path.of("/proc"), List.of(ProcessHandle.current().pid()));
        assertEquals(true, now.busyTicks() > 0 && now.ownTicks() > 0 && now.ownTicks() <= now.busyTicks());
    }
}
