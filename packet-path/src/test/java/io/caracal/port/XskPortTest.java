package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.Umem;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RxRing;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The port against a kernel that says and completes what a test wants, also what no kernel should. */
class XskPortTest {
    private static final int DEPTH = 64;

    /** The kernel's side of the rings: each wake-up takes the next scripted errno and number of packets. */
    private static final class ScriptedKernel extends MemoryRings {
        final FillRing completion = new FillRing(completionMemory);
        final RxRing tx = new RxRing(txMemory);
        final Queue<int[]> script = new ArrayDeque<>();
        int wakeups;
        boolean closed;

        ScriptedKernel() {
            super(DEPTH);
            txMemory.buffer().putInt(txMemory.layout().flagsOffset(), 1);
        }

        void says(final int errno, final int packets) {
            script.add(new int[]{errno, packets});
        }

        void complete(final long address) {
            completion.reserve(1);
            completion.putAddress(0, address);
            completion.submit(1);
        }

        @Override
        public int wakeTransmit() {
            wakeups++;
            final int[] step = script.isEmpty() ? new int[]{0, DEPTH} : script.remove();
            final int count = tx.peek(step[1]);
            for (int entry = 0; entry < count; entry++) {
                complete(tx.address(entry));
            }
            tx.release(count);
            return step[0];
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private final PathFixture path = new PathFixture(256);
    private final ScriptedKernel kernel = new ScriptedKernel();
    private final PacketBurst burst = new PacketBurst(path.umem);
    private final XskPort port = new XskPort(new PortSpec("scripted", PortSpec.actions(PathFixture.ACTION), 1514),
        kernel.rings(), kernel, path.pool);

    private void addRows(final int count, final int length) {
        for (int n = 0; n < count; n++) {
            burst.add(path.pool.take(FrameLedger.BURST) + Umem.RX_HEADROOM, length);
            burst.transmit(burst.count - 1, PathFixture.ACTION, 7);
        }
    }

    private long counted(final PortCounter counter) {
        return port.counters().get(counter.ordinal());
    }

    @Test
    void shouldFillTheFillRingAndLeaveItAloneForASingleFrame() {
        assertEquals(64, port.refill());
        assertEquals(64, kernel.fill.peek(99));
        assertEquals(0, port.refill());
        kernel.fill.release(10);
        for (int entry = 0; entry < 10; entry++) {
            kernel.receive(kernel.fill.address(entry) + 256, 60, 0);
        }
        assertEquals(10, port.rxBurst(burst));
        assertEquals(0, port.refill(), "10 missing frames are fewer than 16");
        assertEquals(10, path.ledger.count(FrameLedger.BURST));
        assertEquals(0, port.miscountedFrames());
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 60, 0, false",
        "1048576, 60, 0, false",
        "9223372036854775807, 60, 0, false",
        "700000, 60, 0, false",
        "256, 0, 0, true",
        "256, -5, 0, true",
        "256, 3841, 0, true",
        "256, 60, 1, true",
        "256, 60, 2, true",
    })
    void shouldSurviveADescriptorThatTheKernelShouldNotGive(final long address, final int length, final int options,
                                                            final boolean ofFillRing) {
        port.refill();
        kernel.receive(address, length, options);
        final int added = port.rxBurst(burst);
        if (ofFillRing) {
            assertEquals(1, added);
            assertEquals(Verdict.DROP, burst.verdict(0));
            assertEquals(DropReason.RX_DESCRIPTOR_INVALID.id(), burst.dropReason(0));
            assertTrue(path.pool.give(burst.frameAddress(0), FrameLedger.BURST));
        } else {
            assertEquals(0, added);
            assertEquals(1, counted(PortCounter.RX_DESCRIPTOR_INVALID));
            assertEquals(1, path.ledger.violationCount());
        }
        assertEquals(0, port.miscountedFrames());
        assertTrue(path.ledger.isBalanced());
    }

    @Test
    void shouldDropEveryPieceOfAMultiBufferPacketAndNothingAfterIt() {
        port.refill();
        kernel.receive(256, 3840, 1);
        kernel.receive(4096 + 256, 3840, 1);
        kernel.receive(2 * 4096 + 256, 100, 0);
        kernel.receive(3 * 4096 + 256, 60, 0);
        assertEquals(4, port.rxBurst(burst));
        for (int row = 0; row < 3; row++) {
            assertEquals(Verdict.DROP, burst.verdict(row), "piece " + row);
        }
        assertEquals(Verdict.UNDECIDED, burst.verdict(3));
    }

    @Test
    void shouldIgnoreCompletionsOfFramesThatWereNotSent() {
        addRows(2, 60);
        final long sent = burst.frameAddress(0);
        port.txBurst(burst);
        kernel.complete(-4096);
        kernel.complete(1L << 40);
        kernel.complete(200 * 4096);
        kernel.complete(sent);
        kernel.complete(sent);
        assertEquals(1, port.reclaim());
        assertEquals(4, counted(PortCounter.COMPLETION_INVALID));
        assertEquals(4, path.ledger.violationCount());
        assertEquals(255, path.pool.freeCount());
        assertEquals(0, port.miscountedFrames());
    }

    @Test
    void shouldNoticeFramesThatTheKernelNeverCompletes() {
        addRows(10, 60);
        port.txBurst(burst);
        kernel.tx.peek(10);
        kernel.tx.release(10);
        for (int entry = 0; entry < 7; entry++) {
            kernel.complete(kernel.tx.address(entry));
        }
        assertEquals(7, port.reclaim());
        assertEquals(3, path.ledger.count(FrameLedger.txOf(port.portNumber())), "still accounted to the kernel");
        burst.clear();
        port.close();
        assertTrue(kernel.closed);
        assertEquals(256, path.pool.freeCount(), "and all back when the socket is closed");
    }

