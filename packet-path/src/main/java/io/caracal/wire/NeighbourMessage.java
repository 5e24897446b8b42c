package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of neighbour solicitations and advertisements (RFC 4861 sections 4.3, 4.4 and 4.6). Stateless; any thread;
 * the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Type (135/136)|     Code (0)  |            Checksum           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |R|S|O|                     Reserved                            |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                                                               |
 *  +                      Target address (16 bytes)                +
 *  |                                                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Option type   | Length (of 8) |   Link-layer address (6)      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class NeighbourMessage {
    /** Bytes of a message without options. */
    public static final int MIN_LENGTH = 24;
    /** Bytes of a link-layer address option for Ethernet. */
    public static final int LINK_ADDRESS_OPTION_LENGTH = 8;
    /** Option type: the sender's link-layer address. */
    public static final int SOURCE_LINK_ADDRESS = 1;
    /** Option type: the target's link-layer address. */
    public static final int TARGET_LINK_ADDRESS = 2;
    /** Flag of an advertisement: the sender is a router. */
    public static final int ROUTER = 0x8000_0000;
    /** Flag of an advertisement: answers a solicitation. */
    public static final int SOLICITED = 0x4000_0000;
    /** Flag of an advertisement: replaces what the receiver has cached. */
    public static final int OVERRIDE = 0x2000_0000;

    private static final int FLAGS_OFFSET = 4;
    private static final int TARGET_OFFSET = 8;
    private static final int OPTION_LENGTH_SHIFT = 3;
    /** What the sum of a message, its pseudo-header and its checksum folds to. */
    private static final int CONSISTENT = 0xFFFF;

    private NeighbourMessage() {
    }

    /**
     * Whether a solicitation may be believed (RFC 4861 section 7.1.1). False when the hop limit is not 255, so that
     * it may have crossed a router; the code is not 0; the message is shorter than {@link #MIN_LENGTH}; the target or
     * the source is multicast; an option has length 0 or ends beyond the message; the source is unspecified
     * (duplicate address detection) and the destination is no solicited-node address or a source link-layer address
     * is given; or the checksum is wrong.
     *
     * @param buffer the bytes.
     * @param ipv6Offset index of a valid IPv6 header's first byte; the message follows it directly (a fragmented
     *     solicitation must not be answered, RFC 6980, and none has a reason to carry other extension headers).
     * @return true when the accessors may be used and an answer is due.
     */
    public static boolean isValidSolicitation(final UnsafeBuffer buffer, final int ipv6Offset) {
        final int offset = ipv6Offset + Ipv6Header.LENGTH;
        final int length = Ipv6Header.payloadLength(buffer, ipv6Offset);
        if (length < MIN_LENGTH || Ipv6Header.hopLimit(buffer, ipv6Offset) != Ipv6Header.MAX_HOP_LIMIT
            || IcmpHeader.typeAndCode(buffer, offset) != Icmpv6Type.NEIGHBOUR_SOLICITATION << 8) {
            return false;
        }
        return !Ipv6Address.isMulticast(targetHigh(buffer, offset))
            && areAddressesValid(buffer, ipv6Offset, length)
            && InternetChecksum.fold(checkedSum(buffer, ipv6Offset, length)) == CONSISTENT;
    }

    /**
     * The upper half of the address that is asked for or announced.
     *
     * @param buffer the bytes.
     * @param offset index of the message's first byte.
     * @return host order.
     */
    public static long targetHigh(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + TARGET_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The lower half of the address that is asked for or announced.
     *
     * @param buffer the bytes.
     * @param offset index of the message's first byte.
     * @return host order.
     */
    public static long targetLow(final UnsafeBuffer buffer, final int offset) {
        return buffer.getLong(offset + TARGET_OFFSET + 8, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The flags of an advertisement.
     *
     * @param buffer the bytes.
     * @param offset index of the message's first byte.
     * @return bits of {@link #ROUTER}, {@link #SOLICITED}, {@link #OVERRIDE}.
     */
    public static int flags(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + FLAGS_OFFSET, ByteOrder.BIG_ENDIAN) & (ROUTER | SOLICITED | OVERRIDE);
    }

    /**
     * Finds a link-layer address among the options of a message whose options
     * {@linkplain #isValidSolicitation are well-formed}.
     *
     * @param buffer the bytes.
     * @param offset index of the message's first byte.
     * @param length bytes of the message.
     * @param optionType {@link #SOURCE_LINK_ADDRESS} or {@link #TARGET_LINK_ADDRESS}.
     * @return as {@link MacAddress} has it, or -1 when there is none.
     */
    public static long linkAddress(
        final UnsafeBuffer buffer, final int offset, final int length, final int optionType) {
        int position = MIN_LENGTH;
        while (position + LINK_ADDRESS_OPTION_LENGTH <= length) {
            if ((buffer.getByte(offset + position) & 0xFF) == optionType) {
                return MacAddress.read(buffer, offset + position + 2);
            }
            position += optionLength(buffer, offset + position);
        }
        return -1;
    }

    /**
     * Writes a solicitation with a source link-layer address; the IPv6 header before it must be complete, since the
     * checksum covers its addresses.
     *
     * @param buffer the bytes.
     * @param ipv6Offset index of the IPv6 header's first byte.
     * @param targetHigh upper half of the address that is asked for.
     * @param targetLow lower half.
     * @param mac the sender's, as {@link MacAddress} has it.
     */
    public static void writeSolicitation(
        final UnsafeBuffer buffer, final int ipv6Offset, final long targetHigh, final long targetLow, final long mac) {
        final int offset = ipv6Offset + Ipv6Header.LENGTH;
        IcmpHeader.write(buffer, offset, Icmpv6Type.NEIGHBOUR_SOLICITATION, 0, 0);
        Ipv6Address.write(buffer, offset + TARGET_OFFSET, targetHigh, targetLow);
        writeLinkAddress(buffer, offset, SOURCE_LINK_ADDRESS, mac);
        complete(buffer, ipv6Offset);
    }

    /**
     * Turns a valid solicitation into its advertisement, in place, IPv6 header included (RFC 4861 section 7.2.4): from
     * the target to the asker; or, when the asker is only testing whether the address is free, to all nodes. The
     * advertisement is {@link #LINK_ADDRESS_OPTION_LENGTH} bytes longer than a solicitation without options: the
     * caller has seen that there is room.
     *
     * @param buffer the bytes.
     * @param ipv6Offset index of the IPv6 header's first byte.
     * @param flags {@link #ROUTER} or 0; SOLICITED and OVERRIDE are added as the RFC says.
     * @param answer the link-layer address that was asked for.
     */
    public static void turnIntoAdvertisement(
        final UnsafeBuffer buffer, final int ipv6Offset, final int flags, final long answer) {
        final int offset = ipv6Offset + Ipv6Header.LENGTH;
        final long askerHigh = Ipv6Header.sourceHigh(buffer, ipv6Offset);
        final long askerLow = Ipv6Header.sourceLow(buffer, ipv6Offset);
        final boolean probe = (askerHigh | askerLow) == 0;
        if (probe) {
            Ipv6Header.writeDestination(buffer, ipv6Offset, Ipv6Address.ALL_NODES_HIGH, Ipv6Address.ALL_NODES_LOW);
        } else {
            Ipv6Header.writeDestination(buffer, ipv6Offset, askerHigh, askerLow);
        }
        Ipv6Header.writeSource(buffer, ipv6Offset, targetHigh(buffer, offset), targetLow(buffer, offset));
        Ipv6Header.write(buffer, ipv6Offset, MIN_LENGTH + LINK_ADDRESS_OPTION_LENGTH, IpProtocol.ICMPV6,
            Ipv6Header.MAX_HOP_LIMIT);
        final int answerFlags = flags | OVERRIDE | (probe ? 0 : SOLICITED);
        IcmpHeader.write(buffer, offset, Icmpv6Type.NEIGHBOUR_ADVERTISEMENT, 0, answerFlags);
        writeLinkAddress(buffer, offset, TARGET_LINK_ADDRESS, answer);
        complete(buffer, ipv6Offset);
    }

    private static boolean areAddressesValid(final UnsafeBuffer buffer, final int ipv6Offset, final int length) {
        final int offset = ipv6Offset + Ipv6Header.LENGTH;
        if (!areOptionsValid(buffer, offset, length)) {
            return false;
        }
        final long sourceHigh = Ipv6Header.sourceHigh(buffer, ipv6Offset);
        if ((sourceHigh | Ipv6Header.sourceLow(buffer, ipv6Offset)) != 0) {
            return !Ipv6Address.isMulticast(sourceHigh);
        }
        return Ipv6Address.isSolicitedNode(
            Ipv6Header.destinationHigh(buffer, ipv6Offset), Ipv6Header.destinationLow(buffer, ipv6Offset))
            && linkAddress(buffer, offset, length, SOURCE_LINK_ADDRESS) < 0;
    }

    private static boolean areOptionsValid(final UnsafeBuffer buffer, final int offset, final int length) {
        int position = MIN_LENGTH;
        while (position < length) {
            // The length byte itself must be there before it may be read.
            if (position + 2 > length) {
                return false;
            }
            final int optionLength = optionLength(buffer, offset + position);
            if (optionLength == 0) {
                return false;
            }
            position += optionLength;
        }
        return position == length;
    }

    private static int optionLength(final UnsafeBuffer buffer, final int index) {
        return (buffer.getByte(index + 1) & 0xFF) << OPTION_LENGTH_SHIFT;
    }

    private static long checkedSum(final UnsafeBuffer buffer, final int ipv6Offset, final int length) {
        return InternetChecksum.pseudoHeaderIpv6(buffer, ipv6Offset, IpProtocol.ICMPV6, length)
            + InternetChecksum.sum(buffer, ipv6Offset + Ipv6Header.LENGTH, length);
    }

    private static void writeLinkAddress(
        final UnsafeBuffer buffer, final int offset, final int optionType, final long mac) {
        buffer.putByte(offset + MIN_LENGTH, (byte)optionType);
        buffer.putByte(offset + MIN_LENGTH + 1, (byte)(LINK_ADDRESS_OPTION_LENGTH >> OPTION_LENGTH_SHIFT));
        MacAddress.write(buffer, offset + MIN_LENGTH + 2, mac);
    }

    private static void complete(final UnsafeBuffer buffer, final int ipv6Offset) {
        final int offset = ipv6Offset + Ipv6Header.LENGTH;
        final long sum = checkedSum(buffer, ipv6Offset, MIN_LENGTH + LINK_ADDRESS_OPTION_LENGTH);
        IcmpHeader.writeChecksum(buffer, offset, InternetChecksum.finish(sum));
    }
}
