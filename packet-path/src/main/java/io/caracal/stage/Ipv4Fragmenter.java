package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.Ipv4Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Cuts an IPv4 packet that may be fragmented into pieces that fit (RFC 791 section 2.3): the row keeps the first, the
 * others become rows at the burst's end, in frames of the worker's pool. A fragment can be cut again. Belongs to one
 * worker; allocates nothing.
 */
final class Ipv4Fragmenter {
    private static final int OPTION_END = 0;
    private static final int OPTION_NO_OPERATION = 1;
    private static final int OPTION_COPIED = 0x80;

    private static final int PIECE_LENGTH_MAX = Umem.MAX_PACKET_LENGTH - EthernetHeader.LENGTH;

    private final FramePool pool;

    Ipv4Fragmenter(final FramePool pool) {
        this.pool = pool;
    }

    /**
     * Cuts a row whose "don't fragment" is clear. Drops it where frames, or rows of the burst, are not enough for all
     * pieces: some would be of no use.
     *
     * @return true when the row and all from the former end of the burst on are its pieces.
     */
    boolean cut(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int mtu) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int headerLength = Ipv4Header.headerLength(umem, l3);
        final int payloadLength = burst.length(row) - burst.l3Offset(row) - headerLength;
        /* A piece has a frame of its own, however long the next link's packets may be. */
        final int pieceLength = Math.min(mtu, PIECE_LENGTH_MAX) - headerLength & ~7;
        final int moreCount = (payloadLength - 1) / pieceLength;
        if (moreCount > burst.room() || moreCount > pool.freeCount()) {
            burst.drop(row, DropReason.FRAGMENTATION_NO_ROOM);
            return false;
        }
        final int word = Ipv4Header.fragmentWord(umem, l3);
        for (int piece = 1; piece <= moreCount; piece++) {
            final int from = piece * pieceLength;
            final int length = Math.min(pieceLength, payloadLength - from);
            final int more = piece < moreCount ? Ipv4Header.MORE_FRAGMENTS : word & Ipv4Header.MORE_FRAGMENTS;
            final int offset = (word & Ipv4Header.FRAGMENT_OFFSET_MASK) + (from >> 3);
            addPiece(burst, umem, row, from, length, more | offset);
        }
        Ipv4Header.rewriteFragment(umem, l3, headerLength + pieceLength, word | Ipv4Header.MORE_FRAGMENTS);
        burst.length(row, burst.l3Offset(row) + headerLength + pieceLength);
        burst.addFlags(row, PacketFlags.FRAGMENT);
        return true;
    }

    private void addPiece(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int from, final int length,
        final int fragmentWord) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int headerLength = Ipv4Header.headerLength(umem, l3);
        final long address = pool.take(FrameLedger.BURST) + Umem.RX_HEADROOM;
        final int pieceL3 = (int)address + EthernetHeader.LENGTH;
        umem.putBytes((int)address, umem, l3 - EthernetHeader.LENGTH, EthernetHeader.LENGTH + headerLength);
        umem.putBytes(pieceL3 + headerLength, umem, l3 + headerLength + from, length);
        blankOptions(umem, pieceL3 + Ipv4Header.MIN_LENGTH, pieceL3 + headerLength);
        Ipv4Header.rewriteFragment(umem, pieceL3, headerLength + length, fragmentWord);
        burst.add(address, EthernetHeader.LENGTH + headerLength + length);
        final int added = burst.count - 1;
        burst.direction(added, burst.direction(row));
        burst.ingressIfindex(added, burst.ingressIfindex(row));
        burst.etherType(added, burst.etherType(row));
        burst.ipVersion(added, burst.ipVersion(row));
        burst.ipProtocol(added, burst.ipProtocol(row));
        burst.l3Offset(added, EthernetHeader.LENGTH);
        burst.l4Offset(added, 0);
        burst.sourcePort(added, burst.sourcePort(row));
        burst.destinationPort(added, burst.destinationPort(row));
        burst.flags(added, burst.flags(row) | PacketFlags.FRAGMENT | PacketFlags.LATER_FRAGMENT);
        burst.flowHash(added, burst.flowHash(row));
        burst.route(added, burst.route(row));
    }

    /** Options without the "copied" bit belong to the first fragment alone; Linux overwrites them the same way. */
    private static void blankOptions(final UnsafeBuffer umem, final int from, final int end) {
        int index = from;
        while (index < end && umem.getByte(index) != OPTION_END) {
            final int type = umem.getByte(index) & 0xFF;
            final int optionLength = type == OPTION_NO_OPERATION || index + 1 == end
                ? 1 : Math.max(1, Math.min(umem.getByte(index + 1) & 0xFF, end - index));
            if ((type & OPTION_COPIED) == 0) {
                umem.setMemory(index, optionLength, (byte)OPTION_NO_OPERATION);
            }
            index += optionLength;
        }
    }
}
