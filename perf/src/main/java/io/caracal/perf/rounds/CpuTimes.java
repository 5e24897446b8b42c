package io.caracal.perf.rounds;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * Processor time since boot, split into ours and everybody else's, at one moment. The difference of two says how much
 * others took away meanwhile.
 *
 * <p>Soft interrupts are left out on both sides: they are where the packets of the benchmark itself are carried, and
 * the kernel books them on whoever happens to run. Time stolen by the hypervisor counts as others'.</p>
 *
 * @param takenNs {@code System.nanoTime()} at the moment.
 * @param busyTicks user, nice, system and stolen ticks of all processors.
 * @param ownTicks user and system ticks of the benchmark's processes, and of ksoftirqd, which works for them.
 */
public record CpuTimes(long takenNs, long busyTicks, long ownTicks) {
    /** {@code USER_HZ}, the unit of /proc/stat: 100 on every architecture that Caracal runs on. */
    public static final int TICKS_PER_SECOND = 100;

    private static final double NS_PER_SECOND = 1e9;
    private static final int USER = 1;
    private static final int NICE = 2;
    private static final int SYSTEM = 3;
    private static final int STEAL = 8;
    /** Fields of /proc/PID/stat after the parenthesised name: utime is field 14 of proc(5), the 12th from there. */
    private static final int UTIME_AFTER_NAME = 11;

    /**
     * Reads the times now.
     *
     * @param proc {@code /proc}, or a copy of it in a test.
     * @param ownPids the benchmark's processes, also those that have ended meanwhile.
     * @return the times.
     */
    public static CpuTimes read(final Path proc, final Collection<Long> ownPids) {
        long ownTicks = 0;
        for (final long pid : ownPids) {
            ownTicks += processTicks(proc.resolve(Long.toString(pid)).resolve("stat"));
        }
        return new CpuTimes(System.nanoTime(), busyTicks(proc.resolve("stat")), ownTicks + softirqThreadTicks(proc));
    }

    /**
     * What others used between an earlier moment and this one.
     *
     * @param earlier the earlier moment.
     * @return as a share of one processor, not below 0.
     */
    public double othersShareSince(final CpuTimes earlier) {
        final long othersTicks = busyTicks - earlier.busyTicks - (ownTicks - earlier.ownTicks);
        final double elapsedSeconds = (takenNs - earlier.takenNs) / NS_PER_SECOND;
        return Math.max(0, othersTicks) / (TICKS_PER_SECOND * elapsedSeconds);
    }

    private static long busyTicks(final Path stat) {
        final String[] fields = ProcFile.read(stat).lines().findFirst().orElse("").split(" +");
        if (fields.length <= STEAL || !"cpu".equals(fields[0])) {
            throw new IllegalStateException(stat + " does not begin with the times of all processors");
        }
        return Long.parseLong(fields[USER]) + Long.parseLong(fields[NICE]) + Long.parseLong(fields[SYSTEM])
            + Long.parseLong(fields[STEAL]);
    }

    private static long softirqThreadTicks(final Path proc) {
        long ticks = 0;
        try (Stream<Path> entries = Files.list(proc)) {
            for (final Path entry : entries.filter(CpuTimes::isProcess).toList()) {
                final String stat = ProcFile.read(entry.resolve("stat"));
                ticks += stat.contains("(ksoftirqd/") ? ticksOf(stat) : 0;
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("list " + proc, e);
        }
        return ticks;
    }

    private static boolean isProcess(final Path entry) {
        return Character.isDigit(entry.getFileName().toString().charAt(0));
    }

    private static long processTicks(final Path stat) {
        return ticksOf(ProcFile.read(stat));
    }

    /**
     * User and system ticks in the text of a /proc/PID/stat, or of a thread's.
     *
     * @param stat the text; empty for a process that has ended.
     * @return the ticks, 0 for a process that has ended.
     */
    public static long ticksOf(final String stat) {
        if (stat.isEmpty()) {
            return 0;
        }
        /* The name may contain blanks and parentheses: what follows its last one is regular. */
        final List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
        return Long.parseLong(fields.get(UTIME_AFTER_NAME)) + Long.parseLong(fields.get(UTIME_AFTER_NAME + 1));
    }
}
