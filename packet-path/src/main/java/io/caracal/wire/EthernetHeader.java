package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of an Ethernet II header with up to {@link #MAX_VLAN_TAGS} VLAN tags (IEEE 802.3, 802.1Q, 802.1ad).
 * Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                       Destination address                     |
 *  +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                               |                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 *  |                         Source address                        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |           EtherType           |  VLAN tag (PCP, DEI, id), if  |
 *  |                               |  EtherType says so, then the  |
 *  |                               |  next EtherType               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class EthernetHeader {
    /** Bytes of the header without tags. */
    public static final int LENGTH = 14;
    /** Bytes that each VLAN tag adds. */
    public static final int VLAN_TAG_LENGTH = 4;
    /** A service and a customer tag; three or more are no network's of a Calico node. */
    public static final int MAX_VLAN_TAGS = 2;
    /** Where the destination address is. */
    public static final int DESTINATION_OFFSET = 0;
    /** Where the source address is. */
    public static final int SOURCE_OFFSET = 6;
    /** Where the first EtherType is. */
    public static final int ETHER_TYPE_OFFSET = 12;

    private EthernetHeader() {
    }

    /**
     * Whether a header is there at all. False only when fewer than {@link #LENGTH} bytes are.
     *
     * @param length bytes of the frame.
     * @return true when the untagged accessors may be used.
     */
    public static boolean isValid(final int length) {
        return length >= LENGTH;
    }

    /**
     * Finds the payload behind the VLAN tags.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte; the header {@linkplain #isValid(int) is there}.
     * @param length bytes of the frame.
     * @return bytes from the frame's start to the payload, or -1 when the frame ends inside a tag or has more than
     *     {@link #MAX_VLAN_TAGS}.
     */
    public static int payloadOffset(final UnsafeBuffer buffer, final int offset, final int length) {
        int payload = LENGTH;
        while (isVlanTag(etherTypeBefore(buffer, offset + payload))) {
            payload += VLAN_TAG_LENGTH;
            if (payload > length || payload > LENGTH + MAX_VLAN_TAGS * VLAN_TAG_LENGTH) {
                return -1;
            }
        }
        return payload;
    }

    /**
     * The destination address.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte.
     * @return as {@link MacAddress} has it.
     */
    public static long destination(final UnsafeBuffer buffer, final int offset) {
        return MacAddress.read(buffer, offset + DESTINATION_OFFSET);
    }

    /**
     * The source address.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte.
     * @return as {@link MacAddress} has it.
     */
    public static long source(final UnsafeBuffer buffer, final int offset) {
        return MacAddress.read(buffer, offset + SOURCE_OFFSET);
    }

    /**
     * The first EtherType, which may be a VLAN tag's.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte.
     * @return 0 .. 65535.
     */
    public static int etherType(final UnsafeBuffer buffer, final int offset) {
        return etherTypeBefore(buffer, offset + LENGTH);
    }

    /**
     * The EtherType that stands right before a payload, whether or not tags precede it.
     *
     * @param buffer the bytes.
     * @param payloadIndex index of the payload's first byte in the buffer.
     * @return 0 .. 65535.
     */
    public static int etherTypeBefore(final UnsafeBuffer buffer, final int payloadIndex) {
        return Short.toUnsignedInt(buffer.getShort(payloadIndex - 2, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Whether an EtherType announces a VLAN tag.
     *
     * @param etherType 0 .. 65535.
     * @return true for 802.1Q and 802.1ad tags.
     */
    public static boolean isVlanTag(final int etherType) {
        return etherType == EtherType.VLAN || etherType == EtherType.SERVICE_VLAN;
    }

    /**
     * Writes an untagged header.
     *
     * @param buffer the bytes.
     * @param offset index of the frame's first byte.
     * @param destination as {@link MacAddress} has it.
     * @param source as {@link MacAddress} has it.
     * @param etherType 0 .. 65535.
     */
    public static void write(
        final UnsafeBuffer buffer, final int offset, final long destination, final long source, final int etherType) {
        MacAddress.write(buffer, offset + DESTINATION_OFFSET, destination);
        MacAddress.write(buffer, offset + SOURCE_OFFSET, source);
        buffer.putShort(offset + ETHER_TYPE_OFFSET, (short)etherType, ByteOrder.BIG_ENDIAN);
    }
}
