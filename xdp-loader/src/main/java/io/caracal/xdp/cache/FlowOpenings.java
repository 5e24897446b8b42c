package io.caracal.xdp.cache;

import io.caracal.xdp.punt.FlowQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.agrona.UnsafeApi;

/**
 * One worker's connections that open without it (opening.h): kinds of connections that the programs may let through as
 * one before, and a list of those that they have. A kind is all of a first packet's key but its source port.
 *
 * <p>A kind holds in the epoch that it was put in, and in no other. A hash table where a new kind takes the place of an
 * older one: who is forgotten opens by the worker once more. The worker's thread; no call allocates or waits.</p>
 *
 * <pre>{@code
 * openings.put(way, reply, epoch);                   // epoch: read before policy and routes were
 * for (int slot = openings.take(); slot != FlowCachePart.NONE; slot = openings.take()) { part.claim(slot); … }
 * }</pre>
 */
public final class FlowOpenings {
    private static final int NONE = FlowCachePart.NONE;
    private static final int BUCKET_SLOTS = CachedFlowLayout.BUCKET_SLOTS;
    private static final int PORT_MASK = 0xffff;
    private static final int NO_EPOCH = 0;

    private final CachedSlots kinds;
    private final FlowQueue queue;
    private final int bucketMask;
    /** Keeps the memory alive. */
    private final MemorySegment opened;
    private final MemorySegment state;
    private final long openedAt;
    private final long epochAt;
    private final CachedFlowSpec key = new CachedFlowSpec();
    /** That of the last kind that was put, which is the newest: a worker reads them in order. */
    private volatile int epochInUse = NO_EPOCH;
    private int nextVictim;

    FlowOpenings(final MemorySegment kinds, final FlowQueue queue, final MemorySegment opened,
        final MemorySegment state) {
        this.kinds = new CachedSlots(kinds);
        this.queue = queue;
        this.opened = opened;
        this.state = state;
        bucketMask = this.kinds.count() / BUCKET_SLOTS - 1;
        openedAt = opened.address();
        epochAt = state.address() + CachedFlowLayout.STATE_EPOCH;
    }

    /** Openings that no program reads. */
    static FlowOpenings inMemory(final FlowQueue queue) {
        final Arena arena = Arena.ofAuto();
        return new FlowOpenings(arena.allocate((long)BUCKET_SLOTS * CachedFlowLayout.SLOT_SIZE, Long.BYTES), queue,
            arena.allocate(CachedFlowLayout.OPENED_SIZE, Long.BYTES),
            arena.allocate(CachedFlowLayout.STATE_SIZE, Long.BYTES));
    }

    /**
     * The epoch now. What is read of policy, routes and endpoints after this call is of this epoch or a later one.
     *
     * @return its number.
     */
    public int epoch() {
        return UnsafeApi.getIntAcquire(null, epochAt);
    }

    /** Whether a kind may hold in an epoch, after another one has begun. Any thread. */
    boolean hasOf(final int epoch) {
        return epochInUse == epoch;
    }

    /**
     * Has the programs open connections of a kind.
     *
     * @param way the entry of a first packet of that kind, whatever its source port.
     * @param reply of the answers: interface, action, target and size are read.
     * @param epoch that all of it is of; never an older one than before.
     */
    public void put(final CachedFlowSpec way, final CachedFlowSpec reply, final int epoch) {
        if (epoch != epochInUse) {
            /* Before the kind can be seen: who begins another epoch then knows that it must wait. */
            epochInUse = epoch;
        }
        key.set(way);
        key.ports &= PORT_MASK;
        final int home = CachedSlots.home(key, queue, bucketMask);
        key.protocol |= CachedFlowLayout.OPENING_OF;
        final int slot = place(home, epoch);
        final long at = kinds.at(slot);
        kinds.beginWrite(at);
        kinds.fill(at, key);
        UnsafeApi.putByte(at + CachedFlowLayout.REPLY_ACTION, (byte)reply.action);
        UnsafeApi.putInt(at + CachedFlowLayout.REPLY_INGRESS_IFINDEX, reply.ingressIfindex);
        UnsafeApi.putInt(at + CachedFlowLayout.REPLY_TARGET_IFINDEX, reply.targetIfindex);
        UnsafeApi.putInt(at + CachedFlowLayout.REPLY_MTU, reply.mtu);
        UnsafeApi.putInt(at + CachedFlowLayout.EPOCH, epoch);
        kinds.endWrite(at);
    }

    /** Where the same kind is, or a place that is free or outdated, or else another's. */
    private int place(final int home, final int epoch) {
        int outdated = NONE;
        for (int slot = home; slot < home + BUCKET_SLOTS; slot++) {
            if (kinds.isOf(slot, key)) {
                return slot;
            }
            if (!kinds.isUsed(slot) || UnsafeApi.getInt(kinds.at(slot) + CachedFlowLayout.EPOCH) != epoch) {
                outdated = slot;
            }
        }
        return outdated == NONE ? home + (nextVictim++ & BUCKET_SLOTS - 1) : outdated;
    }

    /**
     * The next connection that a program has opened.
     *
     * @return slot of its first packet's direction in the part of the cache; it may be another's by now
     *     ({@link FlowCachePart#isOpened}). {@link FlowCachePart#NONE} for none.
     */
    public int take() {
        final long taken = UnsafeApi.getLong(openedAt + CachedFlowLayout.OPENED_TAKEN);
        final long place = placeAt(taken);
        final int slotPlusOne = UnsafeApi.getIntAcquire(null, place);
        if (slotPlusOne == 0) {
            return NONE;
        }
        UnsafeApi.putInt(place, 0);
        UnsafeApi.putLongRelease(null, openedAt + CachedFlowLayout.OPENED_TAKEN, taken + 1);
        return slotPlusOne - 1;
    }

    /**
     * What {@link #take} will give after some others.
     *
     * @param ahead how many others, less than {@link CachedFlowLayout#OPENED_MAX}.
     * @return as {@link #take}; {@link FlowCachePart#NONE} also while a program has yet to write that place.
     */
    int peek(final int ahead) {
        return UnsafeApi.getIntAcquire(
            null, placeAt(UnsafeApi.getLong(openedAt + CachedFlowLayout.OPENED_TAKEN) + ahead)) - 1;
    }

    /**
     * Whether programs have opened connections that nobody has taken.
     *
     * @return a hint: false also while a program has yet to write the next place.
     */
    public boolean hasOpened() {
        return peek(0) != NONE;
    }

    /**
     * How many connections programs have opened that nobody has taken.
     *
     * @return about so many.
     */
    public int openedCount() {
        return (int)(UnsafeApi.getLongOpaque(null, openedAt + CachedFlowLayout.OPENED_NOTED)
            - UnsafeApi.getLong(openedAt + CachedFlowLayout.OPENED_TAKEN));
    }

    private long placeAt(final long position) {
        return openedAt + CachedFlowLayout.OPENED_SLOTS + (position & CachedFlowLayout.OPENED_MAX - 1) * Integer.BYTES;
    }

    /**
     * Forgets the list, as an earlier process has left it; what it names is found in the table. No program adds to it
     * meanwhile.
     */
    void forgetOpened() {
        opened.asSlice(CachedFlowLayout.OPENED_SLOTS).fill((byte)0);
        UnsafeApi.putLongRelease(null, openedAt + CachedFlowLayout.OPENED_TAKEN,
            UnsafeApi.getLong(openedAt + CachedFlowLayout.OPENED_NOTED));
    }
}
