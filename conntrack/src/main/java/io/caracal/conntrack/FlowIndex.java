package io.caracal.conntrack;

import io.caracal.bindings.MappedRegion;

/**
 * From the hash of a tuple to the slot of its flow: groups of twelve entries, each group one cache line; a second hash
 * gives the stride from a full group to the next.
 *
 * <pre>
 *   0          8          12         14     16                                  64
 *  +----------+----------+----------+------+-----------------------------------+
 *  | 8 tags   | 4 tags   | overflow |  -   | 12 slots, 4 bytes each            |
 *  +----------+----------+----------+------+-----------------------------------+
 * </pre>
 *
 * <p>A tag is eight bits of the hash (0 marks a free entry); all twelve are compared at once in two words. An entry
 * that found its home group full lies in one of the groups after it, and each group it passed counts it in
 * {@code overflow}: a search goes on only from a group that was passed, so a miss costs what a hit costs, and a removal
 * leaves no tombstone. No search visits more than {@link #MAX_PROBES} groups; an insert that would need more is
 * refused.</p>
 *
 * <p>Two keys of a flow (the tuples of its two directions, where NAT makes them differ) are two entries with one slot.
 * The index is sized for two keys of every flow at {@link #MAX_LOAD_PERCENT}, so it is never the index that is full
 * first. It is not in the mapped file: a start rebuilds it from the records, which a crash cannot leave half moved.</p>
 *
 * <p>One thread, the table's, which closes it. Other layouts that were measured, and why this one was
 * kept: {@code docs/decisions/010-flow-table-layout.md}.</p>
 */
final class FlowIndex implements AutoCloseable {
    /** Entries of a group: 12 tags and 12 slots are what one cache line holds beside the overflow count. */
    static final int GROUP_ENTRIES = 12;
    /**
     * Groups that a search visits at most. At 75 % load one group in seven is full, so one key in 10^10 would need
     * more; fewer probes would refuse keys before the table is full, more would only weaken the bound.
     */
    static final int MAX_PROBES = 12;
    /** Share of the entries in use when the table is full and every flow has two keys. */
    static final int MAX_LOAD_PERCENT = 75;

    /** The home group has no such tag, and a search ends there. */
    static final int CERTAIN_MISS = -1;
    /** The home group has no such tag, but a search goes on. */
    static final int NO_CANDIDATE = -2;

    private static final int OVERFLOW_OFFSET = 12;
    private static final int SLOTS_OFFSET = 16;
    private static final long LOW_SEVEN = 0x7f7f7f7f7f7f7f7fL;
    private static final long EVERY_BYTE = 0x0101010101010101L;
    private static final int MAX_OVERFLOW = 0xffff;
    private static final int STRIDE_BITS = 24;
    private static final long STRIDE_MASK = (1L << STRIDE_BITS) - 1;

    private final MappedRegion memory;
    private final long base;
    private final long groupCount;
    private long entryCount;

    /**
     * Makes an empty index.
     *
     * @param keyCapacity keys that it must take at {@link #MAX_LOAD_PERCENT}.
     */
    FlowIndex(final long keyCapacity) {
        groupCount = groupCountFor(keyCapacity);
        memory = OffHeap.reserve(groupCount * OffHeap.CACHE_LINE);
        base = memory.address();
    }

    /** Bytes that an index for so many keys takes. */
    static long sizeFor(final long keyCapacity) {
        return groupCountFor(keyCapacity) * OffHeap.CACHE_LINE;
    }

    private static long groupCountFor(final long keyCapacity) {
        final long entries = Math.ceilDiv(keyCapacity * 100, MAX_LOAD_PERCENT);
        final long groups = Math.max(MAX_PROBES, Math.ceilDiv(entries, GROUP_ENTRIES));
        /* A prime number of groups: then no stride brings a search back to where it has been. */
        long prime = groups + 1;
        while (!isPrime(prime)) {
            prime++;
        }
        return prime;
    }

    /** By division: at most 16,000 for the largest table, a fifth of a millisecond. */
    private static boolean isPrime(final long number) {
        for (long divisor = 2; divisor * divisor <= number; divisor++) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return true;
    }

    /** Address of the group where a search for a hash begins. */
    long home(final long hash) {
        return base + ((hash >>> 32) * groupCount >>> 32) * OffHeap.CACHE_LINE;
    }

    /**
     * Address of the group that a search visits after another. The stride depends on the hash: with a stride of one,
     * full groups would grow into clusters of a dozen and more.
     */
    long next(final long group, final long hash) {
        final long stride = 1 + ((hash >>> 8 & STRIDE_MASK) * (groupCount - 1) >>> STRIDE_BITS);
        final long after = (group - base) / OffHeap.CACHE_LINE + stride;
        return base + (after < groupCount ? after : after - groupCount) * OffHeap.CACHE_LINE;
    }

