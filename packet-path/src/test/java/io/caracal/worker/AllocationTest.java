package io.caracal.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.port.FaultInjectingPort;
import io.caracal.port.FaultSpec;
import io.caracal.port.LoopbackPort;
import io.caracal.port.PathFixture;
import io.caracal.port.PuntPort;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class AllocationTest {
    private static final int WARM_UP_CYCLES = 20_000;
    private static final int MEASURED_CYCLES = 20_000;
    private static final int WINDOWS = 5;
    private static final long COMPILED_NS_MAX = 30_000_000_000L;

    private final PathFixture path = new PathFixture(1024);

    private static void decide(final PacketBurst burst, final long nowNs) {
        for (int row = 0; row < burst.count; row++) {
            if (row % 8 == 7) {
                burst.drop(row, DropReason.LINK_LOCAL);
            } else {
                burst.transmit(row, EgressAction.TO_WORKLOAD, 3);
            }
        }
    }

    @Test
    void shouldAllocateNothingInABurstCycle() {
        final LoopbackPort plain = path.loopback("plain", 128);
        final LoopbackPort faulty = path.loopback("faulty", 128);
        final WorkerCounters counters = new WorkerCounters();
        final PacketWorker worker =
            new PacketWorker(WorkerConfig.of(0), path.pool, path.umem, AllocationTest::decide, counters);
        worker.addPort(new PuntPort(plain.port()));
        worker.addPort(new FaultInjectingPort(faulty.port(), path.pool,
            new FaultSpec(10_000, 10_000, 10_000, 10_000, 10_000, 10_000), 1));
        final UnsafeBuffer packet = PathFixture.packet(1, 64);
        run(worker, plain, faulty, packet, WARM_UP_CYCLES);
        final AllocationProbe probe = new AllocationProbe(Thread.currentThread().threadId());
        // What the virtual machine itself books on a thread, once, as when compiled code is thrown away, is not the
        // cycle's: a cycle that allocates does so in every window.
        long leastBytes = Long.MAX_VALUE;
        for (int window = 0; window < WINDOWS && leastBytes > 0; window++) {
            probe.bytesSinceLast();
            run(worker, plain, faulty, packet, MEASURED_CYCLES);
            leastBytes = Math.min(leastBytes, probe.bytesSinceLast());
        }
        System.out.println("AllocationTest: at least " + leastBytes + " bytes in " + MEASURED_CYCLES + " cycles, "
            + counters.rxPackets() + " packets");
        assertEquals(0, leastBytes);
        assertTrue(counters.txPackets() > MEASURED_CYCLES);
    }

    private static void run(final PacketWorker worker, final LoopbackPort plain, final LoopbackPort faulty,
                            final UnsafeBuffer packet, final int cycleCount) {
        for (int cycle = 0; cycle < cycleCount; cycle++) {
            for (int n = 0; n < 20; n++) {
                plain.receive(packet, 0, 64);
                faulty.receive(packet, 0, 64);
            }
            worker.doWork();
        }
    }

    @Test
    void shouldSeeWhatAThreadAllocates() {
        final AllocationProbe probe = new AllocationProbe(Thread.currentThread().threadId());
        probe.bytesSinceLast();
        final byte[] bytes = new byte[100_000];
        assertTrue(probe.bytesSinceLast() >= bytes.length);
    }

    @Test
    void shouldWarmUpAndGiveEveryFrameBack() {
        final int freeCount = path.pool.freeCount();
        final WorkerCounters counters = new WorkerWarmup(path.pool, path.umem, AllocationTest::decide)
            .run((buffer, offset, maxLength) -> {
                buffer.setMemory(offset, 60, (byte)1);
                return 60;
            }, 500);
        assertEquals(500 * 64, counters.rxPackets());
        assertEquals(500 * 56, counters.txPackets(EgressAction.TO_WORKLOAD));
        assertEquals(500 * 8, counters.drops(DropReason.LINK_LOCAL));
        assertEquals(freeCount, path.pool.freeCount());
    }

    @Test
    void shouldAllocateNothingForSystemCallsAfterTheirWarmUp() {
        SystemCallWarmup.run(SystemCallWarmup.CALL_COUNT);
        final long deadlineNs = System.nanoTime() + COMPILED_NS_MAX;
        long moreBytes;
        // A busy machine compiles later; what allocates when compiled does so in every window.
        do {
            moreBytes = bytesOfCalls(MEASURED_CYCLES) - bytesOfCalls(0);
        } while (moreBytes > 0 && System.nanoTime() < deadlineNs);
        assertTrue(moreBytes <= 0, moreBytes + " bytes more for " + MEASURED_CYCLES + " calls than for none");
    }

    private static long bytesOfCalls(final int callCount) {
        final AllocationProbe probe = new AllocationProbe(Thread.currentThread().threadId());
        SystemCallWarmup.run(callCount);
        return probe.bytesSinceLast();
    }
}
