package io.caracal.port;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A network that loses, doubles, damages, cuts and reorders packets, before any other port. The same seed and traffic
 * give the same faults. Each is counted. The worker's thread, as {@link PacketPort} says.
 */
public final class FaultInjectingPort extends DecoratedPort {
    private final FramePool pool;
    private final FaultSpec spec;
    private final SplittableRandom random;
    private final CounterBlock counters = CounterBlock.allocate(Fault.values().length);

    /**
     * Stands before a port.
     *
     * @param delegate the port behind; closed with this one.
     * @param pool gives frames for duplicates: the worker's.
     * @param spec how often what happens.
     * @param seed for the random numbers; print it.
     */
    public FaultInjectingPort(final PacketPort delegate, final FramePool pool, final FaultSpec spec, final long seed) {
        super(delegate);
        this.pool = pool;
        this.spec = spec;
        random = new SplittableRandom(seed);
    }

    @Override
    public int rxBurst(final PacketBurst burst) {
        final int firstRow = burst.count;
        final int receivedCount = super.rxBurst(burst);
        final int endRow = firstRow + receivedCount;
        for (int row = firstRow; row < endRow; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED) {
                disturb(burst, row, firstRow);
            }
        }
        return burst.count - firstRow;
    }

    private void disturb(final PacketBurst burst, final int row, final int firstRow) {
        if (happens(spec.lossPpm())) {
            burst.drop(row, DropReason.FAULT_INJECTED);
            count(Fault.LOSS);
            return;
        }
        if (happens(spec.duplicationPpm())) {
            duplicate(burst, row);
        }
        if (happens(spec.bitFlipPpm())) {
            flipBit(burst, row);
        }
        if (happens(spec.truncationPpm())) {
            burst.length(row, 1 + random.nextInt(burst.length(row)));
            count(Fault.TRUNCATION);
        }
        if (happens(spec.reorderingPpm())) {
            swap(burst, row, firstRow + random.nextInt(row - firstRow + 1));
        }
    }

    private void duplicate(final PacketBurst burst, final int row) {
        if (burst.count == PacketBurst.MAX_PACKETS) {
            return;
        }
        final long frameAddress = pool.take(FrameLedger.BURST);
        if (frameAddress == FramePool.EMPTY) {
            return;
        }
        final int length = Math.min(burst.length(row), Umem.MAX_PACKET_LENGTH);
        final long address = frameAddress + Umem.RX_HEADROOM;
        burst.umem().putBytes((int)address, burst.umem(), burst.offset(row), length);
        burst.add(address, length);
        count(Fault.DUPLICATION);
    }

    private void flipBit(final PacketBurst burst, final int row) {
        final UnsafeBuffer umem = burst.umem();
        final int bit = random.nextInt(burst.length(row) * Byte.SIZE);
        final int offset = burst.offset(row) + (bit >>> 3);
        umem.putByte(offset, (byte)(umem.getByte(offset) ^ 1 << (bit & 7)));
        count(Fault.BIT_FLIP);
    }

    private void swap(final PacketBurst burst, final int row, final int other) {
        if (row == other || burst.verdict(other) != Verdict.UNDECIDED) {
            return;
        }
        final long address = burst.frameAddress(row);
        final int length = burst.length(row);
        burst.frameAddress(row, burst.frameAddress(other));
        burst.length(row, burst.length(other));
        burst.frameAddress(other, address);
        burst.length(other, length);
        count(Fault.REORDERING);
    }

    @Override
    public int txBurst(final PacketBurst burst) {
        for (int row = 0; row < burst.count; row++) {
            if (burst.verdict(row) == Verdict.TRANSMIT && happens(spec.txFullPpm())) {
                burst.drop(row, DropReason.TX_RING_FULL);
                count(Fault.TX_FULL);
            }
        }
        return super.txBurst(burst);
    }

    /**
     * How often something was done. Any thread.
     *
     * @param fault what.
     * @return packets.
     */
    public long countOf(final Fault fault) {
        return counters.get(fault.ordinal());
    }

    private boolean happens(final int ppm) {
        return ppm > 0 && random.nextInt(FaultSpec.ALWAYS_PPM) < ppm;
    }

    private void count(final Fault fault) {
        counters.add(fault.ordinal(), 1);
    }
}
