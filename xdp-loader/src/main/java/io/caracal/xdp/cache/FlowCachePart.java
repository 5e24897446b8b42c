package io.caracal.xdp.cache;

import io.caracal.xdp.punt.FlowQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.agrona.UnsafeApi;

/**
 * One worker's part of the flow cache: a hash table of four-slot buckets in memory that the programs read. It alone
 * changes and removes entries here; programs add some ({@link FlowOpenings}). An entry never moves; each is under a
 * version that is odd while it is written, so that a program never acts on half of one. No call here enters the kernel,
 * allocates, or waits.
 *
 * <p>The programs count in the entries meanwhile; what is taken of a count is left to come again, so that nothing is
 * lost or counted twice. A program that has found an entry just before it is removed may still act on it: whoever needs
 * to know that none does waits for {@link RcuGracePeriod}.</p>
 *
 * <pre>{@code
 * final int slot = part.insert(spec);          // NONE: the bucket is full
 * if (slot == FlowCachePart.NONE) { … part.remove(one of home(spec) .. + 3) … }
 * }</pre>
 */
public final class FlowCachePart {
    /** No slot. */
    public static final int NONE = -1;
    /** Slots where an entry may be. */
    public static final int BUCKET_SLOTS = CachedFlowLayout.BUCKET_SLOTS;

    private final CachedSlots slots;
    private final FlowQueue queue;
    private final FlowOpenings openings;
    private final int bucketMask;
    private int usedCount;

    FlowCachePart(final MemorySegment slots, final FlowQueue queue, final FlowOpenings openings) {
        this.slots = new CachedSlots(slots);
        this.queue = queue;
        this.openings = openings;
        bucketMask = this.slots.count() / BUCKET_SLOTS - 1;
    }

    /**
     * A part that no program reads, to run code through.
     *
     * @param bucketCount a power of two.
     * @return in memory that lives as long as it.
     */
    public static FlowCachePart inMemory(final int bucketCount) {
        final FlowQueue queue = new FlowQueue(0, 1);
        return new FlowCachePart(Arena.ofAuto().allocate(
            (long)bucketCount * BUCKET_SLOTS * CachedFlowLayout.SLOT_SIZE, CachedFlowLayout.SLOT_SIZE), queue,
            FlowOpenings.inMemory(queue));
    }

    /**
     * What the programs may open by themselves, and have.
     *
     * @return this worker's.
     */
    public FlowOpenings openings() {
        return openings;
    }

    /**
     * Slots of this part.
     *
     * @return four for each bucket.
     */
    public int slotCount() {
        return (bucketMask + 1) * BUCKET_SLOTS;
    }

    /**
     * Entries in it.
     *
     * @return how many now.
     */
    public int usedCount() {
        return usedCount;
    }

    /**
     * The first of the four slots where an entry may be.
     *
     * @param spec its key.
     * @return a slot.
     */
    public int home(final CachedFlowSpec spec) {
        return CachedSlots.home(spec, queue, bucketMask);
    }

    /**
     * Writes an entry, from then on in force.
     *
     * @param spec the entry; no other has its key.
     * @return its slot, or {@link #NONE} when all four are used.
     */
    public int insert(final CachedFlowSpec spec) {
        final int home = home(spec);
        for (int slot = home; slot < home + BUCKET_SLOTS; slot++) {
            if (slots.insert(slot, spec)) {
                usedCount++;
                return slot;
            }
        }
        return NONE;
    }

    /**
     * Where an entry is.
     *
     * @param spec its key.
     * @return its slot, or {@link #NONE}.
     */
    public int find(final CachedFlowSpec spec) {
        final int home = home(spec);
        for (int slot = home; slot < home + BUCKET_SLOTS; slot++) {
            if (slots.isOf(slot, spec)) {
                return slot;
            }
        }
        return NONE;
    }

    /**
     * Whether a program has opened the connection of an entry, and nobody has looked at it yet.
     *
     * @param slot any: of its first packet's direction.
     * @return false also for the answers' slot.
     */
    public boolean isOpened(final int slot) {
        return slots.isUsed(slot) && !slots.isBeingWritten(slot) && flow(slot) == CachedFlowLayout.OPENED;
    }

    /**
     * Reads what is asked of the connections that programs have opened and nobody has taken, in passes that only load:
     * programs on other processors wrote it, so each cache line is far away, and those of a pass come side by side.
     *
     * @param count connections, at most; the next ones.
     * @return of no meaning; to be kept alive.
     */
    public long touchOpened(final int count) {
        long lines = 0;
        for (int ahead = 0; ahead < count; ahead++) {
            final int slot = openings.peek(ahead);
            if (slot == NONE) {
                break;
            }
            lines ^= UnsafeApi.getLong(at(slot)) ^ UnsafeApi.getLong(at(slot) + CachedFlowLayout.SOURCE_REST_BE);
        }
        for (int ahead = 0; ahead < count; ahead++) {
            final int slot = openings.peek(ahead);
            if (slot == NONE) {
                break;
            }
            lines ^= UnsafeApi.getLong(at(otherSlot(slot)));
        }
        return lines;
    }

