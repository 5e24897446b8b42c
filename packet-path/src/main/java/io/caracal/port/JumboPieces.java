package io.caracal.port;

import io.caracal.bindings.AfXdp;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.TxRing;

/**
 * Packets of several descriptors (XDP_USE_SG, Linux 6.6), of one port. A chunk of a UMEM is a page at most, so the
 * kernel brings a packet of 9000 bytes in three; they are put together in a block of frames that lie next to each
 * other, which is a row like any other to all stages, and cut at the frames' ends again when it leaves. One copy of the
 * bytes is the price. The worker's thread; allocates nothing after its constructor.
 */
final class JumboPieces {
    private static final int FRAME_MASK = Umem.FRAME_SIZE - 1;

    private final FramePool pool;
    private final FrameLedger ledger;
    private final TxRing tx;
    private final int txHolder;
    private final int maxPacketLength;
    /** Where the packet is put together whose last piece has not come: HELD, since a burst may end between pieces. */
    private long block = FramePool.EMPTY;
    private int length;
    private boolean isOpen;

    JumboPieces(final FramePool pool, final TxRing tx, final int txHolder, final int maxPacketLength) {
        this.pool = pool;
        this.tx = tx;
        this.txHolder = txHolder;
        this.maxPacketLength = maxPacketLength;
        ledger = pool.ledger();
    }

    /** Whether the next descriptor belongs to a packet that has begun. */
    boolean isOpen() {
        return isOpen;
    }

    /** Takes a piece, whose frame is the burst's; with the last one the packet becomes a row. */
    void add(final PacketBurst burst, final long address, final int pieceLength, final int options) {
        if (!isOpen) {
            isOpen = true;
            length = 0;
            block = pool.takeBlock(FrameLedger.HELD);
        }
        if (pieceLength <= 0 || pieceLength > Umem.bytesToFrameEnd(address)
            || length + pieceLength > Umem.MAX_BLOCK_PACKET_LENGTH) {
            abandonBlock();
        }
        if (block != FramePool.EMPTY) {
            burst.umem().putBytes((int)block + Umem.RX_HEADROOM + length, burst.umem(), (int)address, pieceLength);
            length += pieceLength;
        }
        if ((options & AfXdp.XDP_PKT_CONTD) != 0) {
            pool.give(address, FrameLedger.BURST);
        } else {
            finish(burst, address, pieceLength);
        }
    }

    private void finish(final PacketBurst burst, final long address, final int pieceLength) {
        isOpen = false;
        if (block == FramePool.EMPTY) {
            /* The last piece stands for the packet that is dropped. */
            burst.add(address, pieceLength);
            burst.drop(burst.count - 1, DropReason.JUMBO_NO_ROOM);
            return;
        }
        pool.give(address, FrameLedger.BURST);
        ledger.movePacket(Umem.frameOf(block), FrameLedger.HELD, FrameLedger.BURST);
        burst.add(block + Umem.RX_HEADROOM, length);
        block = FramePool.EMPTY;
    }

    private void abandonBlock() {
        if (block != FramePool.EMPTY) {
            pool.give(block, FrameLedger.HELD);
            block = FramePool.EMPTY;
        }
    }

    /** The port ends: no other piece will come. */
    void abandon() {
        abandonBlock();
        isOpen = false;
    }

    /** Descriptors that rows of a burst need beyond one each. */
    static int moreDescriptors(final PacketBurst burst, final FrameLedger ledger) {
        if (!ledger.hasBlocks()) {
            return 0;
        }
        int more = 0;
        for (int row = 0; row < burst.count; row++) {
            if (burst.verdict(row) == Verdict.TRANSMIT && ledger.isOfBlock(Umem.frameOf(burst.frameAddress(row)))) {
                more += count(burst, row) - 1;
            }
        }
        return more;
    }

    /** Descriptors of a row in a block: none crosses a frame's end. */
    static int count(final PacketBurst burst, final int row) {
        return Umem.frameOf(burst.frameAddress(row) + burst.length(row) - 1)
            - Umem.frameOf(burst.frameAddress(row)) + 1;
    }

    /** Sends a row in a block, or drops it with its reason; returns the next free entry of the reservation. */
    int send(final PacketBurst burst, final int row, final int firstEntry) {
        final long address = burst.frameAddress(row);
        final int total = burst.length(row);
        if (total > maxPacketLength) {
            burst.drop(row, DropReason.PACKET_TOO_BIG);
            return firstEntry;
        }
        if (total <= 0 || !ledger.movePacket(Umem.frameOf(address), FrameLedger.BURST, txHolder)) {
            burst.drop(row, DropReason.TX_DESCRIPTOR_INVALID);
            return firstEntry;
        }
        int entry = firstEntry;
        int sent = 0;
        while (sent < total) {
            final int piece = Math.min(total - sent, FRAME_MASK + 1 - (int)(address + sent & FRAME_MASK));
            sent += piece;
            tx.putDescriptor(entry++, address + sent - piece, piece, sent < total ? AfXdp.XDP_PKT_CONTD : 0);
        }
        giveUnused(Umem.frameOf(address), Umem.frameOf(address + total - 1));
        burst.verdict(row, Verdict.SENT);
        return entry;
    }

    /** Frames of the block that no descriptor names will not be completed. */
    private void giveUnused(final int firstUsed, final int lastUsed) {
        final int first = ledger.firstOfBlock(firstUsed);
        for (int frame = first; frame < first + FrameLedger.BLOCK_FRAMES; frame++) {
            if (frame < firstUsed || frame > lastUsed) {
                pool.giveFrame(Umem.addressOf(frame), txHolder);
            }
        }
    }
}
