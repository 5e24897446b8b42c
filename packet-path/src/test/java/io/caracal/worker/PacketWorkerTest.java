package io.caracal.worker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.port.Fault;
import io.caracal.port.FaultInjectingPort;
import io.caracal.port.FaultSpec;
import io.caracal.port.LoopbackPort;
import io.caracal.port.PathFixture;
import io.caracal.port.PuntPort;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FrameLedger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.agrona.concurrent.CachedNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class PacketWorkerTest {
    private static final byte FROM_WORKLOAD = 1;

    private final PathFixture path = new PathFixture(1024);
    private final LoopbackPort loopback = path.loopback("loop", 128);
    private final List<byte[]> sent = new ArrayList<>();
    private final WorkerCounters counters = new WorkerCounters();
    private final CachedNanoClock clock = new CachedNanoClock();

    private PacketWorker workerWith(final PacketStage stage) {
        loopback.onTransmit((buffer, offset, length) -> {
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            sent.add(bytes);
        });
        final PacketWorker worker =
            new PacketWorker(WorkerConfig.of(3), path.pool, path.umem, stage, counters, clock);
        worker.addPort(loopback.port());
        return worker;
    }

    private static void sendAll(final PacketBurst burst, final long nowNs) {
        for (int row = 0; row < burst.count; row++) {
            burst.direction(row, FROM_WORKLOAD);
            if (burst.verdict(row) == Verdict.UNDECIDED) {
                burst.transmit(row, EgressAction.TO_WORKLOAD, 9);
            }
        }
    }

    private void receive(final long number, final int length) {
        assertTrue(loopback.receive(PathFixture.packet(number, length), 0, length));
    }

    @Test
    void shouldForwardAndCount() {
        final PacketWorker worker = workerWith(PacketWorkerTest::sendAll);
        worker.doWork();
        receive(1, 60);
        receive(2, 1514);
        assertTrue(worker.doWork() >= 4, "two received, two sent");
        assertEquals(2, sent.size());
        assertEquals(1, new UnsafeBuffer(sent.get(0)).getLong(0));
        assertEquals(2, counters.rxPackets(FROM_WORKLOAD));
        assertEquals(1574, counters.rxBytes(FROM_WORKLOAD));
        assertEquals(2, counters.txPackets(EgressAction.TO_WORKLOAD));
        assertEquals(1574, counters.txBytes(EgressAction.TO_WORKLOAD));
        assertEquals(0, counters.drops());
        assertEquals(0, worker.miscountedFrames());
    }

    @Test
    void shouldCountBytesAsTheyArrivedWhenAStageChangesTheLength() {
        final PacketWorker worker = workerWith((burst, nowNs) -> {
            for (int row = 0; row < burst.count; row++) {
                burst.frameAddress(row, burst.frameAddress(row) - 50);
                burst.length(row, burst.length(row) + 50);
            }
            sendAll(burst, nowNs);
        });
        worker.doWork();
        receive(1, 100);
        worker.doWork();
        assertEquals(100, counters.rxBytes(FROM_WORKLOAD));
        assertEquals(150, counters.txBytes(EgressAction.TO_WORKLOAD));
        assertEquals(150, sent.getFirst().length);
        worker.doWork();
        assertEquals(0, path.ledger.violationCount(), "a frame comes back by any address within it");
    }

    @Test
    void shouldDropByReasonAndDirectionAndGiveTheFramesBack() {
        final PacketWorker worker = workerWith((burst, nowNs) -> {
            for (int row = 0; row < burst.count; row++) {
                switch (row) {
                    case 0 -> burst.drop(row, DropReason.TTL_EXPIRED);
                    case 1 -> burst.direction(row, (byte)2);
                    case 2 -> burst.transmit(row, (byte)5, 1);
                    default -> burst.direction(row, (byte)99);
                }
            }
        });
        worker.doWork();
        for (int n = 0; n < 4; n++) {
            receive(n, 60);
        }
        worker.doWork();
        assertEquals(1, counters.drops(0, DropReason.TTL_EXPIRED));
        assertEquals(1, counters.drops(2, DropReason.UNDECIDED));
        assertEquals(1, counters.drops(0, DropReason.UNDECIDED), "a direction that is none counts as unknown");
        assertEquals(1, counters.drops(DropReason.EGRESS_PORT_MISSING));
        assertEquals(4, counters.drops());
        assertEquals(0, path.ledger.count(FrameLedger.BURST));
        assertEquals(0, worker.miscountedFrames());
    }

    @Test
    void shouldLetAStageHoldAPacketAndSendItLater() {
        final List<Long> held = new ArrayList<>();
        final boolean[] release = {false};
        final PacketWorker worker = workerWith((burst, nowNs) -> {
            for (int row = 0; row < burst.count; row++) {
                burst.verdict(row, Verdict.HELD);
                held.add(burst.frameAddress(row));
            }
            if (release[0]) {
                for (final long address : held) {
                    assertTrue(path.ledger.move((int)(address >>> 12), FrameLedger.HELD, FrameLedger.BURST));
                    burst.add(address, 60);
                    burst.transmit(burst.count - 1, EgressAction.TO_WORKLOAD, 1);
                }
                held.clear();
            }
        });
        worker.doWork();
        receive(8, 60);
        worker.doWork();
        assertEquals(1, path.ledger.count(FrameLedger.HELD));
        assertEquals(1, counters.get(WorkerCounter.HELD));
        release[0] = true;
        worker.doWork();
        assertEquals(1, sent.size());
        assertEquals(0, path.ledger.count(FrameLedger.HELD));
        assertEquals(1, counters.get(WorkerCounter.LOCALLY_MADE));
        assertEquals(1, counters.rxPackets());
    }

    @Test
    void shouldWriteThePuntHeaderOverTheDestination() {
        final PacketWorker worker = new PacketWorker(WorkerConfig.of(0), path.pool, path.umem, (burst, nowNs) -> {
            for (int row = 0; row < burst.count; row++) {
                burst.transmit(row, EgressAction.TO_WORKLOAD, 0x01020304);
            }
        }, counters);
        loopback.onTransmit((buffer, offset, length) -> {
            final byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            sent.add(bytes);
        });
        worker.addPort(new PuntPort(loopback.port()));
        worker.doWork();
        final UnsafeBuffer packet = PathFixture.packet(0, 60);
        loopback.receive(packet, 0, 60);
        worker.doWork();
        final byte[] expected = packet.byteArray().clone();
        System.arraycopy(new byte[]{2, 1, 1, 2, 3, 4}, 0, expected, 0, 6);
        assertArrayEquals(expected, sent.getFirst());
    }

    @Test
    void shouldRecoverTheFramesOfACycleThatThrows() {
        final boolean[] broken = {true};
        final PacketWorker worker = workerWith((burst, nowNs) -> {
            sendAll(burst, nowNs);
            if (broken[0] && burst.count > 0) {
                burst.verdict(0, Verdict.HELD);
                throw new IllegalStateException("a stage's defect");
            }
        });
        worker.doWork();
        receive(1, 60);
        receive(2, 60);
        receive(3, 60);
        assertThrows(IllegalStateException.class, worker::doWork);
        assertEquals(2, worker.recover(), "the held one stays with its stage");
        assertEquals(1, path.ledger.count(FrameLedger.HELD));
        assertEquals(0, worker.miscountedFrames());
        assertEquals(1, counters.get(WorkerCounter.FAILURES));
        assertEquals(2, counters.get(WorkerCounter.FRAMES_RECOVERED));
        broken[0] = false;
        receive(4, 60);
        worker.doWork();
        assertEquals(1, sent.size(), "it goes on");
    }

    @Test
    void shouldKeepTheLawOfFramesEachCycleUnderFaultsOnTwoPorts() {
        final long seed = System.nanoTime();
        System.out.println("PacketWorkerTest law of frames: seed " + seed);
        final Random random = new Random(seed);
        final LoopbackPort second = path.loopback("second", 32);
        final FaultSpec spec = new FaultSpec(50_000, 50_000, 50_000, 50_000, 50_000, 20_000);
        final FaultInjectingPort faulty = new FaultInjectingPort(second.port(), path.pool, spec, seed);
        final PacketWorker worker = workerWith((burst, nowNs) -> {
            for (int row = 0; row < burst.count; row++) {
                if (burst.verdict(row) == Verdict.UNDECIDED && random.nextInt(10) > 0) {
                    burst.transmit(row, EgressAction.TO_WORKLOAD, 1);
                }
            }
        });
        worker.addPort(faulty);
        long offered = 0;
        for (int cycle = 0; cycle < 20_000; cycle++) {
            for (int n = random.nextInt(90); n > 0; n--) {
                final LoopbackPort target = random.nextBoolean() ? loopback : second;
                final int length = 60 + random.nextInt(1400);
                offered += target.receive(PathFixture.packet(n, length), 0, length) ? 1 : 0;
            }
            clock.advance(1_000_000);
            worker.doWork();
            assertEquals(0, worker.miscountedFrames(), "cycle " + cycle + " seed " + seed);
        }
        for (int cycle = 0; cycle < 10; cycle++) {
            worker.doWork();
        }
        final long in = offered + faulty.countOf(Fault.DUPLICATION);
        System.out.println("  in " + in + " out " + counters.txPackets() + " drops " + counters.drops());
        assertEquals(in, counters.rxPackets());
        assertEquals(in, counters.txPackets() + counters.drops(), "in = out + every drop");
        assertEquals(faulty.countOf(Fault.LOSS), counters.drops(DropReason.FAULT_INJECTED));
        assertEquals(faulty.countOf(Fault.TX_FULL), counters.drops(DropReason.TX_RING_FULL));
        assertEquals(counters.txPackets(), sent.size(), "and each went out by the first port that serves it");
        assertEquals(0, path.ledger.violationCount());
        assertTrue(path.ledger.isBalanced());
        worker.onClose();
        assertEquals(1024, path.pool.freeCount());
    }

    @Test
    void shouldCarryPacketsBetweenTwoWorkersOfJoinedPorts() {
        final PathFixture otherPath = new PathFixture(256);
        final LoopbackPort other = otherPath.loopback("other", 64);
        final PacketWorker worker = new PacketWorker(WorkerConfig.of(0), path.pool, path.umem,
            PacketWorkerTest::sendAll, counters);
        worker.addPort(loopback.port());
        final WorkerCounters otherCounters = new WorkerCounters();
        final PacketWorker otherWorker = new PacketWorker(WorkerConfig.of(1), otherPath.pool, otherPath.umem,
            PacketWorkerTest::sendAll, otherCounters);
        otherWorker.addPort(other.port());
        LoopbackPort.join(loopback, other);
        worker.doWork();
        otherWorker.doWork();
        receive(5, 200);
        for (int n = 0; n < 10; n++) {
            worker.doWork();
            otherWorker.doWork();
        }
        assertEquals(10, otherCounters.rxPackets(), "the packet goes to and fro");
        assertEquals(0, worker.miscountedFrames() + otherWorker.miscountedFrames());
    }

    @Test
    void shouldRunCommandsBetweenCyclesAndReportWhatTheyThrow() throws Exception {
        final PacketWorker worker = workerWith(PacketWorkerTest::sendAll);
        final List<String> ran = new ArrayList<>();
        final Future<Void> good = worker.proxy().submit(w -> ran.add(w.roleName()));
        final Future<Void> bad = worker.proxy().submit(w -> {
            throw new java.io.IOException("no such thing");
        });
        assertFalse(good.isDone());
        assertTrue(worker.doWork() >= 2);
        good.get();
        assertEquals(List.of("worker-3"), ran);
        final ExecutionException thrown = assertThrows(ExecutionException.class, bad::get);
        assertEquals("no such thing", thrown.getCause().getMessage());
        assertEquals(1, counters.get(WorkerCounter.COMMANDS));
        assertEquals(1, counters.get(WorkerCounter.COMMANDS_FAILED));
    }

    @Test
    void shouldRefuseAndCountCommandsWhenTheQueueIsFull() {
        final PacketWorker worker = workerWith(PacketWorkerTest::sendAll);
        for (int n = 0; n < WorkerConfig.COMMAND_QUEUE_DEFAULT_DEPTH; n++) {
            assertFalse(worker.proxy().submit(w -> { }).isDone());
        }
        final Future<Void> refused = worker.proxy().submit(w -> { });
        final ExecutionException thrown = assertThrows(ExecutionException.class, refused::get);
        assertEquals("command queue of worker-3 is full (256 wait): the worker stalls or is given too many commands",
            thrown.getCause().getMessage());
        assertEquals(1, worker.proxy().refusedCount());
    }

    @Test
    void shouldCancelCommandsThatItNeverRan() {
        final PacketWorker worker = workerWith(PacketWorkerTest::sendAll);
        final Future<Void> waiting = worker.proxy().submit(w -> { });
        worker.onClose();
        assertTrue(waiting.isCancelled());
        assertTrue(worker.proxy().submit(w -> { }).isCancelled());
    }

    @Test
    void shouldAddAndRemovePortsWhileItRuns() {
        final PacketWorker worker = workerWith(PacketWorkerTest::sendAll);
        final LoopbackPort second = path.loopback("second", 64);
        worker.proxy().submit(w -> w.addPort(second.port()));
        worker.doWork();
        assertTrue(second.receive(PathFixture.packet(1, 60), 0, 60));
        worker.doWork();
        assertEquals(1, counters.rxPackets());
        worker.proxy().submit(w -> w.removePort(loopback.port()));
        worker.proxy().submit(w -> w.removePort(second.port()));
        worker.doWork();
        assertEquals(0, worker.ports().length);
        assertEquals(1024, path.pool.freeCount());
        assertThrows(IllegalArgumentException.class, () -> worker.removePort(second.port()));
    }

    @Test
    void shouldGiveEveryPortItsTurn() {
        final LoopbackPort second = path.loopback("second", 128);
        final PacketWorker worker = workerWith(PacketWorkerTest::sendAll);
        worker.addPort(second.port());
        worker.doWork();
        worker.doWork();
        for (int n = 0; n < 64; n++) {
            receive(1, 60);
            assertTrue(second.receive(PathFixture.packet(2, 60), 0, 60));
        }
        worker.doWork();
        worker.doWork();
        assertEquals(128, counters.rxPackets());
        final long first = sent.stream().limit(64).filter(bytes -> new UnsafeBuffer(bytes).getLong(0) == 1).count();
        assertTrue(first == 0 || first == 64, "one port fills a burst, the other the next: " + first);
    }

    @Test
    void shouldCountStallsAndTheLongestCycle() {
        final PacketWorker worker = workerWith((burst, nowNs) -> {
            sendAll(burst, nowNs);
            clock.advance(burst.count > 0 ? 12_000_000 : 500);
        });
        worker.doWork();
        receive(1, 60);
        worker.doWork();
        worker.doWork();
        assertEquals(1, counters.get(WorkerCounter.STALLS));
        assertEquals(12_000_000, counters.get(WorkerCounter.CYCLE_MAX_NS));
        for (int cycle = 0; cycle < 4; cycle++) {
            worker.doWork();
        }
        clock.advance(3_000_000_000L);
        worker.doWork();
        assertEquals(1, counters.get(WorkerCounter.STALLS), "idle time is no stall");
        final java.util.List<Long> cycles = new java.util.ArrayList<>();
        counters.cycleTimes().forEach((upperNs, count) -> cycles.addAll(java.util.List.of(upperNs, count)));
        assertEquals(java.util.List.of(503L, 2L, 12_058_623L, 1L), cycles, "to a thirty-second; two only filled rings");
    }

    @Test
    void shouldKeepCountersInGivenMemory() {
        final UnsafeBuffer memory = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(WorkerCounters.size()));
        final PacketWorker worker = new PacketWorker(WorkerConfig.of(0), path.pool, path.umem,
            PacketWorkerTest::sendAll, new WorkerCounters(memory));
        worker.addPort(loopback.port());
        worker.doWork();
        receive(1, 60);
        worker.doWork();
        assertEquals(1, new WorkerCounters(memory).rxPackets(), "another reader of the same memory sees them");
    }
}
