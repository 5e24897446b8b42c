package io.caracal.perf;

import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the rings cost a frame, in bursts of 64, with both sides on one thread: the engine's work without the kernel's.
 *
 * <p>You should see: a descriptor from producer to consumer in 2 to 4 ns, the bar is 5; the whole way of a frame (pool,
 * fill ring, receive ring, transmit ring, completion ring, pool, each move in the ledger) below 20 ns; 0 bytes
 * allocated per operation with {@code -prof gc}. One operation is one frame.</p>
 *
 * <p>Run by {@code ./caracal bench rings}.</p>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED"})
public class RingBenchmark {
    private static final int BURST = 64;
    private static final int DEPTH = 2048;
    private static final int FRAMES = 4096;
    private static final int PACKET_LENGTH = 64;

    private final RingMemory fillMemory = RingMemory.allocate(DEPTH, RingMemory.ADDRESS_SIZE);
    private final RingMemory rxMemory = RingMemory.allocate(DEPTH, RingMemory.DESCRIPTOR_SIZE);
    private final RingMemory txMemory = RingMemory.allocate(DEPTH, RingMemory.DESCRIPTOR_SIZE);
    private final RingMemory completionMemory = RingMemory.allocate(DEPTH, RingMemory.ADDRESS_SIZE);
    private final FillRing fill = new FillRing(fillMemory);
    private final RxRing rx = new RxRing(rxMemory);
    private final TxRing tx = new TxRing(txMemory);
    private final CompletionRing completion = new CompletionRing(completionMemory);
    /* The kernel's sides of the same rings. */
    private final CompletionRing fillTaken = new CompletionRing(fillMemory);
    private final TxRing rxGiven = new TxRing(rxMemory);
    private final RxRing txTaken = new RxRing(txMemory);
    private final FillRing completionGiven = new FillRing(completionMemory);
    private final FrameLedger ledger = new FrameLedger(FRAMES);
    private final FramePool pool = new FramePool(ledger, 0, FRAMES);
    private final int port = ledger.addPort();

    /** Made by the harness. */
    public RingBenchmark() {
    }

    /**
     * 64 descriptors: reserve, fill in, submit; peek, read, release.
     *
     * @return something that depends on every descriptor.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long roundTrip() {
        tx.reserve(BURST);
        for (int entry = 0; entry < BURST; entry++) {
            tx.putDescriptor(entry, Umem.addressOf(entry), PACKET_LENGTH, 0);
        }
        tx.submit(BURST);
        long sum = 0;
        final int count = txTaken.peek(BURST);
        for (int entry = 0; entry < count; entry++) {
            sum += txTaken.address(entry) + txTaken.length(entry);
        }
        txTaken.release(count);
        return sum;
    }

    /**
     * 64 frames all the way round: pool, fill, receive, transmit, completion, pool.
     *
     * @return free frames.
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public int frameCycle() {
        refill();
        kernelReceives();
        forward();
        kernelTransmits();
        reclaim();
        return pool.freeCount();
    }

    private void refill() {
        fill.reserve(BURST);
        for (int entry = 0; entry < BURST; entry++) {
            fill.putAddress(entry, pool.take(FrameLedger.fillOf(port)));
        }
        fill.submit(BURST);
    }

    private void kernelReceives() {
        final int count = fillTaken.peek(BURST);
        rxGiven.reserve(count);
        for (int entry = 0; entry < count; entry++) {
            rxGiven.putDescriptor(entry, fillTaken.address(entry) + Umem.RX_HEADROOM, PACKET_LENGTH, 0);
        }
        rxGiven.submit(count);
        fillTaken.release(count);
    }

    private void forward() {
        final int count = rx.peek(BURST);
        tx.reserve(count);
        for (int entry = 0; entry < count; entry++) {
            final long address = rx.address(entry);
            ledger.move(Umem.frameOf(address), FrameLedger.fillOf(port), FrameLedger.txOf(port));
            tx.putDescriptor(entry, address, rx.length(entry), 0);
        }
        tx.submit(count);
        rx.release(count);
    }

    private void kernelTransmits() {
        final int count = txTaken.peek(BURST);
        completionGiven.reserve(count);
        for (int entry = 0; entry < count; entry++) {
            completionGiven.putAddress(entry, txTaken.address(entry));
        }
        completionGiven.submit(count);
        txTaken.release(count);
    }

    private void reclaim() {
        final int count = completion.peek(BURST);
        for (int entry = 0; entry < count; entry++) {
            pool.give(completion.address(entry), FrameLedger.txOf(port));
        }
        completion.release(count);
    }
}
