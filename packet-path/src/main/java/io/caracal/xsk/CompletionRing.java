package io.caracal.xsk;

import org.agrona.UnsafeApi;

/**
 * Frames whose transmission is done, kernel to user, in no particular order. Consumer's side: one thread, the worker's.
 */
public final class CompletionRing extends ConsumerRing {
    /**
     * The consuming side of ring memory.
     *
     * @param memory entries of {@link RingMemory#ADDRESS_SIZE}.
     */
    public CompletionRing(final RingMemory memory) {
        super(memory, RingMemory.ADDRESS_SIZE);
    }

    /**
     * The address of an entry of the latest peek.
     *
     * @param entry from 0.
     * @return what the transmit descriptor said. NB: not to be trusted, since 6.18 completes even an address outside
     *     the region.
     */
    public long address(final int entry) {
        return UnsafeApi.getLong(base, entriesAddress + (long)slot(entry) * RingMemory.ADDRESS_SIZE);
    }
}
