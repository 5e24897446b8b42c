package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.burst.DropReason;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.Umem;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskMode;
import io.caracal.xsk.XskSocket;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets and ports on the real kernel: veth pairs in a namespace of their own, both ends ours. Needs root. */
@Timeout(60)
class XskPortKernelTest extends VethPorts {
    private static final int MTU = 3506;

    private XskSocket socketOn(final String name) {
        final XskConfig config = config(name);
        return lab.call(() -> anchor.open(config));
    }

    private XskPort portOn(final String name, final int mtu) {
        return portOn(name, mtu, socketOn(name));
    }

    private void addPacket(final long number, final int length) {
        final long address = pool.take(FrameLedger.BURST) + Umem.RX_HEADROOM;
        umem.buffer().putBytes((int)address, PathFixture.packet(number, length), 0, length);
        burst.add(address, length);
        burst.transmit(burst.count - 1, PathFixture.ACTION, 1);
    }

    private int send(final XskPort port) {
        port.reclaim();
        final int taken = port.txBurst(burst);
        giveBack();
        port.kick();
        return taken;
    }

    private void giveBack() {
        for (int row = 0; row < burst.count; row++) {
            if (burst.verdict(row) != Verdict.SENT) {
                assertTrue(pool.give(burst.frameAddress(row), FrameLedger.BURST));
            }
        }
        burst.clear();
    }

