package io.caracal.conntrack;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How often each NAT address had no port left: the first {@link #ADDRESSES_MAX} addresses by name, all others together.
 * The worker adds; any thread reads. A node has one NAT address a family, seldom more than a handful.
 */
public final class NatExhaustion {
    /** Addresses that are counted by name. */
    public static final int ADDRESSES_MAX = 16;

    private static final int HIGH = 0;
    private static final int LOW = 1;
    private static final int COUNT = 2;
    private static final int STRIDE = 3;

    private final AtomicLongArray entries = new AtomicLongArray((ADDRESSES_MAX + 1) * STRIDE);

    NatExhaustion() {
    }

    /** Counts one new flow that was refused. */
    void count(final long addressHigh, final long addressLow) {
        int entry = 0;
        while (entry < ADDRESSES_MAX && entries.getPlain(entry * STRIDE + COUNT) != 0
            && (entries.getPlain(entry * STRIDE + HIGH) != addressHigh
            || entries.getPlain(entry * STRIDE + LOW) != addressLow)) {
            entry++;
        }
        if (entry < ADDRESSES_MAX) {
            entries.setPlain(entry * STRIDE + HIGH, addressHigh);
            entries.setPlain(entry * STRIDE + LOW, addressLow);
        }
        /* Release: whoever sees the count sees whose it is. */
        entries.setRelease(entry * STRIDE + COUNT, entries.getPlain(entry * STRIDE + COUNT) + 1);
    }

    /**
     * New flows that an address had no port for.
     *
     * @param entry 0 .. {@link #ADDRESSES_MAX}; the last one is all addresses that have no entry of their own.
     * @return how many; 0 where no address has this entry.
     */
    public long refused(final int entry) {
        return entries.getAcquire(entry * STRIDE + COUNT);
    }

    /**
     * First eight bytes of an entry's address; read {@link #refused} before.
     *
     * @param entry 0 .. {@link #ADDRESSES_MAX} - 1.
     * @return the bytes, 0 for IPv4.
     */
    public long addressHigh(final int entry) {
        return entries.getPlain(entry * STRIDE + HIGH);
    }

    /**
     * Last eight bytes of an entry's address; read {@link #refused} before.
     *
     * @param entry 0 .. {@link #ADDRESSES_MAX} - 1.
     * @return the bytes; for IPv4 the address, host order.
     */
    public long addressLow(final int entry) {
        return entries.getPlain(entry * STRIDE + LOW);
    }
}
