package io.caracal.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.port.LoopbackPort;
import io.caracal.port.PathFixture;
import io.caracal.port.PortSpec;
import io.caracal.port.UplinkPort;
import io.caracal.umem.FrameLedger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three workers that give each other packets, run in any order by one thread: each once and whole, no frame lost. */
class HandOverTest {
    private static final int WORKERS = 3;
    private static final int UPLINK = 7;
    private static final int DEPTH = 64;
    private static final int FRAMES = 1024;
    private static final int RECEIVED_DEPTH = 128;

    private final HandOverWorkers together = new HandOverWorkers(WORKERS, DEPTH);
    private final List<Side> sides = new ArrayList<>();

    /** One worker: a packet's second byte names its owner, who sends it out of the uplink. */
    private final class Side {
        final int number;
        final PathFixture path = new PathFixture(FRAMES);
        final WorkerCounters counters = new WorkerCounters();
        final HandOverPort port;
        final PacketWorker worker;
        final List<byte[]> sent = new ArrayList<>();
        LoopbackPort uplink;

        Side(final int number) {
            this.number = number;
            port = new HandOverPort(number, together, path.pool);
            worker = new PacketWorker(WorkerConfig.of(number), path.pool, path.umem, this::decide, counters);
            worker.addPort(port);
            together.join(number, worker.proxy(), path.umem);
        }

        void addUplink() {
            uplink = new LoopbackPort(new PortSpec("uplink", UplinkPort.EGRESS_ACTIONS, 3600, UPLINK), path.pool,
                path.umem, RECEIVED_DEPTH);
            uplink.onTransmit((buffer, offset, length) -> {
                final byte[] bytes = new byte[length];
                buffer.getBytes(offset, bytes);
                sent.add(bytes);
            });
            worker.addPort(new UplinkPort(uplink.port(), UPLINK));
        }

        private void decide(final PacketBurst burst, final long nowNs) {
            for (int row = 0; row < burst.count; row++) {
                if (burst.verdict(row) == Verdict.UNDECIDED) {
                    assertEquals(Direction.FROM_UPLINK, burst.direction(row));
                    assertEquals(UPLINK, burst.ingressIfindex(row));
                    final int owner = burst.umem().getByte(burst.offset(row) + 8);
                    if (owner == number) {
                        burst.umem().putByte(burst.offset(row) + 9, (byte)number);
                        burst.transmit(row, EgressAction.TO_UPLINK, UPLINK);
                    } else {
                        burst.transmit(row, EgressAction.TO_WORKER, owner);
                    }
                }
            }
        }

        void run() {
            worker.doWork();
            assertEquals(0, worker.miscountedFrames(), "worker " + number);
            assertTrue(path.ledger.isBalanced());
        }
    }

    @BeforeEach
    void makeWorkers() {
        for (int number = 0; number < WORKERS; number++) {
            sides.add(new Side(number));
        }
    }

    private static UnsafeBuffer packet(final long number, final int length, final int owner) {
        final UnsafeBuffer packet = PathFixture.packet(number, length);
        packet.putByte(8, (byte)owner);
        packet.putByte(9, (byte)-1);
        return packet;
    }

    @Test
    void shouldBringEachPacketToItsOwnerAndEachFrameHome() {
        final long seed = System.nanoTime();
        System.out.println("seed " + seed);
        final Random random = new Random(seed);
        sides.forEach(Side::addUplink);
        sides.forEach(Side::run);
        final List<byte[]> expected = new ArrayList<>();
        for (int number = 0; number < 20_000; number++) {
            final UnsafeBuffer packet = packet(number, 60 + random.nextInt(3400), random.nextInt(WORKERS));
            if (sides.get(random.nextInt(WORKERS)).uplink.receive(packet, 0, packet.capacity())) {
                packet.putByte(9, packet.getByte(8));
                expected.add(packet.byteArray());
            }
            if (random.nextInt(4) == 0) {
                sides.get(random.nextInt(WORKERS)).run();
            }
        }
        for (int cycle = 0; cycle < 20; cycle++) {
            sides.forEach(Side::run);
        }
        long sentCount = 0;
        long dropCount = 0;
        for (final Side side : sides) {
            side.sent.forEach(bytes -> assertEquals(side.number, bytes[9]));
            sentCount += side.sent.size();
            dropCount += side.counters.drops(DropReason.HAND_OVER_FULL);
            assertEquals(side.counters.drops(), side.counters.drops(DropReason.HAND_OVER_FULL));
            assertEquals(FRAMES, side.path.pool.freeCount() + side.path.ledger.count(FrameLedger.fillOf(1)),
                side.path.ledger.toString());
        }
        assertEquals(expected.size(), sentCount + dropCount);
        assertTrue(sentCount > 15_000, sentCount + " of " + expected.size());
        final Set<ByteBuffer> wanted = expected.stream().map(ByteBuffer::wrap).collect(Collectors.toSet());
        assertEquals(expected.size(), wanted.size(), "each packet has its number");
        sides.forEach(side -> side.sent.forEach(
            bytes -> assertTrue(wanted.remove(ByteBuffer.wrap(bytes)), "once and whole")));
    }

    @Test
    void shouldSendByAnotherWorkerWhatHasNoQueueHere() {
        sides.get(0).addUplink();
        sides.get(1).port.relay(UPLINK, 0);
        sides.forEach(Side::run);
        final UnsafeBuffer packet = packet(5, 1500, 1);
        assertTrue(sides.get(0).uplink.receive(packet, 0, packet.capacity()));
        sides.get(0).run();
        sides.get(1).run();
        assertEquals(0, sides.get(0).sent.size());
        sides.get(0).run();
        assertEquals(1, sides.get(0).sent.size(), "came to 0, is 1's, and leaves by 0 again");
        assertEquals(1, sides.get(0).sent.getFirst()[9], "decided by 1");
        assertEquals(1, sides.get(1).counters.txPackets(EgressAction.TO_WORKER));
        assertEquals(0, sides.get(1).counters.txPackets(EgressAction.TO_UPLINK));
        sides.get(1).port.relay(UPLINK, 1);
        assertTrue(sides.get(0).uplink.receive(packet, 0, packet.capacity()));
        sides.get(0).run();
        sides.get(1).run();
        assertEquals(1, sides.get(1).counters.drops(DropReason.EGRESS_PORT_MISSING));
    }

    @Test
    void shouldDropWhatABusyOwnerCannotTake() {
        sides.get(0).addUplink();
        sides.get(0).run();
        sides.get(0).run();
        for (int number = 0; number < DEPTH + 30; number++) {
            final UnsafeBuffer packet = packet(number, 100, 2);
            assertTrue(sides.get(0).uplink.receive(packet, 0, packet.capacity()));
        }
        sides.get(0).run();
        sides.get(0).run();
        assertEquals(30, sides.get(0).counters.drops(DropReason.HAND_OVER_FULL));
        assertEquals(DEPTH, sides.get(0).path.ledger.count(FrameLedger.txOf(sides.get(0).port.portNumber())));
        assertTrue(sides.get(2).port.hasWaiting());
        sides.get(2).run();
        sides.get(2).run();
        sides.get(0).run();
        assertEquals(0, sides.get(0).path.ledger.count(FrameLedger.txOf(sides.get(0).port.portNumber())));
    }
}
