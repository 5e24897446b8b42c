package io.caracal.stress;

import io.caracal.xsk.RingLayout;
import io.caracal.xsk.RingMemory;
import org.agrona.concurrent.UnsafeBuffer;

/** Ring memory on the heap: a stress test makes millions of them, and direct memory is slow to make and to free. */
final class HeapRing {
    private HeapRing() {
    }

    static RingMemory of(final int depth, final int entrySize) {
        final RingLayout layout = RingLayout.IN_MEMORY;
        return new RingMemory(new UnsafeBuffer(new byte[layout.entriesOffset() + depth * entrySize]), layout, depth);
    }
}
