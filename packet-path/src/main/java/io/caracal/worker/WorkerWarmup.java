package io.caracal.worker;

import io.caracal.burst.PacketBurst;
import io.caracal.port.LoopbackPort;
import io.caracal.port.PortSpec;
import io.caracal.port.PuntPort;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Runs the packet path on synthetic packets until the just-in-time compiler has done its work, before a live socket is
 * bound: the first hundreds of packets take tens of microseconds each in the interpreter.
 *
 * <p>What runs is the real path, class for class: worker, stages, punt port, rings; only the system calls are missing.
 * On the calling thread, with the frames of the pool that the real worker uses afterwards; all are back at the end.
 * The stages keep what the packets taught them, and frames of packets that wait: make them for this, and
 * {@link #end}.</p>
 */
public final class WorkerWarmup {
    private static final int RING_DEPTH = 256;

    private final FramePool pool;
    private final UnsafeBuffer umem;
    private final PacketStage chain;

    /**
     * Prepares to warm a chain of stages up.
     *
     * @param pool the frames of the worker that does not run yet.
     * @param umem the region they are of.
     * @param chain the stages.
     */
    public WorkerWarmup(final FramePool pool, final UnsafeBuffer umem, final PacketStage chain) {
        this.pool = pool;
        this.umem = umem;
        this.chain = chain;
    }

    /**
     * Runs full burst cycles.
     *
     * @param frames makes the packets.
     * @param cycleCount cycles of {@link PacketBurst#MAX_PACKETS} packets; some 3000 reach the optimising compiler.
     * @return what the cycles counted, for the caller to see that the packets went the way they should.
     * @throws IllegalStateException if a frame did not come back.
     */
    public WorkerCounters run(final FrameSource frames, final int cycleCount) {
        final int ownCount = ownCount();
        final WorkerCounters counters = new WorkerCounters();
        final PacketWorker worker = new PacketWorker(WorkerConfig.of(0), pool, umem, chain, counters);
        final LoopbackPort loopback = new LoopbackPort(
            new PortSpec("warm-up", PuntPort.EGRESS_ACTIONS, Umem.MAX_PACKET_LENGTH), pool, umem, RING_DEPTH);
        worker.addPort(new PuntPort(loopback.port()));
        try {
            /* An empty cycle first: it fills the fill ring. */
            worker.doWork();
            final UnsafeBuffer packet = new UnsafeBuffer(new byte[Umem.MAX_PACKET_LENGTH]);
            for (int cycle = 0; cycle < cycleCount; cycle++) {
                for (int n = 0; n < PacketBurst.MAX_PACKETS; n++) {
                    loopback.receive(packet, 0, frames.nextFrame(packet, 0, packet.capacity()));
                }
                worker.doWork();
            }
        } finally {
            worker.onClose();
        }
        if (ownCount() != ownCount) {
            throw new IllegalStateException("warm-up of the packet path lost frames: " + pool.ledger());
        }
        return counters;
    }

    private int ownCount() {
        return pool.freeCount() + pool.ledger().count(FrameLedger.HELD);
    }

    /** Takes back the frames that the stages hold, such as fragments that wait: the stages are not used any more. */
    public void end() {
        pool.recover(FrameLedger.HELD);
    }
}
