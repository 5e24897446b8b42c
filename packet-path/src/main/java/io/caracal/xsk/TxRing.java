package io.caracal.xsk;

import org.agrona.UnsafeApi;

/** Packets to transmit, user to kernel. Producer's side: one thread, the worker's. */
public final class TxRing extends ProducerRing {
    /** Offset of {@code len} in {@code struct xdp_desc}. */
    static final int LENGTH_OFFSET = 8;
    /** Offset of {@code options} in {@code struct xdp_desc}. */
    static final int OPTIONS_OFFSET = 12;

    /**
     * The producing side of ring memory.
     *
     * @param memory entries of {@link RingMemory#DESCRIPTOR_SIZE}.
     */
    public TxRing(final RingMemory memory) {
        super(memory, RingMemory.DESCRIPTOR_SIZE);
    }

    /**
     * Fills an entry of the latest reservation in.
     *
     * @param entry from 0.
     * @param address where the packet begins, offset in the region; the packet must not cross the end of its frame.
     * @param length its bytes, at least 1.
     * @param options bits of {@code xdp_desc.options}, 0 for a packet in one piece.
     */
    public void putDescriptor(final int entry, final long address, final int length, final int options) {
        final long position = entriesAddress + (long)slot(entry) * RingMemory.DESCRIPTOR_SIZE;
        UnsafeApi.putLong(base, position, address);
        UnsafeApi.putInt(base, position + LENGTH_OFFSET, length);
        UnsafeApi.putInt(base, position + OPTIONS_OFFSET, options);
    }
}
