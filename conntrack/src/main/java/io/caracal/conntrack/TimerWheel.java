package io.caracal.conntrack;

import java.util.Arrays;

/**
 * When to look at a flow again: a wheel of buckets, each a list through {@link FlowLinks}, for two lanes.
 *
 * <p>Packets do not touch the wheel. A flow that comes due is looked at: if it was seen since, its owner arms it again
 * for the time it has left. Only a deadline that comes nearer (a FIN after an hour's timeout) is re-armed at once. A
 * deadline beyond the wheel's {@link #SPAN_MS} is armed at its end and looked at on the way.</p>
 *
 * <p>The lanes are the order of eviction: {@link #TRANSIENT} flows are half open or closing, {@link #STEADY} ones are
 * established; {@link #earliest} names the next due of a lane. Deadlines are never early and late by at most
 * {@link #TICK_MS}. Arming and cancelling are O(1); asking skips empty
 * buckets 64 at a time; one thread, the table's; allocates nothing after its
 * constructor.</p>
 */
final class TimerWheel {
    /** Half-open and closing flows. */
    static final int TRANSIENT = 0;
    /** Established flows. */
    static final int STEADY = 1;
    /** Resolution. An eighth of a second is small beside the shortest timeout (ICMP, 5 s). */
    static final int TICK_MS = 128;

    /** 8192 ticks of 128 ms reach 17 minutes, so that an hour's timeout is looked at three times on its way. */
    private static final int BUCKETS = 8192;
    /** How far ahead a deadline can be armed. */
    static final long SPAN_MS = (long)(BUCKETS - 1) * TICK_MS;

    private final FlowLinks links;
    private final int[] heads = new int[2 * BUCKETS];
    /** One bit per bucket that is not empty. */
    private final long[] occupied = new long[2 * BUCKETS / Long.SIZE];
    /** All buckets of ticks before this one have been emptied. */
    private long tick;

    TimerWheel(final FlowLinks links, final long nowMs) {
        this.links = links;
        Arrays.fill(heads, FlowLinks.NONE);
        tick = tickOf(nowMs);
    }

    /** Puts a flow that is in no bucket where it comes due at a deadline. */
    void arm(final int slot, final int lane, final long deadlineMs) {
        assert links.bucket(slot) == FlowLinks.NONE : "slot " + slot + " is armed";
        final int bucket = lane * BUCKETS + (int)(dueTick(deadlineMs) & BUCKETS - 1);
        final int head = heads[bucket];
        links.next(slot, head);
        links.previous(slot, FlowLinks.NONE);
        links.bucket(slot, bucket);
        if (head != FlowLinks.NONE) {
            links.previous(head, slot);
        }
        heads[bucket] = slot;
        occupied[bucket >>> 6] |= 1L << bucket;
    }

    /** Whether an armed flow comes due before it would if it were armed for this deadline now. */
    boolean isArmedBefore(final int slot, final long deadlineMs) {
        final long armed = links.bucket(slot) - tick & BUCKETS - 1;
        return armed < dueTick(deadlineMs) - tick;
    }

    private long dueTick(final long deadlineMs) {
        return Math.min(Math.max(tickOf(deadlineMs) + 1, tick), tick + BUCKETS - 1);
    }

    /** Takes a flow out of its bucket. */
    void cancel(final int slot) {
        final int bucket = links.bucket(slot);
        assert bucket != FlowLinks.NONE : "slot " + slot + " is not armed";
        final int next = links.next(slot);
        final int previous = links.previous(slot);
        if (next != FlowLinks.NONE) {
            links.previous(next, previous);
        }
        if (previous != FlowLinks.NONE) {
            links.next(previous, next);
        } else {
            heads[bucket] = next;
            if (next == FlowLinks.NONE) {
                occupied[bucket >>> 6] &= ~(1L << bucket);
            }
        }
        links.bucket(slot, FlowLinks.NONE);
    }

    /**
     * A flow that has come due, left where it is: the caller cancels it, or arms it for later.
     *
     * @return its slot, or {@link FlowLinks#NONE}: nothing is due.
     */
    int due(final long nowMs) {
        final long now = tickOf(nowMs);
        while (tick <= now) {
            final int bucket = (int)(tick & BUCKETS - 1);
            final int slot = heads[bucket] != FlowLinks.NONE ? heads[bucket] : heads[BUCKETS + bucket];
            if (slot != FlowLinks.NONE) {
                return slot;
            }
            tick = nextOccupied(bucket, now);
        }
        return FlowLinks.NONE;
    }

    /**
     * Flows that have come due, left where they are: the caller cancels each, or arms it for later.
     *
     * @param slots filled with them.
     * @param max how many at most.
     * @return how many; 0: nothing is due.
     */
    int due(final long nowMs, final int[] slots, final int max) {
        int slot = due(nowMs);
        int count = 0;
        while (slot != FlowLinks.NONE && count < max) {
            slots[count++] = slot;
            slot = links.next(slot);
        }
        return count;
    }

    /** The tick of the next bucket that is not empty, at most the one after {@code now}; this one is empty. */
    private long nextOccupied(final int bucket, final long now) {
        final int distance = Math.min(distance(TRANSIENT, bucket), distance(STEADY, bucket));
        return distance == BUCKETS ? now + 1 : Math.min(tick + distance, now + 1);
    }

    /**
     * The flow of a lane that comes due first, left where it is.
     *
     * @return its slot, or {@link FlowLinks#NONE}: the lane is empty.
     */
    int earliest(final int lane) {
        final int bucket = (int)(tick & BUCKETS - 1);
        final int distance = distance(lane, bucket);
        return distance >= BUCKETS ? FlowLinks.NONE : heads[lane * BUCKETS + (bucket + distance & BUCKETS - 1)];
    }

    /** Buckets from one to the next of a lane that is not empty, 0 if that one is not; BUCKETS when all are empty. */
    private int distance(final int lane, final int bucket) {
        final int firstWord = lane * (BUCKETS / Long.SIZE);
        int word = bucket >>> 6;
        long bits = occupied[firstWord + word] & -1L << bucket;
        for (int i = 0; i <= BUCKETS / Long.SIZE; i++) {
            if (bits != 0) {
                final int found = (word << 6) + Long.numberOfTrailingZeros(bits);
                return found - bucket & BUCKETS - 1;
            }
            word = word + 1 & BUCKETS / Long.SIZE - 1;
            bits = occupied[firstWord + word];
        }
        return BUCKETS;
    }

    private static long tickOf(final long timeMs) {
        return timeMs / TICK_MS;
    }
}
