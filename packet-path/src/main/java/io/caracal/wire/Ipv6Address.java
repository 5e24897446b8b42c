package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * IPv6 addresses as two {@code long}s in host order, upper half first: classes, masks and access to bytes.
 * Text is {@link Ipv6Text}'s. Stateless; any thread.
 */
public final class Ipv6Address {
    /** Bytes of an address. */
    public static final int LENGTH = 16;
    /** Upper half of fe80::ecee:eeff:feee:eeee, the next hop of every Calico pod: EUI-64 of the host end's MAC. */
    public static final long GATEWAY_HIGH = 0xFE80_0000_0000_0000L;
    /** Lower half of the gateway. */
    public static final long GATEWAY_LOW = 0xECEE_EEFF_FEEE_EEEEL;
    /** Upper half of ff02::1, all nodes of the link. */
    public static final long ALL_NODES_HIGH = 0xFF02_0000_0000_0000L;
    /** Lower half of ff02::1. */
    public static final long ALL_NODES_LOW = 1;

    private static final int MULTICAST_PREFIX = 0xFF;
    private static final int LINK_LOCAL_PREFIX = 0xFE80 >>> 6;
    /** Lower half of ff02::1:ff00:0/104 without the 24 bits that come from the address (RFC 4291 section 2.7.1). */
    private static final long SOLICITED_NODE_LOW = 0x0000_0001_FF00_0000L;
    private static final long SOLICITED_NODE_MASK = ~0xFF_FFFFL;

    private Ipv6Address() {
    }

    /**
     * Whether an address is a group's (ff00::/8).
     *
     * @param high upper half.
     * @return true for multicast.
     */
    public static boolean isMulticast(final long high) {
        return high >>> 56 == MULTICAST_PREFIX;
    }

    /**
     * Whether an address means something only on its link (fe80::/10).
     *
     * @param high upper half.
     * @return true for link-local unicast.
     */
    public static boolean isLinkLocal(final long high) {
        return high >>> 54 == LINK_LOCAL_PREFIX;
    }

    /**
     * Whether an address is the gateway of every pod.
     *
     * @param high upper half.
     * @param low lower half.
     * @return true for fe80::ecee:eeff:feee:eeee.
     */
    public static boolean isGateway(final long high, final long low) {
        return high == GATEWAY_HIGH && low == GATEWAY_LOW;
    }

    /**
     * Whether an address is a group that solicitations go to (ff02::1:ff00:0/104).
     *
     * @param high upper half.
     * @param low lower half.
     * @return true for any solicited-node address.
     */
    public static boolean isSolicitedNode(final long high, final long low) {
        return high == ALL_NODES_HIGH && (low & SOLICITED_NODE_MASK) == SOLICITED_NODE_LOW;
    }

    /**
     * The bits of an address's upper half that a prefix is about.
     *
     * @param length of the prefix, 0 .. 128.
     * @return them, from the highest bit on; all from 64 on.
     */
    public static long highMask(final int length) {
        return length == 0 ? 0 : length >= Long.SIZE ? -1 : -1L << Long.SIZE - length;
    }

    /**
     * The bits of an address's lower half that a prefix is about.
     *
     * @param length of the prefix, 0 .. 128.
     * @return them, from the highest bit on; none up to 64.
     */
    public static long lowMask(final int length) {
        return length <= Long.SIZE ? 0 : -1L << 2 * Long.SIZE - length;
    }

    /**
     * Writes an address.
     *
     * @param buffer the bytes.
     * @param offset index of its first byte; sixteen bytes must be there.
     * @param high upper half.
     * @param low lower half.
     */
    public static void write(final UnsafeBuffer buffer, final int offset, final long high, final long low) {
        buffer.putLong(offset, high, ByteOrder.BIG_ENDIAN);
        buffer.putLong(offset + 8, low, ByteOrder.BIG_ENDIAN);
    }
}
