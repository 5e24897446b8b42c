package io.caracal.control.fuzz;

import io.caracal.control.felix.FelixBytes;
import java.io.IOException;

/**
 * Jazzer's target: whatever bytes come in Felix's place, they are taken, or end the connection with a sentence; the
 * next good stream brings everything to its state.
 */
public final class FelixStreamTarget {
    private static final HeapWatch HEAP = new HeapWatch();
    private static final FelixBytes FELIX = FelixBytes.ofGoodStream();

    private FelixStreamTarget() {
    }

    /** Called by Jazzer for each case. */
    public static void fuzzerTestOneInput(final byte[] input) throws IOException {
        FELIX.feedThenRecover(input);
        HEAP.onCase();
    }
}
