package io.caracal.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.CpuAffinity;
import io.caracal.bindings.NativeCallException;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.port.LoopbackPort;
import io.caracal.port.OpenDescriptors;
import io.caracal.port.PathFixture;
import io.caracal.port.PortSpec;
import io.caracal.port.VethLab;
import io.caracal.port.XskPort;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.RingDepths;
import io.caracal.xsk.UmemAnchor;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskSocket;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers on threads of their own, over loopback and over real sockets. Needs root. */
@Timeout(60)
class WorkerThreadTest {
    private static final ErrorHandler NO_ERRORS = thrown -> {
        throw new AssertionError("no error is expected", thrown);
    };

    private final PathFixture path = new PathFixture(1024);
    private final LoopbackPort loopback = path.loopback("loop", 128);
    private final WorkerCounters counters = new WorkerCounters();

    private static void sendAll(final PacketBurst burst, final long nowNs) {
        for (int row = 0; row < burst.count; row++) {
            burst.direction(row, (byte)1);
            burst.transmit(row, EgressAction.TO_WORKLOAD, 9);
        }
    }

    private PacketWorker loopbackWorker() {
        final PacketWorker worker =
            new PacketWorker(WorkerConfig.of(0), path.pool, path.umem, WorkerThreadTest::sendAll, counters);
        worker.addPort(loopback.port());
        return worker;
    }

