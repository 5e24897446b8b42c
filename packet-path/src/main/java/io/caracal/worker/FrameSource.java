package io.caracal.worker;

import org.agrona.MutableDirectBuffer;

/** Makes packets that never were on a network, to warm the code up with. */
@FunctionalInterface
public interface FrameSource {
    /**
     * Writes the next packet, from its Ethernet header on.
     *
     * @param buffer to write to.
     * @param offset of the first byte.
     * @param maxLength bytes there is room for.
     * @return the packet's length, at least 1.
     */
    int nextFrame(MutableDirectBuffer buffer, int offset, int maxLength);
}
