package io.caracal.conntrack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Milliseconds since boot out of a burst cycle's {@code System.nanoTime()}: the time of the records, which goes on over
 * a restart of the process. The offset between the two clocks is read once from {@code /proc/uptime}, to a hundredth of
 * a second; later suspends of the machine do not count, as they do not for a flow's idle time. Immutable; any thread.
 */
public final class BootClock {
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final long NS_PER_MS = 1_000_000;

    private final long offsetMs;

    private BootClock(final long offsetMs) {
        this.offsetMs = offsetMs;
    }

    /**
     * Reads the kernel's clock.
     *
     * @return the clock.
     * @throws UncheckedIOException when {@code /proc/uptime} cannot be read: is /proc mounted?
     */
    public static BootClock read() {
        try {
            final String uptime = Files.readString(UPTIME);
            final double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
            return at((long)(seconds * 1000), System.nanoTime());
        } catch (final IOException e) {
            throw new UncheckedIOException("read " + UPTIME + " (mount /proc)", e);
        }
    }

    /**
     * A clock that is set by hand, for tests and benchmarks.
     *
     * @param bootMs milliseconds since boot.
     * @param nowNs the cycle time of that moment.
     * @return the clock.
     */
    public static BootClock at(final long bootMs, final long nowNs) {
        return new BootClock(bootMs - Math.floorDiv(nowNs, NS_PER_MS));
    }

    /**
     * Converts a cycle's time.
     *
     * @param nowNs {@code System.nanoTime()}.
     * @return milliseconds since boot.
     */
    public long bootMs(final long nowNs) {
        return Math.floorDiv(nowNs, NS_PER_MS) + offsetMs;
    }
}