    private static void await(final String what, final BooleanSupplier condition) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadlineNs < 0, "never happened: " + what);
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Test
    void shouldRunPinnedAndEndWithItsFramesBack() throws Exception {
        final AtomicLong threadId = new AtomicLong();
        final WorkerThread thread = WorkerThread.start(new PacketWorker(WorkerConfig.of(0).withCpu(1), path.pool,
            path.umem, WorkerThreadTest::sendAll, counters), NO_ERRORS);
        final List<String> seen = Collections.synchronizedList(new ArrayList<>());
        thread.worker().proxy().submit(worker -> {
            worker.addPort(loopback.port());
            seen.add(Thread.currentThread().getName() + " on " + CpuAffinity.allowed());
            threadId.set(Thread.currentThread().threadId());
        }).get();
        assertEquals(List.of("caracal-worker-0 on {1}"), seen);
        assertTrue(thread.isRunning());
        await("refill", () -> counters.get(WorkerCounter.CYCLES) > 1);
        thread.close();
        assertFalse(thread.isRunning());
        thread.close();
        assertTrue(threadId.get() != Thread.currentThread().threadId());
        assertEquals(1024, path.pool.freeCount());
    }

    @Test
    void shouldRefuseACpuThatDoesNotExist() {
        final PacketWorker worker = new PacketWorker(WorkerConfig.of(0).withCpu(4000), path.pool, path.umem,
            WorkerThreadTest::sendAll, counters);
        assertThrows(NativeCallException.class, () -> WorkerThread.start(worker, NO_ERRORS));
    }

    @Test
    void shouldWakeForCommandsHoweverLongItSleeps() throws Exception {
        final WorkerConfig sleepy = new WorkerConfig(0, WorkerConfig.ANY_CPU, IdleMode.ADAPTIVE, 0, 10_000, 64);
        final PacketWorker worker =
            new PacketWorker(sleepy, path.pool, path.umem, WorkerThreadTest::sendAll, counters);
        final long startNs = System.nanoTime();
        try (WorkerThread thread = WorkerThread.start(worker, NO_ERRORS)) {
            for (int n = 0; n < 300; n++) {
                thread.worker().proxy().submit(w -> { }).get();
            }
        }
        final long elapsedMs = (System.nanoTime() - startNs) / 1_000_000;
        System.out.println("300 commands to a sleeping worker: " + elapsedMs + " ms, "
            + counters.get(WorkerCounter.IDLE_CYCLES) + " idle cycles");
        assertTrue(elapsedMs < 10_000, "one missed wake-up would have cost a sleep of 10 s: " + elapsedMs + " ms");
    }

    @Test
    void shouldRecoverFromAFailingStageWhileAnotherWorkerGoesOn() throws Exception {
        final AtomicBoolean broken = new AtomicBoolean(true);
        final List<String> errors = Collections.synchronizedList(new ArrayList<>());
        final PacketWorker failing = new PacketWorker(WorkerConfig.of(0), path.pool, path.umem, (burst, nowNs) -> {
            sendAll(burst, nowNs);
            if (broken.get() && burst.count > 0) {
                throw new IllegalStateException("defect");
            }
        }, counters);
        failing.addPort(loopback.port());
        final PathFixture otherPath = new PathFixture(256);
        final LoopbackPort otherLoopback = otherPath.loopback("other", 64);
        final WorkerCounters otherCounters = new WorkerCounters();
        final PacketWorker other = new PacketWorker(WorkerConfig.of(1), otherPath.pool, otherPath.umem,
            WorkerThreadTest::sendAll, otherCounters);
        other.addPort(otherLoopback.port());
        try (WorkerThread failingThread = WorkerThread.start(failing, thrown -> errors.add(thrown.getMessage()));
             WorkerThread otherThread = WorkerThread.start(other, NO_ERRORS)) {
            final UnsafeBuffer packet = PathFixture.packet(1, 60);
            await("three failures", () -> {
                loopback.receive(packet, 0, 60);
                return counters.get(WorkerCounter.FAILURES) >= 3;
            });
            assertTrue(counters.get(WorkerCounter.FRAMES_RECOVERED) >= 3);
            await("the other's packets", () -> {
                otherLoopback.receive(packet, 0, 60);
                return otherCounters.txPackets() >= 10;
            });
            broken.set(false);
            await("packets again", () -> {
                loopback.receive(packet, 0, 60);
                return counters.txPackets() >= 10;
            });
            assertTrue(failingThread.isRunning() && otherThread.isRunning());
        }
        assertEquals("defect", errors.getFirst());
        assertEquals(errors.size(), counters.get(WorkerCounter.FAILURES));
        assertEquals(0, otherCounters.get(WorkerCounter.FAILURES));
        assertEquals(1024, path.pool.freeCount());
        assertEquals(0, path.ledger.violationCount());
    }

    @Test
    void shouldSpinWithoutSleepingWhenToldTo() throws Exception {
        final PacketWorker worker = new PacketWorker(WorkerConfig.of(0).withIdle(IdleMode.SPIN), path.pool, path.umem,
            WorkerThreadTest::sendAll, counters);
        worker.addPort(loopback.port());
        try (WorkerThread thread = WorkerThread.start(worker, NO_ERRORS)) {
            await("many idle cycles", () -> counters.get(WorkerCounter.IDLE_CYCLES) > 10_000);
            assertTrue(thread.isRunning());
        }
    }

    @Test
    void shouldForwardBetweenTwoWorkersOverAVethPairAndSleepWhenIdle() throws Exception {
        final RingDepths depths = new RingDepths(256, 256, 256, 256);
        final int packets = 20_000;
        final int fdCount = OpenDescriptors.count();
        try (VethLab lab = new VethLab(); Umem umem = Umem.create("rings-worker", 4096)) {
            lab.addPair("anchor0", "anchor1", 1500);
            lab.addPair("a0", "b0", 1500);
            try (UmemAnchor anchor = lab.call(() -> new UmemAnchor(umem, "anchor0", lab.ifindex("anchor0")))) {
                final AtomicLong left = new AtomicLong(packets);
                final WorkerCounters senderCounters = new WorkerCounters();
                final Bench sender = new Bench(lab, umem, anchor, "a0", 0, depths);
                final PacketWorker sending = new PacketWorker(WorkerConfig.of(0), sender.pool, umem.buffer(),
                    (burst, nowNs) -> makePackets(burst, sender.pool, left), senderCounters);
                sending.addPort(sender.port);
                final Bench receiver = new Bench(lab, umem, anchor, "b0", 2048, depths);
                final PacketWorker receiving = new PacketWorker(WorkerConfig.of(1), receiver.pool, umem.buffer(),
                    WorkerThreadTest::sendNothing, counters);
                receiving.addPort(receiver.port);
                try (WorkerThread receivingThread = WorkerThread.start(receiving, NO_ERRORS);
                     WorkerThread sendingThread = WorkerThread.start(sending, NO_ERRORS)) {
                    await("packets", () -> counters.rxPackets() + lost(receiver) >= packets);
                    System.out.println("two workers over veth: " + counters.rxPackets() + " received, "
                        + lost(receiver) + " lost for want of frames or room");
                    showIdleCost(receivingThread, sendingThread);
                    final AllocationProbe probe = receivingThread.allocationProbe();
                    final Future<Void> done = receiving.proxy().submit(w -> { });
                    done.get();
                    assertTrue(probe.bytesSinceLast() < 100_000, "a sleeping worker allocates next to nothing");
                }
                assertEquals(2048, sender.pool.freeCount());
                assertEquals(2048, receiver.pool.freeCount());
                assertEquals(0, counters.get(WorkerCounter.FRAME_MISCOUNTS));
                assertEquals(0, senderCounters.get(WorkerCounter.FRAME_VIOLATIONS));
            }
        }
        assertEquals(fdCount, OpenDescriptors.count(), "no descriptor leaks");
    }

    private static long lost(final Bench bench) {
        return bench.socket.statistics().fillRingEmptyCount() + bench.socket.statistics().rxRingFullCount();
    }

    /** Shown, not asserted: what a sleeping worker costs on this machine. */
    private static void showIdleCost(final WorkerThread... threads) throws Exception {
        final ThreadMXBean threadTimes = ManagementFactory.getThreadMXBean();
        for (final WorkerThread thread : threads) {
            final AtomicLong id = new AtomicLong();
            thread.worker().proxy().submit(w -> id.set(Thread.currentThread().threadId())).get();
            final long beforeNs = threadTimes.getThreadCpuTime(id.get());
            TimeUnit.MILLISECONDS.sleep(500);
            System.out.println(thread.worker().roleName() + " idle: "
                + (threadTimes.getThreadCpuTime(id.get()) - beforeNs) / 5_000_000.0 + " % of a core");
            assertTrue(thread.isRunning());
        }
    }

    private static void makePackets(final PacketBurst burst, final FramePool pool, final AtomicLong left) {
        while (burst.count < 32 && left.get() > 0) {
            final long address = pool.take(FrameLedger.BURST);
            if (address == FramePool.EMPTY) {
                return;
            }
            burst.umem().setMemory((int)address + Umem.RX_HEADROOM, 60, (byte)0);
            burst.add(address + Umem.RX_HEADROOM, 60);
            burst.transmit(burst.count - 1, EgressAction.TO_WORKLOAD, 1);
            left.decrementAndGet();
        }
    }

    private static void sendNothing(final PacketBurst burst, final long nowNs) {
        for (int row = 0; row < burst.count; row++) {
            burst.direction(row, (byte)2);
        }
    }

    /** One end of a veth pair with half of the frames. */
    private static final class Bench {
        final FramePool pool;
        final XskSocket socket;
        final XskPort port;

        Bench(final VethLab lab, final Umem umem, final UmemAnchor anchor, final String name, final int firstFrame,
              final RingDepths depths) {
            pool = new FramePool(new FrameLedger(umem.frameCount()), firstFrame, 2048);
            final XskConfig config = XskConfig.of(name, lab.ifindex(name), 0).withDepths(depths);
            socket = lab.call(() -> anchor.open(config));
            port = new XskPort(new PortSpec(name, PortSpec.actions(EgressAction.TO_WORKLOAD), 1514), socket.rings(),
                socket, pool);
            port.refill();
            lab.redirect(name, socket);
        }
    }
}
