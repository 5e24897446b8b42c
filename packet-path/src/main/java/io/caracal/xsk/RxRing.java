package io.caracal.xsk;

import org.agrona.UnsafeApi;

/** Received packets, kernel to user. Consumer's side: one thread, the worker's. */
public final class RxRing extends ConsumerRing {
    /**
     * The consuming side of ring memory.
     *
     * @param memory entries of {@link RingMemory#DESCRIPTOR_SIZE}.
     */
    public RxRing(final RingMemory memory) {
        super(memory, RingMemory.DESCRIPTOR_SIZE);
    }

    /**
     * Where the packet of an entry of the latest peek begins.
     *
     * @param entry from 0.
     * @return offset in the region.
     */
    public long address(final int entry) {
        return UnsafeApi.getLong(base, position(entry));
    }

    /**
     * How long the packet of an entry of the latest peek is.
     *
     * @param entry from 0.
     * @return bytes.
     */
    public int length(final int entry) {
        return UnsafeApi.getInt(base, position(entry) + TxRing.LENGTH_OFFSET);
    }

    /**
     * Options of an entry of the latest peek: {@code XDP_PKT_CONTD} if the packet goes on in the next one.
     *
     * @param entry from 0.
     * @return bits.
     */
    public int options(final int entry) {
        return UnsafeApi.getInt(base, position(entry) + TxRing.OPTIONS_OFFSET);
    }

    private long position(final int entry) {
        return entriesAddress + (long)slot(entry) * RingMemory.DESCRIPTOR_SIZE;
    }
}
