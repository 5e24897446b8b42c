package io.caracal.port;

import org.agrona.DirectBuffer;

/** Where a {@link LoopbackPort} puts what its port transmits. Called by the worker's thread, within its kick. */
@FunctionalInterface
public interface FrameSink {
    /**
     * Takes one packet; its bytes are the frame's and only valid during the call.
     *
     * @param buffer holds the packet.
     * @param offset of its first byte.
     * @param length its bytes.
     */
    void onFrame(DirectBuffer buffer, int offset, int length);
}
