package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.umem.FrameLedger;
import io.caracal.worker.PacketWorker;
import io.caracal.worker.WorkerConfig;
import io.caracal.worker.WorkerCounters;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a worker asks a device for what has come, and what it does when it cannot. */
class BusyPolledPortTest {
    private static final int DEPTH = 128;

    /** A device that brings packets only when it is polled, 64 at most. */
    private static final class PolledDevice extends MemoryRings {
        int arrived;
        int polls;
        int errno;

        PolledDevice() {
            super(DEPTH);
        }

        void bring(final int atMost) {
            for (; arrived > 0 && atMost > 0 && fill.peek(1) == 1; arrived--) {
                receive(fill.address(0) + 256, 60, 0);
                fill.release(1);
            }
        }

        @Override
        public boolean pollDevice() {
            polls++;
            bring(errno == 0 ? 64 : 0);
            return errno == 0;
        }

        @Override
        public int wakeTransmit() {
            return errno;
        }
    }

    private final PathFixture path = new PathFixture(256);
    private final PolledDevice device = new PolledDevice();
    private final XskPort port = new XskPort(new PortSpec("polled", PortSpec.actions(EgressAction.TO_UPLINK), 1514),
        device.rings(), device, path.pool);
    private final WorkerCounters counters = new WorkerCounters();
    private final PacketWorker worker = new PacketWorker(WorkerConfig.of(0), path.pool, path.umem,
        BusyPolledPortTest::dropAll, counters);

    private static void dropAll(final PacketBurst burst, final long nowNs) {
        for (int row = 0; row < burst.count; row++) {
            burst.direction(row, (byte)1);
            burst.drop(row, DropReason.LINK_LOCAL);
        }
    }

    @BeforeEach
    void beginPolling() {
        port.beginPolling();
    }

    private long counted(final PortCounter counter) {
        return port.counters().get(counter.ordinal());
    }

    @Test
    void shouldPollEachCycleAndTakeInTheSameCycleWhatHasCome() {
        worker.addPort(port);
        worker.doWork();
        worker.doWork();
        assertEquals(2, device.polls, "an idle worker polls as well");
        device.arrived = 3;
        assertTrue(worker.doWork() >= 3);
        assertEquals(3, counters.rxPackets());
        assertEquals(3, device.polls);
        assertEquals(3, counted(PortCounter.BUSY_POLLS));
        assertEquals(0, worker.miscountedFrames());
    }

    @Test
    void shouldNotAskForMoreWhileTheRingHasPackets() {
        worker.addPort(port);
        worker.doWork();
        device.arrived = 100;
        device.bring(64);
        final int pollsBefore = device.polls;
        worker.doWork();
        assertEquals(pollsBefore, device.polls, "what the kernel has brought by itself comes first");
        worker.doWork();
        worker.doWork();
        assertEquals(100, counters.rxPackets());
        assertTrue(device.polls > pollsBefore);
    }

    @Test
    void shouldNotPollForABurstWithoutRoom() {
        final PacketBurst burst = new PacketBurst(path.umem);
        while (burst.count < PacketBurst.MAX_PACKETS) {
            burst.add(path.pool.take(FrameLedger.BURST), 60);
        }
        assertEquals(0, port.rxBurst(burst));
        assertEquals(0, device.polls);
    }

    @Test
    void shouldWaitForAnInterfaceThatIsDown() {
        worker.addPort(port);
        device.errno = Errno.ENETDOWN;
        worker.doWork();
        assertEquals(1, counted(PortCounter.LINK_DOWN));
        worker.doWork();
        worker.doWork();
        assertEquals(1, device.polls, "not asked each cycle");
        assertFalse(port.isGone());
        device.errno = 0;
        device.arrived = 1;
        port.housekeep();
        worker.doWork();
        assertEquals(1, counters.rxPackets());
    }

    @Test
    void shouldTakeWhatCameBeforeAnInterfaceHasGoneAndGiveTheFramesBack() {
        worker.addPort(port);
        device.arrived = 2;
        worker.doWork();
        device.errno = Errno.ENXIO;
        worker.doWork();
        assertTrue(port.isGone());
        worker.doWork();
        assertEquals(2, counters.rxPackets());
        assertEquals(256, path.pool.freeCount());
    }

    @Test
    void shouldGoOnPollingAfterAFailureThatSaysNothingAboutTheInterface() {
        worker.addPort(port);
        device.errno = Errno.EAGAIN;
        worker.doWork();
        worker.doWork();
        assertEquals(2, device.polls);
        assertEquals(0, counted(PortCounter.LINK_DOWN) + counted(PortCounter.LINK_GONE));
    }
}
