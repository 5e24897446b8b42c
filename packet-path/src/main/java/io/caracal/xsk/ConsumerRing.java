package io.caracal.xsk;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * The consuming side of a ring, with libxdp's verbs: {@link #peek} at entries, read them, {@link #release} them.
 *
 * <p>One thread at a time. Indices are 32 bit and run freely (see {@link ProducerRing}). The producer's index is read
 * only when the copy kept here says that nothing is there.</p>
 */
public abstract sealed class ConsumerRing permits CompletionRing, RxRing {
    /** What {@link #entriesAddress} is relative to: null for memory outside the heap. */
    final byte[] base;
    /** Where the first entry is, for {@link org.agrona.UnsafeApi}. */
    final long entriesAddress;

    private final UnsafeBuffer buffer;
    private final int mask;
    private final int producerOffset;
    private final int consumerOffset;
    private int cachedProducerIndex;
    private int releasedIndex;
    private int peekedIndex;
    private int firstPeekedIndex;

    ConsumerRing(final RingMemory memory, final int entrySize) {
        buffer = memory.buffer();
        mask = memory.depth() - 1;
        producerOffset = memory.layout().producerOffset();
        consumerOffset = memory.layout().consumerOffset();
        base = buffer.byteArray();
        entriesAddress = memory.entriesAddress(entrySize);
        releasedIndex = buffer.getInt(consumerOffset);
        peekedIndex = releasedIndex;
        cachedProducerIndex = releasedIndex;
    }

    /**
     * Looks at the next entries that were not peeked at before. They are numbered from 0 for the methods that read
     * them.
     *
     * @param atMost how many are wanted.
     * @return how many there are; 0 if none.
     */
    public final int peek(final int atMost) {
        int availableCount = cachedProducerIndex - peekedIndex;
        if (availableCount == 0) {
            /* Acquire: whoever sees the new index must also see the entries before it. */
            cachedProducerIndex = buffer.getIntAcquire(producerOffset);
            availableCount = cachedProducerIndex - peekedIndex;
        }
        final int count = Math.min(availableCount, atMost);
        firstPeekedIndex = peekedIndex;
        peekedIndex += count;
        return count;
    }

    /**
     * Takes the last entries peeked at back: the next peek shows them again.
     *
     * @param count entries.
     */
    public final void cancel(final int count) {
        assert count >= 0 && count <= peekedIndex - releasedIndex : count;
        peekedIndex -= count;
    }

    /**
     * Gives the oldest entries peeked at back to the producer; they must not be read any more.
     *
     * @param count entries.
     */
    public final void release(final int count) {
        assert count >= 0 && count <= peekedIndex - releasedIndex : count;
        releasedIndex += count;
        /* Release: our reads of the entries are done before the producer may overwrite them. */
        buffer.putIntRelease(consumerOffset, releasedIndex);
    }

    /**
     * Entries that were submitted and not peeked at.
     *
     * @return 0 .. depth.
     */
    public final int availableCount() {
        cachedProducerIndex = buffer.getIntAcquire(producerOffset);
        return cachedProducerIndex - peekedIndex;
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
     * The slot of an entry of the latest peek.
     *
     * @param entry from 0.
     * @return 0 .. depth - 1.
     */
    final int slot(final int entry) {
        return firstPeekedIndex + entry & mask;
    }
}
