package io.caracal.port;

import io.caracal.bindings.AfXdp;
import io.caracal.bindings.Errno;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingDriver;
import io.caracal.xsk.RingLayout;
import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import io.caracal.xsk.XskRings;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A port without a kernel: the real {@link XskPort} over rings in memory, and this as their other side. Behaves as a
 * copy-mode socket does: transmits at most 32 packets a call and says EAGAIN while some are left, drops what it
 * receives when the fill ring is empty or the receive ring full, completes what it has transmitted.
 *
 * <p>{@link #port()} belongs to the worker. {@link #receive} may be another thread, but one only: then that thread is
 * the network (two joined ports: the other's worker). For tests, warm-up and benchmarks.</p>
 *
 * <pre>{@code
 * final LoopbackPort loopback = new LoopbackPort(spec, pool, umem, 256);
 * loopback.onTransmit((buffer, offset, length) -> sent.add(copyOf(buffer, offset, length)));
 * loopback.receive(packet, 0, packet.capacity());
 * worker.doWork();
 * }</pre>
 */
public final class LoopbackPort implements RingDriver {
    private static final int TX_BATCH = 32;

    private final UnsafeBuffer umem;
    private final CompletionRing fillSide;
    private final FillRing completionSide;
    private final TxRing rxSide;
    private final RxRing txSide;
    private final XskPort port;
    private FrameSink sink = (buffer, offset, length) -> { };
    private volatile boolean unplugged;
    private long fillEmptyCount;
    private long rxRingFullCount;
    private long rxDroppedCount;

    /**
     * Makes a port and its other side.
     *
     * @param spec what the port is for.
     * @param pool the worker's free frames.
     * @param umem the region they are of.
     * @param depth entries of each ring, a power of two.
     */
    public LoopbackPort(final PortSpec spec, final FramePool pool, final UnsafeBuffer umem, final int depth) {
        this.umem = umem;
        final RingMemory fill = RingMemory.allocate(depth, RingMemory.ADDRESS_SIZE);
        final RingMemory completion = RingMemory.allocate(depth, RingMemory.ADDRESS_SIZE);
        final RingMemory rx = RingMemory.allocate(depth, RingMemory.DESCRIPTOR_SIZE);
        final RingMemory tx = RingMemory.allocate(depth, RingMemory.DESCRIPTOR_SIZE);
        /* As in copy mode, where the kernel never transmits by itself. */
        tx.buffer().putIntRelease(RingLayout.IN_MEMORY.flagsOffset(), AfXdp.XDP_RING_NEED_WAKEUP);
        fillSide = new CompletionRing(fill);
        completionSide = new FillRing(completion);
        rxSide = new TxRing(rx);
        txSide = new RxRing(tx);
        port = new XskPort(spec,
            new XskRings(new FillRing(fill), new CompletionRing(completion), new RxRing(rx), new TxRing(tx)),
            this, pool);
    }

    /**
     * Makes each of two ports receive what the other transmits, like the ends of a veth pair.
     *
     * @param left one end.
     * @param right the other end.
     */
    public static void join(final LoopbackPort left, final LoopbackPort right) {
        left.onTransmit(right::receive);
        right.onTransmit(left::receive);
    }

    /**
     * The worker's side.
     *
     * @return the port, to be given to a worker.
     */
    public XskPort port() {
        return port;
    }

    /**
     * Sets where transmitted packets go; without it they go nowhere. Before the worker runs.
     *
     * @param frameSink gets them.
     */
    public void onTransmit(final FrameSink frameSink) {
        sink = frameSink;
    }

    /**
     * Receives one packet, as if it had come from the network.
     *
     * @param packet holds it.
     * @param offset of its first byte.
     * @param length its bytes.
     * @return false if it was dropped: too long for a frame, no empty frame, or no room in the receive ring.
     */
    public boolean receive(final DirectBuffer packet, final int offset, final int length) {
        if (length > Umem.MAX_PACKET_LENGTH || unplugged) {
            rxDroppedCount++;
            return false;
        }
        if (fillSide.peek(1) == 0) {
            fillEmptyCount++;
            return false;
        }
        if (rxSide.reserve(1) == 0) {
            fillSide.cancel(1);
            rxRingFullCount++;
            return false;
        }
        final long frameAddress = Umem.addressOf(Umem.frameOf(fillSide.address(0)));
        final long address = frameAddress + Umem.RX_HEADROOM;
        umem.putBytes((int)address, packet, offset, length);
        rxSide.putDescriptor(0, address, length, 0);
        rxSide.submit(1);
        fillSide.release(1);
        return true;
    }

    @Override
    public int wakeTransmit() {
        if (unplugged) {
            return Errno.ENXIO;
        }
        final int count = Math.min(txSide.peek(TX_BATCH), TX_BATCH);
        final int roomCount = completionSide.reserve(completionSide.room(count));
        txSide.cancel(count - roomCount);
        for (int entry = 0; entry < roomCount; entry++) {
            final long address = txSide.address(entry);
            sink.onFrame(umem, (int)address, txSide.length(entry));
            completionSide.putAddress(entry, address);
        }
        txSide.release(roomCount);
        completionSide.submit(roomCount);
        return txSide.availableCount() > 0 ? Errno.EAGAIN : 0;
    }

    @Override
    public void wakeFill() {
        // The other side looks at the fill ring by itself.
    }

    @Override
    public int pollFd() {
        return -1;
    }

    /**
     * Takes the interface away: from now on every call says ENXIO, as the kernel does after its removal. Any thread.
     */
    public void unplug() {
        unplugged = true;
    }

    @Override
    public void close() {
        unplugged = true;
    }

    /**
     * Packets dropped because the port had given no empty frame.
     *
     * @return {@code rx_fill_ring_empty_descs} of a socket.
     */
    public long fillEmptyCount() {
        return fillEmptyCount;
    }

    /**
     * Packets dropped because the port had not taken those before.
     *
     * @return {@code rx_ring_full} of a socket.
     */
    public long rxRingFullCount() {
        return rxRingFullCount;
    }

    /**
     * Packets dropped because no frame can hold them, or after {@link #unplug()}.
     *
     * @return {@code rx_dropped} of a socket.
     */
    public long rxDroppedCount() {
        return rxDroppedCount;
    }
}
