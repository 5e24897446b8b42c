package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.AfXdp;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import java.nio.ByteBuffer;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Packets of several descriptors, put together and cut again; each frame comes back, also of packets that are lost. */
class JumboPiecesTest {
    private static final int SINGLE_FRAMES = 32;
    private static final int BLOCKS = 2;
    private static final int FRAMES = SINGLE_FRAMES + BLOCKS * FrameLedger.BLOCK_FRAMES;
    private static final int MAX_LENGTH = 9230;

    private final UnsafeBuffer umem = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAMES * Umem.FRAME_SIZE));
    private final FrameLedger ledger = new FrameLedger(FRAMES);
    private final FramePool pool = new FramePool(ledger, 0, SINGLE_FRAMES, BLOCKS);
    private final RingMemory ring = RingMemory.allocate(16, RingMemory.DESCRIPTOR_SIZE);
    private final TxRing tx = new TxRing(ring);
    private final RxRing wire = new RxRing(ring);
    private final int txHolder = FrameLedger.txOf(ledger.addPort());
    private final JumboPieces pieces = new JumboPieces(pool, tx, txHolder, MAX_LENGTH);
    private final PacketBurst burst = new PacketBurst(umem);

    /** As the kernel brings it: as much as a frame has behind its headroom in each piece. */
    private void receive(final byte[] packet) {
        for (int from = 0; from < packet.length; from += Umem.MAX_PACKET_LENGTH) {
            final int length = Math.min(Umem.MAX_PACKET_LENGTH, packet.length - from);
            final long address = pool.take(FrameLedger.BURST) + Umem.RX_HEADROOM;
            umem.putBytes((int)address, packet, from, length);
            pieces.add(burst, address, length, from + length < packet.length ? AfXdp.XDP_PKT_CONTD : 0);
        }
    }

    /** Sends a row; its bytes as the descriptors name them. */
    private byte[] send(final int row) {
        burst.transmit(row, (byte)1, 1);
        final int count = JumboPieces.count(burst, row);
        assertEquals(count, tx.reserve(count));
        assertEquals(count, pieces.send(burst, row, 0));
        tx.submit(count);
        final byte[] bytes = new byte[burst.length(row)];
        int at = 0;
        assertEquals(count, wire.peek(16));
        for (int entry = 0; entry < count; entry++) {
            final long address = wire.address(entry);
            assertTrue(wire.length(entry) <= Umem.bytesToFrameEnd(address), "no descriptor crosses a frame's end");
            assertEquals(entry < count - 1 ? AfXdp.XDP_PKT_CONTD : 0, wire.options(entry));
            umem.getBytes((int)address, bytes, at, wire.length(entry));
            at += wire.length(entry);
            assertTrue(pool.giveFrame(address, txHolder), "completed");
        }
        wire.release(count);
        return bytes;
    }

    private void assertAllFree() {
        assertEquals(SINGLE_FRAMES, pool.freeCount(), ledger.toString());
        assertEquals(BLOCKS, pool.freeBlockCount(), ledger.toString());
        assertEquals(0, ledger.violationCount());
        assertTrue(ledger.isBalanced());
    }

    private static byte[] packet(final Random random, final int length) {
        final byte[] packet = new byte[length];
        random.nextBytes(packet);
        return packet;
    }

    @Test
    void shouldPutTogetherAndCutAgainWhateverTheLength() {
        final Random random = new Random(5);
        for (int length = Umem.MAX_PACKET_LENGTH + 1; length <= MAX_LENGTH; length += 1 + random.nextInt(40)) {
            final byte[] packet = packet(random, length);
            receive(packet);
            assertEquals(1, burst.count);
            assertEquals(length, burst.length(0));
            /* Stages put headers in front of a packet and take them off. */
            final int moved = random.nextInt(141) - 70;
            burst.frameAddress(0, burst.frameAddress(0) + moved);
            burst.length(0, Math.min(MAX_LENGTH, length - moved));
            umem.putBytes((int)burst.frameAddress(0), packet, 0, Math.min(length, burst.length(0)));
            final byte[] sent = send(0);
            final int same = Math.min(length, sent.length);
            assertArrayEquals(java.util.Arrays.copyOf(packet, same), java.util.Arrays.copyOf(sent, same));
            assertEquals(Verdict.SENT, burst.verdict(0));
            burst.clear();
            assertAllFree();
        }
    }

    @Test
    void shouldDropWhatFindsNoBlockOrIsTooLong() {
        final Random random = new Random(6);
        for (int packet = 0; packet <= BLOCKS; packet++) {
            receive(packet(random, 9000));
        }
        assertEquals(BLOCKS + 1, burst.count);
        assertEquals(DropReason.JUMBO_NO_ROOM.id(), burst.dropReason(BLOCKS));
        for (int row = 0; row <= BLOCKS; row++) {
            pool.give(burst.frameAddress(row), FrameLedger.BURST);
        }
        burst.clear();
        assertAllFree();
        receive(packet(random, Umem.MAX_BLOCK_PACKET_LENGTH + 1));
        assertEquals(DropReason.JUMBO_NO_ROOM.id(), burst.dropReason(0));
        pool.give(burst.frameAddress(0), FrameLedger.BURST);
        burst.clear();
        assertAllFree();
    }

    @Test
    void shouldGiveBackAPacketWhoseLastPieceNeverComes() {
        final long address = pool.take(FrameLedger.BURST) + Umem.RX_HEADROOM;
        pieces.add(burst, address, 3000, AfXdp.XDP_PKT_CONTD);
        assertTrue(pieces.isOpen());
        assertEquals(FrameLedger.BLOCK_FRAMES, ledger.count(FrameLedger.HELD));
        pieces.abandon();
        assertAllFree();
    }

    @Test
    void shouldRefuseToSendMoreThanTheInterfaceTakes() {
        receive(packet(new Random(7), MAX_LENGTH + 1));
        burst.transmit(0, (byte)1, 1);
        assertEquals(0, pieces.send(burst, 0, 0));
        assertEquals(DropReason.PACKET_TOO_BIG.id(), burst.dropReason(0));
        pool.give(burst.frameAddress(0), FrameLedger.BURST);
        assertAllFree();
    }
}