    @Test
    void shouldCallUntilTheTransmitRingIsEmpty() {
        addRows(60, 60);
        assertEquals(60, port.txBurst(burst));
        kernel.says(Errno.EAGAIN, 32);
        kernel.says(0, 28);
        port.kick();
        assertEquals(2, kernel.wakeups);
        assertEquals(1, counted(PortCounter.TX_PUSHED_BACK));
        assertEquals(60, port.reclaim());
    }

    @Test
    void shouldGoOnAfterEachPacketThatTheDeviceDrops() {
        addRows(5, 60);
        port.txBurst(burst);
        for (int n = 0; n < 5; n++) {
            kernel.says(Errno.EBUSY, 1);
        }
        port.kick();
        assertEquals(5, kernel.wakeups);
        assertEquals(5, counted(PortCounter.TX_DEVICE_DROPPED));
    }

    @ParameterizedTest
    @CsvSource({Errno.EAGAIN + ",TX_PUSHED_BACK", Errno.ENOBUFS + ",TX_MEMORY_SHORT",
        Errno.EIO + ",TX_FAILED", Errno.EBUSY + ",TX_DEVICE_DROPPED"})
    void shouldNotSpinOnADeviceThatTakesNothing(final int errno, final PortCounter counter) {
        addRows(5, 60);
        port.txBurst(burst);
        kernel.says(errno, 0);
        port.kick();
        assertEquals(1, kernel.wakeups);
        assertEquals(1, counted(counter));
        port.kick();
        assertEquals(2, kernel.wakeups, "the next cycle tries again");
        assertEquals(5, port.reclaim());
    }

    @Test
    void shouldNotCallTheKernelWhenNothingIsToBeSent() {
        port.refill();
        port.kick();
        assertEquals(0, kernel.wakeups);
    }

    @Test
    void shouldDropWhenTheTransmitRingIsFull() {
        addRows(64, 60);
        assertEquals(64, port.txBurst(burst));
        burst.clear();
        addRows(3, 60);
        assertEquals(0, port.txBurst(burst));
        for (int row = 0; row < 3; row++) {
            assertEquals(Verdict.DROP, burst.verdict(row));
            assertEquals(DropReason.TX_RING_FULL.id(), burst.dropReason(row));
        }
    }

    @Test
    void shouldRefuseWhatCannotBeSentAndSendTheRest() {
        addRows(5, 60);
        burst.length(0, 1515);
        burst.length(1, 0);
        burst.frameAddress(2, burst.frameAddress(2) + 3800);
        final long stolen = burst.frameAddress(3);
        path.pool.give(stolen, FrameLedger.BURST);
        assertEquals(1, port.txBurst(burst));
        assertEquals(DropReason.PACKET_TOO_BIG.id(), burst.dropReason(0));
        assertEquals(DropReason.TX_DESCRIPTOR_INVALID.id(), burst.dropReason(1));
        assertEquals(DropReason.TX_DESCRIPTOR_INVALID.id(), burst.dropReason(2));
        assertEquals(DropReason.TX_DESCRIPTOR_INVALID.id(), burst.dropReason(3));
        assertEquals(Verdict.SENT, burst.verdict(4));
        assertEquals(1, kernel.tx.peek(9));
        assertEquals(burst.frameAddress(4), kernel.tx.address(0));
    }

    @Test
    void shouldLeaveRowsOfOtherPortsAlone() {
        addRows(2, 60);
        burst.transmit(0, (byte)2, 7);
        burst.drop(1, DropReason.LINK_LOCAL);
        assertEquals(0, port.txBurst(burst));
        assertEquals(Verdict.TRANSMIT, burst.verdict(0));
        assertEquals(Verdict.DROP, burst.verdict(1));
    }

    @Test
    void shouldWaitForALinkThatIsDownAndGoOnWhenItIsUp() {
        addRows(1, 60);
        port.txBurst(burst);
        kernel.says(Errno.ENETDOWN, 0);
        port.kick();
        assertFalse(port.isGone());
        burst.clear();
        addRows(1, 60);
        assertEquals(0, port.txBurst(burst));
        assertEquals(DropReason.TX_INTERFACE_DOWN.id(), burst.dropReason(0));
        port.kick();
        assertEquals(1, kernel.wakeups, "not asked each cycle");
        kernel.says(Errno.ENETDOWN, 0);
        port.housekeep();
        kernel.says(0, 1);
        port.housekeep();
        burst.transmit(0, PathFixture.ACTION, 7);
        assertEquals(1, port.txBurst(burst));
        assertEquals(1, counted(PortCounter.LINK_DOWN));
    }

    @Test
    void shouldRecoverEveryFrameOfAnInterfaceThatHasGone() {
        port.refill();
        addRows(20, 60);
        port.txBurst(burst);
        burst.clear();
        kernel.receive(256, 60, 0);
        kernel.says(Errno.ENXIO, 0);
        port.housekeep();
        assertTrue(port.isGone());
        assertEquals(0, port.reclaim(), "not before what was received is delivered");
        assertEquals(1, port.rxBurst(burst));
        path.pool.give(burst.frameAddress(0), FrameLedger.BURST);
        port.reclaim();
        assertEquals(256, path.pool.freeCount());
        assertEquals(83, counted(PortCounter.FRAMES_RECOVERED));
        assertEquals(0, port.refill(), "nothing is given to what has gone");
        assertEquals(0, port.miscountedFrames());
        burst.clear();
        addRows(1, 60);
        port.txBurst(burst);
        assertEquals(DropReason.TX_INTERFACE_GONE.id(), burst.dropReason(0));
    }
}