    /** The tag of a hash in every byte of a word, as {@link #matches} wants it. */
    static long tagWord(final long hash) {
        return tag(hash) * EVERY_BYTE;
    }

    private static long tag(final long hash) {
        return Math.max(1, hash & 0xff);
    }

    /**
     * The entries of a group that have a tag: one bit each, to be taken from the lowest on by {@link #entry} and
     * {@code match & match - 1}.
     */
    static long matches(final long group, final long tagWord) {
        return zeroBytes(OffHeap.getLong(group) ^ tagWord) >>> 7
            | (zeroBytes(OffHeap.getInt(group + Long.BYTES) ^ tagWord) & 0x8080_8080L) >>> 6;
    }

    /** Entry number of the lowest bit that {@link #matches} returned. */
    static int entry(final long matches) {
        final int bit = Long.numberOfTrailingZeros(matches);
        return (bit >>> 3) + ((bit & 1) << 3);
    }

    /** Slot in an entry of a group. */
    static int slot(final long group, final int entry) {
        return OffHeap.getInt(group + SLOTS_OFFSET + (long)entry * Integer.BYTES);
    }

    /** Whether a search must go on after this group. */
    static boolean overflowed(final long group) {
        return OffHeap.getShort(group + OVERFLOW_OFFSET) != 0;
    }

    /**
     * The slot that a search for this hash will most probably compare first.
     *
     * @return the slot, {@link #NO_CANDIDATE}, or {@link #CERTAIN_MISS}.
     */
    int candidate(final long hash) {
        final long group = home(hash);
        final long matches = matches(group, tagWord(hash));
        if (matches != 0) {
            return slot(group, entry(matches));
        }
        return overflowed(group) ? NO_CANDIDATE : CERTAIN_MISS;
    }

    /**
     * Adds an entry; the caller knows that it is not there.
     *
     * @return false when all groups that a search would visit are full; nothing has changed then.
     */
    boolean insert(final long hash, final int slot) {
        long group = home(hash);
        for (int probe = 0; probe < MAX_PROBES; probe++) {
            final long free = matches(group, 0);
            if (free != 0) {
                final int entry = entry(free);
                OffHeap.putByte(tagAddress(group, entry), (byte)tag(hash));
                OffHeap.putInt(group + SLOTS_OFFSET + (long)entry * Integer.BYTES, slot);
                countPassed(hash, group, 1);
                entryCount++;
                return true;
            }
            group = next(group, hash);
        }
        return false;
    }

    /**
     * Takes an entry out.
     *
     * @return false when it was not there.
     */
    boolean remove(final long hash, final int slot) {
        final long tagWord = tagWord(hash);
        long group = home(hash);
        for (int probe = 0; probe < MAX_PROBES; probe++) {
            for (long matches = matches(group, tagWord); matches != 0; matches &= matches - 1) {
                final int entry = entry(matches);
                if (slot(group, entry) == slot) {
                    OffHeap.putByte(tagAddress(group, entry), (byte)0);
                    countPassed(hash, group, -1);
                    entryCount--;
                    return true;
                }
            }
            if (!overflowed(group)) {
                return false;
            }
            group = next(group, hash);
        }
        return false;
    }

    /** Entries in use. */
    long entryCount() {
        return entryCount;
    }

    /** Entries that there are. */
    long entryCapacity() {
        return groupCount * GROUP_ENTRIES;
    }

    /** See {@link OffHeap#populate}. */
    void populate() {
        OffHeap.populate(memory);
    }

    @Override
    public void close() {
        memory.close();
    }

    private void countPassed(final long hash, final long last, final int change) {
        for (long group = home(hash); group != last; group = next(group, hash)) {
            final int overflow = (OffHeap.getShort(group + OVERFLOW_OFFSET) & 0xffff) + change;
            /* 65 thousand keys with one home group would need a broken hash: the keys that fit are 12 * MAX_PROBES. */
            assert overflow >= 0 && overflow <= MAX_OVERFLOW : overflow;
            OffHeap.putShort(group + OVERFLOW_OFFSET, (short)overflow);
        }
    }

    private static long tagAddress(final long group, final int entry) {
        return group + entry;
    }

    /** 0x80 in each byte that is zero, exactly (no false positives above a zero byte). */
    private static long zeroBytes(final long word) {
        return ~((word & LOW_SEVEN) + LOW_SEVEN | word | LOW_SEVEN);
    }
}
