package io.caracal.stage;

/**
 * How many ICMP errors a worker may make (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 f): so many a second in all
 * and so many to one destination. Belongs to one worker; allocates nothing after its constructor.
 *
 * <p>Each limit is a GCRA: an error costs an interval of time, and whoever has been quiet may be a burst ahead.
 * Destinations share 1024 slots by hash, so that a stranger can silence another only by chance.</p>
 */
public final class IcmpErrorLimit {
    /** Linux's {@code icmp_msgs_per_sec}. */
    public static final int DEFAULT_PER_SECOND = 1000;
    /** Linux's {@code icmp_msgs_burst}. */
    public static final int DEFAULT_BURST = 50;
    /**
     * Linux allows 1 a second and 6 at once to a destination; three traceroutes side by side already want more, and the
     * limit for all bounds the cost.
     */
    public static final int DEFAULT_PER_DESTINATION_PER_SECOND = 100;

    private static final long SECOND_NS = 1_000_000_000L;
    private static final int SLOTS = 1024;
    private static final int SLOT_SHIFT = Integer.SIZE - Integer.numberOfTrailingZeros(SLOTS);
    private static final int GOLDEN = 0x9E37_79B9;

    private final long intervalNs;
    private final long destinationIntervalNs;
    private final long burst;
    private final long[] destinationDueNs = new long[SLOTS];
    private long dueNs;
    private boolean started;

    /**
     * Makes a limit.
     *
     * @param perSecond errors a second in all, 1 or more.
     * @param perDestinationPerSecond errors a second to one destination, 1 or more.
     * @param burst errors at once after silence, 1 or more.
     * @throws IllegalArgumentException when one is below 1.
     */
    public IcmpErrorLimit(final int perSecond, final int perDestinationPerSecond, final int burst) {
        if (perSecond < 1 || perDestinationPerSecond < 1 || burst < 1) {
            throw new IllegalArgumentException("ICMP error limits must be 1 or more: " + perSecond + " a second, "
                + perDestinationPerSecond + " to one destination, " + burst + " at once");
        }
        intervalNs = SECOND_NS / perSecond;
        destinationIntervalNs = SECOND_NS / perDestinationPerSecond;
        this.burst = burst;
    }

    /**
     * The defaults.
     *
     * @return a limit of {@link #DEFAULT_PER_SECOND} and the others.
     */
    public static IcmpErrorLimit ofDefaults() {
        return new IcmpErrorLimit(DEFAULT_PER_SECOND, DEFAULT_PER_DESTINATION_PER_SECOND, DEFAULT_BURST);
    }

    /**
     * Asks for one error.
     *
     * @param destination any number that is the same for a destination.
     * @param nowNs the cycle's time.
     * @return whether it may be sent; then it is counted.
     */
    boolean take(final int destination, final long nowNs) {
        if (!started) {
            /* The clock's zero is anywhere, so "long ago" is relative to the first question. */
            started = true;
            dueNs = nowNs;
            java.util.Arrays.fill(destinationDueNs, nowNs);
        }
        final int slot = destination * GOLDEN >>> SLOT_SHIFT;
        final long due = Math.max(0, dueNs - nowNs);
        final long destinationDue = Math.max(0, destinationDueNs[slot] - nowNs);
        if (due > (burst - 1) * intervalNs || destinationDue > (burst - 1) * destinationIntervalNs) {
            return false;
        }
        dueNs = nowNs + due + intervalNs;
        destinationDueNs[slot] = nowNs + destinationDue + destinationIntervalNs;
        return true;
    }
}
