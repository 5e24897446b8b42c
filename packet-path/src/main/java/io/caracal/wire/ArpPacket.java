package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of an ARP packet for IPv4 over Ethernet (RFC 826). Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Hardware type (1)         |     Protocol type (0x0800)    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  | Hw length (6) | Pr length (4) |           Operation           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                    Sender hardware address                    |
 *  +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                               |   Sender IPv4 address (high)  |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |   Sender IPv4 address (low)   |                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
 *  |                    Target hardware address                    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                      Target IPv4 address                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class ArpPacket {
    /** Bytes of the packet. */
    public static final int LENGTH = 28;
    /** Operation: who has the target address? */
    public static final int REQUEST = 1;
    /** Operation: the sender has it. */
    public static final int REPLY = 2;

    /** Hardware type 1, protocol type 0x0800, lengths 6 and 4, as the first six bytes of every packet we read. */
    private static final int ETHERNET_IPV4 = 0x0001_0800;
    private static final int ADDRESS_LENGTHS = 0x0604;
    private static final int LENGTHS_OFFSET = 4;
    private static final int OPERATION_OFFSET = 6;
    private static final int SENDER_MAC_OFFSET = 8;
    private static final int SENDER_ADDRESS_OFFSET = 14;
    private static final int TARGET_MAC_OFFSET = 18;
    private static final int TARGET_ADDRESS_OFFSET = 24;

    private ArpPacket() {
    }

    /**
     * Whether the bytes are an ARP request or reply for IPv4 over Ethernet. False when fewer than {@link #LENGTH}
     * bytes are there; hardware or protocol type or an address length is another; the operation is neither request
     * nor reply; or the sender's hardware address is a group's, which no station has.
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @param length bytes from there to the frame's end; padding may follow the packet.
     * @return true when the accessors may be used.
     */
    public static boolean isValid(final UnsafeBuffer buffer, final int offset, final int length) {
        if (length < LENGTH || buffer.getInt(offset, ByteOrder.BIG_ENDIAN) != ETHERNET_IPV4
            || buffer.getShort(offset + LENGTHS_OFFSET, ByteOrder.BIG_ENDIAN) != ADDRESS_LENGTHS) {
            return false;
        }
        final int operation = operation(buffer, offset);
        return (operation == REQUEST || operation == REPLY) && !MacAddress.isGroup(senderMac(buffer, offset));
    }

    /**
     * What the packet wants.
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @return {@link #REQUEST} or {@link #REPLY} in a valid packet.
     */
    public static int operation(final UnsafeBuffer buffer, final int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset + OPERATION_OFFSET, ByteOrder.BIG_ENDIAN));
    }

    /**
     * The sender's hardware address.
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @return as {@link MacAddress} has it.
     */
    public static long senderMac(final UnsafeBuffer buffer, final int offset) {
        return MacAddress.read(buffer, offset + SENDER_MAC_OFFSET);
    }

    /**
     * The sender's IPv4 address.
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @return host order; 0 in a probe (RFC 5227 section 1.1).
     */
    public static int senderAddress(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + SENDER_ADDRESS_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The target's hardware address; meaningless in a request.
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @return as {@link MacAddress} has it.
     */
    public static long targetMac(final UnsafeBuffer buffer, final int offset) {
        return MacAddress.read(buffer, offset + TARGET_MAC_OFFSET);
    }

    /**
     * The IPv4 address that is asked for.
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @return host order.
     */
    public static int targetAddress(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + TARGET_ADDRESS_OFFSET, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Turns a valid request into its reply, in place: sender and target change sides, and the sender's hardware
     * address becomes the answer (RFC 826, "Packet Reception").
     *
     * @param buffer the bytes.
     * @param offset index of the packet's first byte.
     * @param answer the hardware address that was asked for.
     */
    public static void turnIntoReply(final UnsafeBuffer buffer, final int offset, final long answer) {
        final long asker = senderMac(buffer, offset);
        final int askerAddress = senderAddress(buffer, offset);
        final int askedAddress = targetAddress(buffer, offset);
        buffer.putShort(offset + OPERATION_OFFSET, (short)REPLY, ByteOrder.BIG_ENDIAN);
        writeSender(buffer, offset, answer, askedAddress);
        writeTarget(buffer, offset, asker, askerAddress);
    }

    /**
     * Writes a request.
     *
     * @param buffer the bytes; {@link #LENGTH} of them are written.
     * @param offset index of the packet's first byte.
     * @param senderMac as {@link MacAddress} has it.
     * @param senderAddress host order; 0 for a probe.
     * @param targetAddress host order.
     */
    public static void writeRequest(
        final UnsafeBuffer buffer,
        final int offset,
        final long senderMac,
        final int senderAddress,
        final int targetAddress) {
        buffer.putInt(offset, ETHERNET_IPV4, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + LENGTHS_OFFSET, ADDRESS_LENGTHS << 16 | REQUEST, ByteOrder.BIG_ENDIAN);
        writeSender(buffer, offset, senderMac, senderAddress);
        writeTarget(buffer, offset, 0, targetAddress);
    }

    private static void writeSender(final UnsafeBuffer buffer, final int offset, final long mac, final int address) {
        MacAddress.write(buffer, offset + SENDER_MAC_OFFSET, mac);
        buffer.putInt(offset + SENDER_ADDRESS_OFFSET, address, ByteOrder.BIG_ENDIAN);
    }

    private static void writeTarget(final UnsafeBuffer buffer, final int offset, final long mac, final int address) {
        MacAddress.write(buffer, offset + TARGET_MAC_OFFSET, mac);
        buffer.putInt(offset + TARGET_ADDRESS_OFFSET, address, ByteOrder.BIG_ENDIAN);
    }
}
