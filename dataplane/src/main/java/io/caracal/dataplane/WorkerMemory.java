package io.caracal.dataplane;

import java.util.function.IntSupplier;

import io.caracal.network.NetworkConfig;
import io.caracal.network.NetworkControl;

/**
 * Packet memory that a worker needs beside the punt pair's rings.
 *
 * @param uplinkFrameCount frames for its sockets on uplinks; asked of the kernel, so not before they are needed.
 * @param blockCount blocks of frames for packets that are longer than one; 0 where no link carries such.
 */
record WorkerMemory(IntSupplier uplinkFrameCount, int blockCount) {
    /** 2 MB a packet's way long: what a window of TCP in flight to a slow pod holds. */
    private static final int BLOCKS_FOR_JUMBO = 256;

    /** What the uplinks need, and the punt pair where its packets may have several buffers. */
    static WorkerMemory of(final NetworkConfig network, final boolean isJumbo) {
        return new WorkerMemory(() -> NetworkControl.framesPerWorker(network), isJumbo ? BLOCKS_FOR_JUMBO : 0);
    }
}
