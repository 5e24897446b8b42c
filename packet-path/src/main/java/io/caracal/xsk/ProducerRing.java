package io.caracal.xsk;

import io.caracal.bindings.AfXdp;
import java.lang.invoke.VarHandle;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The producing side of a ring, with libxdp's verbs: {@link #reserve} entries, fill them in, {@link #submit} them.
 *
 * <p>One thread at a time. Indices are 32 bit and run freely, so the difference of two is right across the wrap at
 * 2<sup>32</sup> and the slot is {@code index & mask}. The consumer's index is read only when the copy kept here says
 * that there is no room: an uncontended burst touches no cache line of the other side.</p>
 */
public abstract sealed class ProducerRing permits FillRing, TxRing {
    /** What {@link #entriesAddress} is relative to: null for memory outside the heap. */
    final byte[] base;
    /** Where the first entry is, for {@link org.agrona.UnsafeApi}. */
    final long entriesAddress;

    private final UnsafeBuffer buffer;
    private final int mask;
    private final int producerOffset;
    private final int consumerOffset;
    private final int flagsOffset;
    private int cachedConsumerIndex;
    private int submittedIndex;
    private int reservedIndex;
    private int reservationIndex;

    ProducerRing(final RingMemory memory, final int entrySize) {
        buffer = memory.buffer();
        mask = memory.depth() - 1;
        producerOffset = memory.layout().producerOffset();
        consumerOffset = memory.layout().consumerOffset();
        flagsOffset = memory.layout().flagsOffset();
        base = buffer.byteArray();
        entriesAddress = memory.entriesAddress(entrySize);
        submittedIndex = buffer.getInt(producerOffset);
        reservedIndex = submittedIndex;
        cachedConsumerIndex = buffer.getIntAcquire(consumerOffset);
    }

    /**
     * Entries that could be reserved.
     *
     * @param atMost how many are wanted.
     * @return that many, or as many as there is room for.
     */
    public final int room(final int atMost) {
        int roomCount = mask + 1 - (reservedIndex - cachedConsumerIndex);
        if (roomCount < atMost) {
            /* Acquire: our writes into entries must not move before the consumer's reads of them. */
            cachedConsumerIndex = buffer.getIntAcquire(consumerOffset);
            roomCount = mask + 1 - (reservedIndex - cachedConsumerIndex);
        }
        return Math.min(roomCount, atMost);
    }

    /**
     * Reserves the next entries, all or none. They are numbered from 0 for the methods that fill them in.
     *
     * @param count entries wanted.
     * @return {@code count}, or 0 if there is no room for all.
     */
    public final int reserve(final int count) {
        if (room(count) < count) {
            return 0;
        }
        reservationIndex = reservedIndex;
        reservedIndex += count;
        return count;
    }

    /**
     * Takes the last entries of the reservation back, unsubmitted.
     *
     * @param count entries.
     */
    public final void cancel(final int count) {
        assert count >= 0 && count <= reservedIndex - submittedIndex : count;
        reservedIndex -= count;
    }

    /**
     * Hands reserved entries to the consumer, in order.
     *
     * @param count entries, all filled in.
     */
    public final void submit(final int count) {
        assert count >= 0 && count <= reservedIndex - submittedIndex : count;
        submittedIndex += count;
        /* Release: whoever sees the new index also sees the entries before it. */
        buffer.putIntRelease(producerOffset, submittedIndex);
    }

    /**
     * Entries that the consumer has not taken yet.
     *
     * @return 0 .. depth.
     */
    public final int pendingCount() {
        cachedConsumerIndex = buffer.getIntAcquire(consumerOffset);
        return submittedIndex - cachedConsumerIndex;
    }

    /**
     * Whether the kernel must be woken by a system call to see submitted entries. To be asked after {@link #submit}.
     *
     * @return whether it sleeps.
     */
    public final boolean needsWakeup() {
        /*
         * The kernel sets the flag and then looks at our index; we have stored the index and look at the flag. Without
         * a full fence both may miss the other's store (zero-copy drivers; in copy mode the flags never change).
         */
        VarHandle.fullFence();
        return (buffer.getIntOpaque(flagsOffset) & AfXdp.XDP_RING_NEED_WAKEUP) != 0;
    }

    /**
     * Entries of the ring.
     *
     * @return a power of two.
     */
    public final int depth() {
        return mask + 1;
    }

    /**
     * The slot of an entry of the latest reservation.
     *
     * @param entry from 0.
     * @return 0 .. depth - 1.
     */
    final int slot(final int entry) {
        return reservationIndex + entry & mask;
    }
}
