package io.caracal.xsk;

import org.agrona.UnsafeApi;

/** Empty frames to receive into, user to kernel. Producer's side: one thread, the worker's. */
public final class FillRing extends ProducerRing {
    /**
     * The producing side of ring memory.
     *
     * @param memory entries of {@link RingMemory#ADDRESS_SIZE}.
     */
    public FillRing(final RingMemory memory) {
        super(memory, RingMemory.ADDRESS_SIZE);
    }

    /**
     * Fills an entry of the latest reservation in.
     *
     * @param entry from 0.
     * @param frameAddress any address in the frame: the kernel masks it (aligned chunks).
     */
    public void putAddress(final int entry, final long frameAddress) {
        UnsafeApi.putLong(base, entriesAddress + (long)slot(entry) * RingMemory.ADDRESS_SIZE, frameAddress);
    }
}
