package io.caracal.conntrack;

import io.caracal.bindings.MappedRegion;
import java.util.SplittableRandom;

/**
 * The layout that {@link FlowIndex} was measured against: a bucketised cuckoo index with the same groups of twelve. A
 * key lies in one of two groups; an insert that finds both full moves others on. Each group counts the keys of its own
 * that lie in their second group, so that a miss reads the second group as seldom as a search of FlowIndex goes on.
 */
final class CuckooIndex implements AutoCloseable {
    private static final int GROUP_ENTRIES = 12;
    private static final int MOVED_OFFSET = 12;
    private static final int SLOTS_OFFSET = 16;
    /** Entries moved on for one insert. */
    private static final int MOVES_MAX = 500;

    private final MappedRegion memory;
    private final long base;
    private final long groupCount;
    /** Hash of each slot's key: a table would read it from the record. */
    private final long[] hashOfSlot;
    private final SplittableRandom random = new SplittableRandom(1);
    private int moves;

    CuckooIndex(final int keyCapacity, final int loadPercent) {
        groupCount = Math.ceilDiv((long)keyCapacity * 100, loadPercent * GROUP_ENTRIES);
        memory = OffHeap.reserve(groupCount * OffHeap.CACHE_LINE);
        base = memory.address();
        hashOfSlot = new long[keyCapacity];
    }

    long home(final long hash) {
        return base + ((hash >>> 32) * groupCount >>> 32) * OffHeap.CACHE_LINE;
    }

    long second(final long hash) {
        final long other = hash * 0x9e3779b97f4a7c15L;
        return base + ((other >>> 32) * groupCount >>> 32) * OffHeap.CACHE_LINE;
    }

    static boolean moved(final long group) {
        return OffHeap.getShort(group + MOVED_OFFSET) != 0;
    }

    boolean insert(final long hash, final int slot) {
        hashOfSlot[slot] = hash;
        moves = 0;
        int homeless = slot;
        while (moves++ < MOVES_MAX) {
            final long key = hashOfSlot[homeless];
            if (put(home(key), key, homeless)) {
                return true;
            }
            if (put(second(key), key, homeless)) {
                countMoved(home(key), 1);
                return true;
            }
            homeless = replace(random.nextBoolean() ? home(key) : second(key), key, homeless);
        }
        return false;
    }

    /** Entries that the last insert moved on. */
    int moves() {
        return moves - 1;
    }

    private static boolean put(final long group, final long hash, final int slot) {
        final long free = FlowIndex.matches(group, 0);
        if (free == 0) {
            return false;
        }
        write(group, FlowIndex.entry(free), hash, slot);
        return true;
    }

    private int replace(final long group, final long hash, final int slot) {
        final int entry = random.nextInt(GROUP_ENTRIES);
        final int displaced = FlowIndex.slot(group, entry);
        final long displacedHome = home(hashOfSlot[displaced]);
        if (displacedHome != group) {
            countMoved(displacedHome, -1);
        }
        write(group, entry, hash, slot);
        if (home(hash) != group) {
            countMoved(home(hash), 1);
        }
        return displaced;
    }

    private static void write(final long group, final int entry, final long hash, final int slot) {
        OffHeap.putByte(group + entry, (byte)FlowIndex.tagWord(hash));
        OffHeap.putInt(group + SLOTS_OFFSET + (long)entry * Integer.BYTES, slot);
    }

    private static void countMoved(final long group, final int change) {
        OffHeap.putShort(group + MOVED_OFFSET, (short)(OffHeap.getShort(group + MOVED_OFFSET) + change));
    }

    @Override
    public void close() {
        memory.close();
    }
}
