package io.caracal.conntrack;

import io.caracal.wire.TcpHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What the state machine needs of one TCP segment, read once: a mutable holder that its owner fills for each packet.
 * Sequence numbers are compared by their difference (RFC 9293 section 3.4), so they are plain ints.
 */
final class TcpSegment {
    /** SYN without ACK. */
    static final int SYN = 0;
    /** SYN with ACK. */
    static final int SYN_ACK = 1;
    /** FIN; ACK is set as well in every valid one. */
    static final int FIN = 2;
    /** Neither SYN, FIN nor RST. */
    static final int ACK = 3;
    /** RST. */
    static final int RST = 4;
    /** None of these: nothing that a TCP sends. */
    static final int NONE = 5;

    /** Largest shift of the window scale option (RFC 7323 section 2.3). */
    static final int MAX_WINDOW_SCALE = 14;

    private static final int KIND_FLAGS = TcpHeader.FIN | TcpHeader.SYN | TcpHeader.RST | TcpHeader.ACK | TcpHeader.URG;
    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_WINDOW_SCALE = 3;
    private static final int OPTION_SACK_PERMITTED = 4;
    private static final int OPTION_SACK = 5;
    private static final int SACK_BLOCK_SIZE = 8;

    int flags;
    int sequence;
    int acknowledgement;
    /** As in the header, without scale. */
    int window;
    /** Sequence number after the last byte; SYN and FIN count one each. */
    int end;

    private UnsafeBuffer buffer;
    private int optionsOffset;
    private int optionsLength;

    /**
     * Reads a segment whose header the parse stage has checked.
     *
     * @param packet its bytes.
     * @param offset of the TCP header.
     * @param length bytes from there to the end of the datagram.
     */
    void read(final UnsafeBuffer packet, final int offset, final int length) {
        final int headerLength = TcpHeader.headerLength(packet, offset);
        set(TcpHeader.flags(packet, offset), TcpHeader.sequence(packet, offset),
            TcpHeader.acknowledgement(packet, offset), TcpHeader.window(packet, offset), length - headerLength);
        buffer = packet;
        optionsOffset = offset + TcpHeader.MIN_LENGTH;
        optionsLength = headerLength - TcpHeader.MIN_LENGTH;
    }

    /** Whether the segment at an offset is a SYN that opens a connection: without ACK. */
    static boolean isOpening(final UnsafeBuffer packet, final int offset) {
        return (TcpHeader.flags(packet, offset) & (TcpHeader.SYN | TcpHeader.ACK | TcpHeader.RST)) == TcpHeader.SYN;
    }

    /** A segment without options. */
    void set(final int segmentFlags, final int segmentSequence, final int segmentAcknowledgement,
        final int segmentWindow, final int payloadLength) {
        flags = segmentFlags;
        sequence = segmentSequence;
        acknowledgement = segmentAcknowledgement;
        window = segmentWindow;
        end = segmentSequence + payloadLength + (isSet(TcpHeader.SYN) ? 1 : 0) + (isSet(TcpHeader.FIN) ? 1 : 0);
        optionsLength = 0;
    }

    boolean hasOptions() {
        return optionsLength > 0;
    }

    boolean isSet(final int flag) {
        return (flags & flag) != 0;
    }

    /** Which of the six kinds it is; RST outweighs SYN, which outweighs FIN. */
    int kind() {
        if (isSet(TcpHeader.RST)) {
            return RST;
        }
        if (isSet(TcpHeader.SYN)) {
            return isSet(TcpHeader.ACK) ? SYN_ACK : SYN;
        }
        if (isSet(TcpHeader.FIN)) {
            return FIN;
        }
        return isSet(TcpHeader.ACK) ? ACK : NONE;
    }

    /** Whether a TCP may send these flags together; PSH and the congestion bits go with all. */
    boolean hasValidFlags() {
        return switch (flags & KIND_FLAGS & ~TcpHeader.URG) {
            case TcpHeader.SYN, TcpHeader.ACK, TcpHeader.FIN | TcpHeader.ACK -> true;
            case TcpHeader.SYN | TcpHeader.ACK, TcpHeader.RST, TcpHeader.RST | TcpHeader.ACK -> !isSet(TcpHeader.URG);
            default -> false;
        };
    }

    /**
     * The window scale option of a SYN.
     *
     * @return the shift, at most 14; -1 without the option.
     */
    int windowScale() {
        final int at = find(OPTION_WINDOW_SCALE, 3);
        return at < 0 ? -1 : Math.min(buffer.getByte(at + 2) & 0xff, MAX_WINDOW_SCALE);
    }

    /** Whether a SYN allows selective acknowledgements. */
    boolean isSackPermitted() {
        return find(OPTION_SACK_PERMITTED, 2) >= 0;
    }

    /** The highest sequence number that it acknowledges, selectively or not. */
    int highestAcknowledgement() {
        int highest = acknowledgement;
        final int at = find(OPTION_SACK, 0);
        if (at < 0) {
            return highest;
        }
        final int blocks = ((buffer.getByte(at + 1) & 0xff) - 2) / SACK_BLOCK_SIZE;
        for (int block = 0; block < blocks; block++) {
            final int right = buffer.getInt(at + 2 + block * SACK_BLOCK_SIZE + 4, java.nio.ByteOrder.BIG_ENDIAN);
            if (right - highest > 0) {
                highest = right;
            }
        }
        return highest;
    }

    /** Position of a whole option of a kind and size (0: any), or -1. Ends at the first malformed option. */
    private int find(final int kind, final int size) {
        int offset = optionsOffset;
        final int limit = optionsOffset + optionsLength;
        while (offset < limit) {
            final int found = buffer.getByte(offset) & 0xff;
            if (found == OPTION_END) {
                return -1;
            }
            if (found == OPTION_NOP) {
                offset++;
                continue;
            }
            if (offset + 1 >= limit) {
                return -1;
            }
            final int length = buffer.getByte(offset + 1) & 0xff;
            if (length < 2 || offset + length > limit) {
                return -1;
            }
            if (found == kind && (size == 0 || size == length)) {
                return offset;
            }
            offset += length;
        }
        return -1;
    }
}
