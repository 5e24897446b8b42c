package io.caracal.perf.rounds;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long all processors have been busy since boot, with whatever: processes, interrupts, soft interrupts. The
 * difference of two moments is what a load costs on a machine that does nothing else.
 *
 * @param takenNs {@code System.nanoTime()} at the moment.
 * @param busyTicks of all processors together.
 */
public record BusyTime(long takenNs, long busyTicks) {
    private static final double NS_PER_SECOND = 1e9;
    /** Fields of the line {@code cpu} that say that a processor was idle: idle and iowait (proc(5)). */
    private static final int IDLE = 4;
    private static final int IO_WAIT = 5;
    private static final int STEAL = 8;

    /**
     * Reads the times now.
     *
     * @param proc {@code /proc}, or a copy of it in a test.
     * @return the times.
     */
    public static BusyTime read(final Path proc) {
        final Path stat = proc.resolve("stat");
        try {
            final String[] fields = Files.readString(stat).lines().findFirst().orElse("").split(" +");
            long ticks = 0;
            for (int field = 1; field <= STEAL && field < fields.length; field++) {
                ticks += field == IDLE || field == IO_WAIT ? 0 : Long.parseLong(fields[field]);
            }
            return new BusyTime(System.nanoTime(), ticks);
        } catch (final IOException e) {
            throw new UncheckedIOException("read " + stat, e);
        }
    }

    /**
     * Processors in use since an earlier moment.
     *
     * @param earlier the earlier moment.
     * @return 1 if one processor's worth was in use all the time.
     */
    public double shareSince(final BusyTime earlier) {
        return (busyTicks - earlier.busyTicks) * NS_PER_SECOND
            / (CpuTimes.TICKS_PER_SECOND * (double)(takenNs - earlier.takenNs));
    }
}
