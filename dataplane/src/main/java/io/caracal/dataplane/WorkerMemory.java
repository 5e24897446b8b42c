package io.caracal.dataplane;

import java.util.function.IntSupplier;

/**
 * Packet memory that a worker needs beside the punt pair's rings.
 *
 * @param uplinkFrameCount frames for its sockets on uplinks; asked of the kernel, so not before they are needed.
 * @param blockCount blocks of frames for packets that are longer than one; 0 where no link carries such.
 */
record WorkerMemory(IntSupplier uplinkFrameCount, int blockCount) {
    /** 2 MB a packet's way long: what a window of TCP in flight to a slow pod holds. */
    static final int BLOCKS_FOR_JUMBO = 256;
}
