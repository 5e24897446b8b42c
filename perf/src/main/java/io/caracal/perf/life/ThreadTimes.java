package io.caracal.perf.life;

import io.caracal.perf.rounds.CpuTimes;
import io.caracal.perf.rounds.ProcFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Processor time that each thread of a process has used, at one moment: user and system ticks of
 * {@code /proc/PID/task/TID/stat} (proc(5)).
 *
 * @param takenNs {@code System.nanoTime()} at the moment.
 * @param ticksByThread ticks by thread, "TID name".
 */
public record ThreadTimes(long takenNs, Map<String, Long> ticksByThread) {
    private static final double MS_PER_TICK = 1000.0 / CpuTimes.TICKS_PER_SECOND;
    private static final double NS_PER_SECOND = 1e9;
    private static final double PERCENT = 100;
    private static final int BUSIEST = 3;

    /**
     * Reads the times now. A thread that ends meanwhile is not among them.
     *
     * @param proc {@code /proc}, or a copy of it in a test.
     * @param pid the process.
     * @return what each has used until now.
     */
    public static ThreadTimes read(final Path proc, final long pid) {
        final Map<String, Long> ticks = new TreeMap<>();
        try (Stream<Path> tasks = Files.list(proc.resolve(Long.toString(pid)).resolve("task"))) {
            for (final Path task : tasks.toList()) {
                final String stat = ProcFile.read(task.resolve("stat"));
                if (stat.isEmpty()) {
                    continue;
                }
                final String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
                ticks.put(task.getFileName() + " " + name, CpuTimes.ticksOf(stat));
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("read the threads' times of process " + pid + " (has it ended?)", e);
        }
        return new ThreadTimes(System.nanoTime(), ticks);
    }

    /**
     * What threads used since an earlier moment.
     *
     * @param earlier such a moment.
     * @param name what their names contain; empty for all.
     * @return milliseconds of processor time.
     */
    public double msSince(final ThreadTimes earlier, final String name) {
        return ms(ticksSince(earlier), name);
    }

    /**
     * What threads have used since they began.
     *
     * @param name what their names contain; empty for all.
     * @return milliseconds of processor time.
     */
    public double totalMs(final String name) {
        return ms(ticksByThread, name);
    }

    private static double ms(final Map<String, Long> ticksByThread, final String name) {
        return ticksByThread.entrySet().stream().filter(thread -> thread.getKey().contains(name))
            .mapToLong(Map.Entry::getValue).sum() * MS_PER_TICK;
    }

    /** What all threads used since an earlier moment, in percent of one processor. */
    double percentSince(final ThreadTimes earlier) {
        return PERCENT * ticksSince(earlier).values().stream().mapToLong(Long::longValue).sum()
            / CpuTimes.TICKS_PER_SECOND / ((takenNs - earlier.takenNs) / NS_PER_SECOND);
    }

    /**
     * The threads that used most since an earlier moment.
     *
     * @param earlier such a moment.
     * @return as "name 7 ticks, …"; a tick is 10 ms.
     */
    public String busiestSince(final ThreadTimes earlier) {
        final List<Map.Entry<String, Long>> used = ticksSince(earlier).entrySet().stream()
            .filter(thread -> thread.getValue() > 0)
            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())).limit(BUSIEST).toList();
        return used.isEmpty() ? "none" : used.stream()
            .map(thread -> thread.getKey() + " " + thread.getValue() + " ticks").collect(Collectors.joining(", "));
    }

    private Map<String, Long> ticksSince(final ThreadTimes earlier) {
        final Map<String, Long> used = new TreeMap<>();
        ticksByThread.forEach((thread, ticks) ->
            used.put(thread, ticks - earlier.ticksByThread.getOrDefault(thread, 0L)));
        return used;
    }
}