    /**
     * Takes over both entries of a connection that a program has opened: they are this part's from now on, to be
     * removed or given a number ({@link #flow(int, int)}).
     *
     * @param slot {@link #isOpened}.
     */
    public void claim(final int slot) {
        assert isOpened(slot) : "slot " + slot + " is no program's";
        usedCount += 2;
    }

    /**
     * The other entry of a connection that a program has opened.
     *
     * @param slot of one of its directions.
     * @return that of the other one.
     */
    public int otherSlot(final int slot) {
        return UnsafeApi.getInt(at(slot) + CachedFlowLayout.OTHER_SLOT) & slotCount() - 1;
    }

    /**
     * Takes an entry out: no packet that comes from now on finds it.
     *
     * @param slot a used one; what it has counted and nobody has taken is lost.
     */
    public void remove(final int slot) {
        assert isUsed(slot) : "slot " + slot + " is empty";
        slots.clear(slot);
        usedCount--;
    }

    /**
     * Whether a slot has an entry.
     *
     * @param slot any of this part.
     * @return false where it is free.
     */
    public boolean isUsed(final int slot) {
        return slots.isUsed(slot);
    }

    /**
     * What the owner has written as {@link CachedFlowSpec#flow}.
     *
     * @param slot a used one.
     * @return the number.
     */
    public int flow(final int slot) {
        return UnsafeApi.getInt(at(slot) + CachedFlowLayout.FLOW);
    }

    /**
     * Writes the owner's number anew, as it takes over an entry of an earlier process.
     *
     * @param slot a used one.
     * @param flow the number.
     */
    public void flow(final int slot, final int flow) {
        UnsafeApi.putInt(at(slot) + CachedFlowLayout.FLOW, flow);
    }

    /**
     * Takes the packets that the programs have counted since the last time.
     *
     * @param slot a used one.
     * @return how many.
     */
    public long takePackets(final int slot) {
        return take(at(slot) + CachedFlowLayout.PACKETS);
    }

    /**
     * Takes the bytes that the programs have counted since the last time.
     *
     * @param slot a used one.
     * @return from the IP header on.
     */
    public long takeBytes(final int slot) {
        return take(at(slot) + CachedFlowLayout.BYTES);
    }

    private static long take(final long address) {
        if (UnsafeApi.getLongOpaque(null, address) == 0) {
            return 0;
        }
        return UnsafeApi.getAndSetLong(null, address, 0L);
    }

    /**
     * Takes what the packets since the last time were.
     *
     * @param slot a used one.
     * @return bits of {@link CachedFlowSeen}.
     */
    public int takeSeen(final int slot) {
        final long address = at(slot) + CachedFlowLayout.SEEN;
        return UnsafeApi.getIntOpaque(null, address) == 0 ? 0 : UnsafeApi.getAndSetInt(null, address, 0);
    }

    /**
     * What {@link #takeSeen} would take.
     *
     * @param slot a used one.
     * @return bits of {@link CachedFlowSeen}.
     */
    public int seen(final int slot) {
        return UnsafeApi.getIntOpaque(null, at(slot) + CachedFlowLayout.SEEN);
    }

    /**
     * When the last packet of an entry came.
     *
     * @param slot a used one.
     * @return by the clock of {@link System#nanoTime()}, some milliseconds coarse; 0 where none has.
     */
    public long lastSeenNs(final int slot) {
        return UnsafeApi.getLongOpaque(null, at(slot) + CachedFlowLayout.LAST_SEEN_NS);
    }

    /**
     * Reads an entry that an earlier process has left.
     *
     * @param slot any of this part.
     * @param target its key, action and generation, where the result is true.
     * @return false for an empty slot, one that was being written when the process died, and one that is not where its
     *     key belongs.
     */
    public boolean read(final int slot, final CachedFlowSpec target) {
        if (!slots.read(slot, target)) {
            return false;
        }
        final int home = home(target);
        return slot >= home && slot < home + BUCKET_SLOTS;
    }

    /**
     * Counts the entries that an earlier process has left; ones that were half written when it died are removed.
     * Without an engine no program writes any: those that ran when it died have ended long ago.
     */
    void recount() {
        usedCount = 0;
        for (int slot = 0; slot < slotCount(); slot++) {
            usedCount += isUsed(slot) ? 1 : 0;
            if (slots.isBeingWritten(slot)) {
                endTornWrite(slot);
            }
        }
    }

    private void endTornWrite(final int slot) {
        if (isUsed(slot)) {
            remove(slot);
        } else {
            slots.clear(slot);
        }
    }

    /** Removes every entry, also those that programs have opened; none of it is this part's any more. */
    public void clear() {
        for (int slot = 0; slot < slotCount(); slot++) {
            if (isUsed(slot)) {
                slots.clear(slot);
            }
        }
        usedCount = 0;
    }

    private long at(final int slot) {
        return slots.at(slot);
    }
}
