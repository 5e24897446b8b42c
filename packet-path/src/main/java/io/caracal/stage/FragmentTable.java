package io.caracal.stage;

import java.util.Arrays;

/**
 * Datagrams of which fragments are on their way: what the first one said, and which bytes have been seen. Bounded: 1024
 * datagrams, four to a bucket of a seeded hash, of which the oldest gives way; 30 s, as the kernel's {@code
 * ipfrag_time}. Belongs to one worker; allocates nothing after its constructor.
 *
 * <p>The key is made by {@link #key}; the interface is part of it, so that a pod cannot spoil another's datagrams.</p>
 */
final class FragmentTable {
    static final int NO_SLOT = -1;
    /** Results of {@link #cover}. */
    static final int NEW_BYTES = 0;
    static final int OVERLAPPING = 1;
    static final int TOO_MANY_GAPS = 2;

    private static final int WAYS = 4;
    private static final int BUCKETS = 256;
    private static final int SLOTS = WAYS * BUCKETS;
    private static final int SLOT_BITS = 10;
    /** Pieces between gaps. In order, or in reverse, there is one; more than eight is no network's doing. */
    private static final int RANGES = 8;
    private static final int KEY_WORDS = 5;
    private static final int UNKNOWN_END = Integer.MAX_VALUE;
    private static final long LIFETIME_NS = 30_000_000_000L;
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private final long seed;
    private final long[] wanted = new long[KEY_WORDS];
    private final long[] keys = new long[SLOTS * KEY_WORDS];
    private final long[] createdNs = new long[SLOTS];
    private final boolean[] used = new boolean[SLOTS];
    private final boolean[] firstSeen = new boolean[SLOTS];
    private final int[] generations = new int[SLOTS];
    private final int[] ports = new int[SLOTS];
    private final int[] flowHashes = new int[SLOTS];
    private final int[] ends = new int[SLOTS];
    private final int[] rangeCounts = new int[SLOTS];
    private final int[] rangeStarts = new int[SLOTS * RANGES];
    private final int[] rangeEnds = new int[SLOTS * RANGES];

    FragmentTable(final long seed) {
        this.seed = seed;
    }

    /** Sets the key of the next {@link #findOrAdd}. */
    void key(final long sourceHigh, final long sourceLow, final long destinationHigh, final long destinationLow,
             final long rest) {
        wanted[0] = sourceHigh;
        wanted[1] = sourceLow;
        wanted[2] = destinationHigh;
        wanted[3] = destinationLow;
        wanted[4] = rest;
    }

    /** The slot of the datagram with the wanted key; a new one, in place of the bucket's oldest, when there is none. */
    int findOrAdd(final long nowNs) {
        final int first = bucket() * WAYS;
        int oldest = first;
        for (int slot = first; slot < first + WAYS; slot++) {
            if (used[slot] && nowNs - createdNs[slot] >= LIFETIME_NS) {
                used[slot] = false;
            }
            if (used[slot] && isWanted(slot)) {
                return slot;
            }
            if (!used[slot] || used[oldest] && createdNs[slot] - createdNs[oldest] < 0) {
                oldest = slot;
            }
        }
        add(oldest, nowNs);
        return oldest;
    }

    private void add(final int slot, final long nowNs) {
        System.arraycopy(wanted, 0, keys, slot * KEY_WORDS, KEY_WORDS);
        used[slot] = true;
        firstSeen[slot] = false;
        createdNs[slot] = nowNs;
        generations[slot]++;
        rangeCounts[slot] = 0;
        ends[slot] = UNKNOWN_END;
    }

    private int bucket() {
        long mixed = seed;
        for (final long word : wanted) {
            mixed = (mixed ^ word) * GOLDEN;
            mixed ^= mixed >>> 32;
        }
        return (int)mixed & BUCKETS - 1;
    }

    private boolean isWanted(final int slot) {
        return Arrays.equals(wanted, 0, KEY_WORDS, keys, slot * KEY_WORDS, (slot + 1) * KEY_WORDS);
    }

    /** A number for this datagram in this slot, to find it again by {@link #slotOf}. */
    int ticket(final int slot) {
        return generations[slot] << SLOT_BITS | slot;
    }

    /** The slot of a ticket, or {@link #NO_SLOT} when the datagram has been forgotten. */
    int slotOf(final int ticket) {
        final int slot = ticket & SLOTS - 1;
        return used[slot] && ticket(slot) == ticket ? slot : NO_SLOT;
    }

    boolean isFirstSeen(final int slot) {
        return firstSeen[slot];
    }

    void rememberFirst(final int slot, final int sourceAndDestinationPort, final int flowHash) {
        firstSeen[slot] = true;
        ports[slot] = sourceAndDestinationPort;
        flowHashes[slot] = flowHash;
    }

    int ports(final int slot) {
        return ports[slot];
    }

    int flowHash(final int slot) {
        return flowHashes[slot];
    }

    /** Whether every byte has been seen: then nothing more will come. */
    boolean isComplete(final int slot) {
        final int base = slot * RANGES;
        return rangeCounts[slot] == 1 && rangeStarts[base] == 0 && rangeEnds[base] == ends[slot];
    }

    void forget(final int slot) {
        used[slot] = false;
    }

    /** Notes that bytes have been seen; refuses bytes seen before, and bytes beyond the datagram's end. */
    int cover(final int slot, final int start, final int end, final boolean isLast) {
        final int base = slot * RANGES;
        final int count = rangeCounts[slot];
        int index = 0;
        while (index < count && rangeEnds[base + index] <= start) {
            index++;
        }
        final boolean beyondEnd = isLast ? count > 0 && rangeEnds[base + count - 1] > end : end > ends[slot];
        if (beyondEnd || isLast && ends[slot] != UNKNOWN_END || index < count && rangeStarts[base + index] < end) {
            return OVERLAPPING;
        }
        final boolean joinsBefore = index > 0 && rangeEnds[base + index - 1] == start;
        final boolean joinsAfter = index < count && rangeStarts[base + index] == end;
        if (!joinsBefore && !joinsAfter && count == RANGES) {
            return TOO_MANY_GAPS;
        }
        if (isLast) {
            ends[slot] = end;
        }
        if (joinsBefore && joinsAfter) {
            rangeEnds[base + index - 1] = rangeEnds[base + index];
            move(base + index + 1, base + index, count - index - 1);
            rangeCounts[slot]--;
        } else if (joinsBefore) {
            rangeEnds[base + index - 1] = end;
        } else if (joinsAfter) {
            rangeStarts[base + index] = start;
        } else {
            move(base + index, base + index + 1, count - index);
            rangeStarts[base + index] = start;
            rangeEnds[base + index] = end;
            rangeCounts[slot]++;
        }
        return NEW_BYTES;
    }

    private void move(final int from, final int to, final int count) {
        System.arraycopy(rangeStarts, from, rangeStarts, to, count);
        System.arraycopy(rangeEnds, from, rangeEnds, to, count);
    }
}