    private static void await(final String what, final BooleanSupplier condition) {
        final long deadlineNs = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadlineNs < 0, "never happened: " + what);
            Thread.onSpinWait();
        }
    }

    private static long counted(final XskPort port, final PortCounter counter) {
        return port.counters().get(counter.ordinal());
    }

    @Test
    void shouldCarryEveryPacketUnchangedAndInOrder() {
        lab.addPair("a0", "b0", MTU);
        final XskPort left = portOn("a0", MTU);
        final XskPort right = portOn("b0", MTU);
        final int rounds = 500;
        long sent = 0;
        long received = 0;
        for (int round = 0; round < rounds; round++) {
            for (int n = 0; n < 40; n++) {
                addPacket(sent, lengthOf(sent));
                sent++;
            }
            assertEquals(40, send(left));
            while (right.rxBurst(burst) > 0) {
                for (int row = 0; row < burst.count; row++) {
                    final int length = lengthOf(received);
                    assertEquals(length, burst.length(row));
                    final UnsafeBuffer expected = PathFixture.packet(received++, length);
                    assertEquals(0, expected.compareTo(new UnsafeBuffer(umem.buffer(), burst.offset(row), length)));
                }
                giveBack();
                right.refill();
            }
            assertEquals(0, left.miscountedFrames() + right.miscountedFrames());
        }
        assertEquals(sent, received);
        await("all completions", () -> {
            left.reclaim();
            return ledger.count(FrameLedger.txOf(left.portNumber())) == 0;
        });
        assertEquals(0, ledger.violationCount());
        left.close();
        right.close();
        assertEquals(FRAMES, pool.freeCount());
    }

    private static int lengthOf(final long number) {
        return 60 + (int)(number * 37 % (MTU + ETHERNET_LENGTH - 59));
    }

    @Test
    void shouldSendWhatTheMtuAllowsAndCountWhatTheDeviceRefuses() {
        lab.addPair("a0", "b0", 1500);
        final XskPort left = portOn("a0", MTU);
        final XskPort right = portOn("b0", MTU);
        addPacket(1, 1514);
        addPacket(2, 3000);
        addPacket(3, 1514);
        addPacket(4, MTU + ETHERNET_LENGTH + 1);
        assertEquals(3, left.txBurst(burst));
        assertEquals(DropReason.PACKET_TOO_BIG.id(), burst.dropReason(3), "longer than the port may send");
        giveBack();
        left.kick();
        assertEquals(2, right.rxBurst(burst));
        assertEquals(1, umem.buffer().getLong(burst.offset(0)));
        assertEquals(3, umem.buffer().getLong(burst.offset(1)));
        assertEquals(1, counted(left, PortCounter.TX_DEVICE_DROPPED), "the interface's MTU is smaller than the port's");
        giveBack();
        assertEquals(3, left.reclaim(), "its frame comes back too");
        left.close();
        right.close();
    }

    @Test
    void shouldDropWhenTheTransmitRingIsFullAndGoOnAfterwards() {
        lab.addPair("a0", "b0", MTU);
        final XskPort left = portOn("a0", MTU);
        final XskPort right = portOn("b0", MTU);
        int taken = 0;
        for (int n = 0; n < 5; n++) {
            for (int i = 0; i < 64; i++) {
                addPacket(n, 60);
            }
            taken += left.txBurst(burst);
            giveBack();
        }
        assertEquals(256, taken, "as many as the ring is deep");
        left.kick();
        assertEquals(0, left.kick(), "nothing waits any more");
        int received = 0;
        for (int n = right.rxBurst(burst); n > 0; n = right.rxBurst(burst)) {
            received += n;
            giveBack();
        }
        assertEquals(256, received);
        addPacket(9, 60);
        assertEquals(1, send(left));
        left.close();
        right.close();
        assertEquals(FRAMES, pool.freeCount());
    }

    @Test
    void shouldCountWhatTheKernelDropsForWantOfFrames() {
        lab.addPair("a0", "b0", MTU);
        final XskPort left = portOn("a0", MTU);
        final XskSocket socket = socketOn("b0");
        lab.redirect("b0", socket);
        for (int n = 0; n < 10; n++) {
            addPacket(n, 60);
        }
        send(left);
        await("drops", () -> socket.statistics().fillRingEmptyCount() >= 10);
        assertEquals(0, socket.statistics().txInvalidDescriptorCount());
        socket.close();
        left.close();
    }

    @Test
    void shouldWaitForALinkThatIsSetDownAndUpAgain() {
        lab.addPair("a0", "b0", MTU);
        final XskPort left = portOn("a0", MTU);
        final XskPort right = portOn("b0", MTU);
        lab.inside("link", "set", "a0", "down");
        addPacket(1, 60);
        send(left);
        assertEquals(1, counted(left, PortCounter.LINK_DOWN));
        assertFalse(left.isGone());
        addPacket(2, 60);
        assertEquals(0, left.txBurst(burst));
        assertEquals(DropReason.TX_INTERFACE_DOWN.id(), burst.dropReason(0));
        giveBack();
        lab.inside("link", "set", "a0", "up");
        left.housekeep();
        addPacket(3, 60);
        send(left);
        await("a packet after the link came back", () -> {
            left.kick();
            return right.rxBurst(burst) > 0;
        });
        giveBack();
        left.close();
        right.close();
        assertEquals(FRAMES, pool.freeCount());
    }

    @Test
    void shouldGetEveryFrameBackWhenInterfacesVanishUnderTraffic() throws Exception {
        final int fdCount = OpenDescriptors.count();
        for (int round = 0; round < 15; round++) {
            lab.addPair("a0", "b0", MTU);
            final XskPort left = portOn("a0", MTU);
            final XskPort right = portOn("b0", MTU);
            for (int n = 0; n < 5; n++) {
                for (int i = 0; i < 30; i++) {
                    addPacket(n, 600);
                }
                send(left);
            }
            lab.inside("link", "del", "a0");
            addPacket(1, 60);
            send(left);
            await("both ends find out", () -> {
                left.housekeep();
                right.housekeep();
                return left.isGone() && right.isGone();
            });
            int received = 0;
            for (int n = right.rxBurst(burst); n > 0; n = right.rxBurst(burst)) {
                received += n;
                giveBack();
            }
            assertEquals(150, received, "what had arrived is still delivered");
            left.reclaim();
            right.reclaim();
            assertEquals(FRAMES, pool.freeCount(), "round " + round + ": " + ledger);
            assertEquals(0, left.miscountedFrames() + right.miscountedFrames());
            left.close();
            right.close();
            lab.releasePrograms();
        }
        assertEquals(fdCount, OpenDescriptors.count(), "no descriptor leaks");
        assertEquals(0, ledger.violationCount());
    }

    @Test
    void shouldSayWhoOwnsABusyQueue() {
        lab.addPair("a0", "b0", MTU);
        final XskSocket first = socketOn("a0");
        final XskConfig again = config("a0").withBindTimeoutMs(30);
        final NativeCallException thrown =
            assertThrows(NativeCallException.class, () -> lab.call(() -> XskSocket.open(umem, again)));
        assertEquals("bind AF_XDP socket to a0 queue 0: EBUSY (another socket owns this queue;"
            + " is another engine running?)", thrown.getMessage());
        assertEquals(Errno.EBUSY, thrown.errno());
        first.close();
        lab.call(() -> XskSocket.open(umem, config("a0"))).close();
    }

    @Test
    void shouldBindAgainAsSoonAsTheKernelHasReleasedTheQueue() throws Exception {
        lab.addPair("a0", "b0", MTU);
        final int fdCount = OpenDescriptors.count();
        for (int round = 0; round < 30; round++) {
            socketOn("a0").close();
        }
        assertEquals(fdCount, OpenDescriptors.count());
    }

    @Test
    void shouldNameWhatIsWrongWithAPlace() {
        lab.addPair("a0", "b0", MTU);
        final int ifindex = lab.ifindex("a0");
        final NativeCallException noQueue = assertThrows(NativeCallException.class,
            () -> lab.call(() -> XskSocket.open(umem, new XskConfig("a0", ifindex, 7, XskMode.COPY, DEPTHS, 0, false, false))));
        assertEquals("bind AF_XDP socket to a0 queue 7: EINVAL (the interface has no such queue, or the UMEM's first"
            + " socket cannot be shared with it)", noQueue.getMessage());
        final NativeCallException noDevice = assertThrows(NativeCallException.class,
            () -> lab.call(() -> XskSocket.open(umem, new XskConfig("nope", 99_999, 0, XskMode.COPY, DEPTHS, 0, false, false))));
        assertEquals(Errno.ENODEV, noDevice.errno());
        final NativeCallException noZeroCopy = assertThrows(NativeCallException.class,
            () -> lab.call(() -> XskSocket.open(umem, config("a0").withMode(XskMode.ZERO_COPY))));
        assertEquals(Errno.EOPNOTSUPP, noZeroCopy.errno());
    }

    @Test
    void shouldShareTheUmemThroughTheAnchorWhenOtherInterfacesHaveGone() {
        lab.addPair("a0", "b0", MTU);
        lab.addPair("c0", "d0", MTU);
        final XskSocket doomed = socketOn("a0");
        assertFalse(doomed.isZeroCopy(), "auto falls back to copy on a veth");
        lab.inside("link", "del", "a0");
        final XskConfig other = config("c0");
        final NativeCallException thrown =
            assertThrows(NativeCallException.class, () -> lab.call(() -> doomed.share(other)));
        assertEquals(Errno.EBADF, thrown.errno(), "what an anchor is for");
        final XskSocket good = lab.call(() -> anchor.open(other));
        assertEquals(256, good.txBudget(), "this kernel has XDP_MAX_TX_SKB_BUDGET");
        good.close();
        doomed.close();
    }

    @Test
    void shouldRegisterTheSameMemoryTwice() {
        lab.addPair("a0", "b0", MTU);
        final XskConfig config = config("a0");
        final XskSocket socket = lab.call(() -> XskSocket.open(umem, config));
        final XskPort left = new XskPort(new PortSpec("a0", PortSpec.actions(PathFixture.ACTION), MTU),
            socket.rings(), socket, pool);
        final XskPort right = portOn("b0", MTU);
        addPacket(77, 100);
        send(left);
        assertEquals(1, right.rxBurst(burst));
        assertEquals(77, umem.buffer().getLong(burst.offset(0)));
        giveBack();
        left.close();
        right.close();
        assertEquals(FRAMES, pool.freeCount());
    }

    @Test
    void shouldSurviveDescriptorsThatTheKernelRefuses() {
        lab.addPair("a0", "b0", MTU);
        final XskSocket socket = socketOn("a0");
        final XskPort left = new XskPort(new PortSpec("a0", PortSpec.actions(PathFixture.ACTION), MTU),
            socket.rings(), socket, pool);
        addPacket(1, 60);
        left.txBurst(burst);
        burst.clear();
        final long[] badAddresses = {1L << 45, umem.segment().byteSize(), 4000};
        assertEquals(3, socket.rings().tx().reserve(3));
        for (int entry = 0; entry < 3; entry++) {
            socket.rings().tx().putDescriptor(entry, badAddresses[entry], 200, 0);
        }
        socket.rings().tx().submit(3);
        left.kick();
        await("the good packet's completion", () -> left.reclaim() > 0);
        left.reclaim();
        assertEquals(3, socket.statistics().txInvalidDescriptorCount());
        assertEquals(FRAMES, pool.freeCount());
        System.out.println("invalid descriptors completed by this kernel: "
            + counted(left, PortCounter.COMPLETION_INVALID) + " of 3");
        left.close();
    }
}
