package io.caracal.port;

import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import org.agrona.concurrent.UnsafeBuffer;
import java.nio.ByteBuffer;

/** A region, a ledger and a pool in plain memory: what the path needs without a kernel. */
public final class PathFixture {
    /** The egress action that ports of this fixture serve. */
    public static final byte ACTION = 1;

    /** The region. */
    public final UnsafeBuffer umem;
    /** Who holds its frames. */
    public final FrameLedger ledger;
    /** The free ones. */
    public final FramePool pool;

    /**
     * Makes all of it.
     *
     * @param frameCount frames of the region.
     */
    public PathFixture(final int frameCount) {
        umem = new UnsafeBuffer(ByteBuffer.allocateDirect(frameCount * Umem.FRAME_SIZE));
        ledger = new FrameLedger(frameCount);
        pool = new FramePool(ledger, 0, frameCount);
    }

    /**
     * A port of this region.
     *
     * @param name of it.
     * @param depth entries of each ring.
     * @return the port's far side.
     */
    public LoopbackPort loopback(final String name, final int depth) {
        return new LoopbackPort(new PortSpec(name, PortSpec.actions(ACTION), 3520), pool, umem, depth);
    }

    /**
     * A packet that can be told from others.
     *
     * @param number in its first eight bytes.
     * @param length its bytes, at least 8.
     * @return the packet.
     */
    public static UnsafeBuffer packet(final long number, final int length) {
        final UnsafeBuffer packet = new UnsafeBuffer(new byte[length]);
        for (int n = 0; n < length; n++) {
            packet.putByte(n, (byte)(number * 31 + n));
        }
        packet.putLong(0, number);
        return packet;
    }
}
