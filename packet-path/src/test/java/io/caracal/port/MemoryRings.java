package io.caracal.port;

import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingDriver;
import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import io.caracal.xsk.XskRings;

/** Four rings in plain memory, whose other side a test is. */
abstract class MemoryRings implements RingDriver {
    final RingMemory fillMemory;
    final RingMemory completionMemory;
    final RingMemory rxMemory;
    final RingMemory txMemory;
    /** The kernel's sides of the fill and the receive ring. */
    final CompletionRing fill;
    final TxRing rx;

    MemoryRings(final int depth) {
        fillMemory = RingMemory.allocate(depth, RingMemory.ADDRESS_SIZE);
        completionMemory = RingMemory.allocate(depth, RingMemory.ADDRESS_SIZE);
        rxMemory = RingMemory.allocate(depth, RingMemory.DESCRIPTOR_SIZE);
        txMemory = RingMemory.allocate(depth, RingMemory.DESCRIPTOR_SIZE);
        fill = new CompletionRing(fillMemory);
        rx = new TxRing(rxMemory);
    }

    /** The port's sides. */
    final XskRings rings() {
        return new XskRings(new FillRing(fillMemory), new CompletionRing(completionMemory), new RxRing(rxMemory),
            new TxRing(txMemory));
    }

    final void receive(final long address, final int length, final int options) {
        rx.reserve(1);
        rx.putDescriptor(0, address, length, options);
        rx.submit(1);
    }

    @Override
    public void wakeFill() {
    }

    @Override
    public int pollFd() {
        return -1;
    }

    @Override
    public void close() {
    }
}
