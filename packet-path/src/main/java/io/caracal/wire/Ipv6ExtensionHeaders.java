package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks from the fixed IPv6 header to the transport header (RFC 8200 section 4). Stateless; any thread.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Next header  |  Hdr ext len  |  hop-by-hop, routing, destination
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  options: (len + 1) * 8 bytes;
 *                                     authentication: (len + 2) * 4 bytes
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |  Next header  |   Reserved    |      Fragment offset    |Res|M|
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Identification                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 *
 * <p>A walk's result is one {@code long}, so that it needs no object: read it by {@link #protocol}, {@link #length},
 * {@link #isFragment} and {@link #isLaterFragment}. The headers that are walked are the kernel's choice
 * ({@code net/ipv6/exthdrs_core.c}, {@code ipv6_ext_hdr}); everything else is a transport protocol.</p>
 */
public final class Ipv6ExtensionHeaders {
    /** The result for a chain that is truncated, too long or out of order. */
    public static final long MALFORMED = -1;
    /** RFC 8200 section 4.1 lists seven positions; one more bounds the walk's cost without refusing a legal chain. */
    public static final int MAX_HEADERS = 8;
    /** Bytes of a fragment header. */
    public static final int FRAGMENT_LENGTH = 8;

    /** Bit of {@link #fragmentWord}: more fragments follow. */
    public static final int MORE_FRAGMENTS = 1;

    /** Each extension header is a multiple of eight bytes, and so at least that long. */
    private static final int MIN_HEADER_LENGTH = 8;
    private static final int FRAGMENT_WORD_OFFSET = 2;
    private static final int IDENTIFICATION_OFFSET = 4;
    private static final int FRAGMENT_OFFSET_MASK = 0xFFF8;
    private static final int LENGTH_SHIFT = 8;
    private static final long FRAGMENT_BIT = 1L << 32;
    private static final long LATER_FRAGMENT_BIT = 1L << 33;

    private Ipv6ExtensionHeaders() {
    }

    /**
     * Walks the chain behind a header. {@link #MALFORMED} when a header ends beyond the payload; there are more than
     * {@link #MAX_HEADERS}; hop-by-hop options come anywhere but first; or a fragment would reach beyond the largest
     * datagram. The walk ends at the first fragment header that is not the first of its datagram, since what follows
     * it is payload.
     *
     * @param buffer the bytes.
     * @param offset index of the fixed header's first byte; that header is there.
     * @param length bytes that are there, fixed header included; the walk stays within them and the payload length.
     * @return what was found, or {@link #MALFORMED}.
     */
    public static long walk(final UnsafeBuffer buffer, final int offset, final int length) {
        final int nextHeader = Ipv6Header.nextHeader(buffer, offset);
        if (!isExtension(nextHeader)) {
            return nextHeader;
        }
        final int payload = Math.min(Ipv6Header.payloadLength(buffer, offset), length - Ipv6Header.LENGTH);
        return walkChain(buffer, offset, offset + Ipv6Header.LENGTH + payload);
    }

    /**
     * The transport protocol of a walk's result; for a later fragment the first one's next header.
     *
     * @param walked a result that is not {@link #MALFORMED}.
     * @return 0 .. 255.
     */
    public static int protocol(final long walked) {
        return (int)walked & 0xFF;
    }

    /**
     * Bytes of all extension headers.
     *
     * @param walked a result that is not {@link #MALFORMED}.
     * @return 0 when there are none.
     */
    public static int length(final long walked) {
        return (int)walked >>> LENGTH_SHIFT;
    }

    /**
     * Whether the packet is part of a larger datagram. An atomic fragment (the only one of its datagram, RFC 6946) is
     * not.
     *
     * @param walked a result that is not {@link #MALFORMED}.
     * @return true for any part.
     */
    public static boolean isFragment(final long walked) {
        return (walked & FRAGMENT_BIT) != 0;
    }

    /**
     * Whether the packet is a part that has no transport header.
     *
     * @param walked a result that is not {@link #MALFORMED}.
     * @return true for any part but the first.
     */
    public static boolean isLaterFragment(final long walked) {
        return (walked & LATER_FRAGMENT_BIT) != 0;
    }

    /**
     * Finds the fragment header of a packet that {@link #walk} called a fragment.
     *
     * @param buffer the bytes.
     * @param offset index of the fixed header's first byte.
     * @return index of the fragment header's first byte.
     */
    public static int fragmentHeader(final UnsafeBuffer buffer, final int offset) {
        int header = Ipv6Header.nextHeader(buffer, offset);
        int position = offset + Ipv6Header.LENGTH;
        while (header != IpProtocol.FRAGMENT && isExtension(header)) {
            final int length = headerLength(buffer, position, header);
            header = buffer.getByte(position) & 0xFF;
            position += length;
        }
        return position;
    }

    /**
     * Where a fragment's payload belongs, and whether more follow.
     *
     * @param buffer the bytes.
     * @param fragmentHeader as {@link #fragmentHeader} found it.
     * @return the offset in bytes, a multiple of 8, and {@link #MORE_FRAGMENTS}.
     */
    public static int fragmentWord(final UnsafeBuffer buffer, final int fragmentHeader) {
        final int word = buffer.getShort(fragmentHeader + FRAGMENT_WORD_OFFSET, ByteOrder.BIG_ENDIAN);
        return word & (FRAGMENT_OFFSET_MASK | MORE_FRAGMENTS);
    }

    /**
     * The identification that fragments of one datagram share.
     *
     * @param buffer the bytes.
     * @param fragmentHeader as {@link #fragmentHeader} found it.
     * @return 32 bits.
     */
    public static int fragmentIdentification(final UnsafeBuffer buffer, final int fragmentHeader) {
        return buffer.getInt(fragmentHeader + IDENTIFICATION_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    private static long walkChain(final UnsafeBuffer buffer, final int offset, final int end) {
        int header = Ipv6Header.nextHeader(buffer, offset);
        int position = offset + Ipv6Header.LENGTH;
        long flags = 0;
        for (int count = 0; isExtension(header); count++) {
            final boolean misplaced = header == IpProtocol.HOP_BY_HOP && count > 0;
            if (count == MAX_HEADERS || misplaced || position + MIN_HEADER_LENGTH > end) {
                return MALFORMED;
            }
            if (header == IpProtocol.FRAGMENT) {
                flags |= fragmentFlags(buffer, position, end);
                if (flags < 0) {
                    return MALFORMED;
                }
            }
            final int length = headerLength(buffer, position, header);
            header = buffer.getByte(position) & 0xFF;
            position += length;
            if (position > end) {
                return MALFORMED;
            }
            if ((flags & LATER_FRAGMENT_BIT) != 0) {
                break;
            }
        }
        return flags | (long)(position - offset - Ipv6Header.LENGTH) << LENGTH_SHIFT | header;
    }

    private static boolean isExtension(final int header) {
        return switch (header) {
            case IpProtocol.HOP_BY_HOP, IpProtocol.ROUTING, IpProtocol.FRAGMENT, IpProtocol.AUTHENTICATION,
                IpProtocol.DESTINATION_OPTIONS -> true;
            default -> false;
        };
    }

    private static int headerLength(final UnsafeBuffer buffer, final int position, final int header) {
        final int units = buffer.getByte(position + 1) & 0xFF;
        return switch (header) {
            case IpProtocol.FRAGMENT -> FRAGMENT_LENGTH;
            case IpProtocol.AUTHENTICATION -> units + 2 << 2;
            default -> units + 1 << 3;
        };
    }

    private static long fragmentFlags(final UnsafeBuffer buffer, final int position, final int end) {
        final int word = Short.toUnsignedInt(
            buffer.getShort(position + FRAGMENT_WORD_OFFSET, ByteOrder.BIG_ENDIAN));
        final int start = word & FRAGMENT_OFFSET_MASK;
        if (start + end - position - FRAGMENT_LENGTH > 0xFFFF) {
            return MALFORMED;
        }
        if (start > 0) {
            return FRAGMENT_BIT | LATER_FRAGMENT_BIT;
        }
        return (word & MORE_FRAGMENTS) != 0 ? FRAGMENT_BIT : 0;
    }
}
