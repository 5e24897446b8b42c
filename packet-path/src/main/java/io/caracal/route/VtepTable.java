package io.caracal.route;

import io.caracal.wire.Ipv6Text;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;

/**
 * Whose VXLAN packets this node accepts, and as what: the outer addresses of the other nodes and this node's own
 * device. Immutable; any thread.
 */
public final class VtepTable {
    /** Accepts nothing. */
    public static final VtepTable EMPTY = new VtepTable(new Device(0, 0, 0, new Ipv6Text(0, 0), 0, 0, 0, 0), List.of());

    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private final Device device;
    /** Two words a slot: halves of the address; an IPv4 address as ::ffff:a.b.c.d; both 0 is an empty slot. */
    private final long[] slots;

    /**
     * Makes a table.
     *
     * @param device this node's end.
     * @param remotes outer addresses of the other nodes.
     */
    public VtepTable(final Device device, final Collection<InetAddress> remotes) {
        this.device = device;
        slots = new long[2 * (Integer.highestOneBit(Math.max(1, remotes.size())) << 2)];
        for (final InetAddress remote : remotes) {
            final ByteBuffer bytes = ByteBuffer.wrap(remote.getAddress());
            if (remote instanceof Inet4Address) {
                insert(0, mapped(bytes.getInt()));
            } else {
                insert(bytes.getLong(), bytes.getLong());
            }
        }
    }

    /**
     * This node's end.
     *
     * @return its settings.
     */
    public Device device() {
        return device;
    }

    /**
     * Whether an address is a node's.
     *
     * @param address host order.
     * @return true when its packets are accepted.
     */
    public boolean isKnownIpv4(final int address) {
        return isKnown(0, mapped(address));
    }

    /**
     * Whether an address is a node's.
     *
     * @param high upper half.
     * @param low lower half.
     * @return true when its packets are accepted.
     */
    public boolean isKnownIpv6(final long high, final long low) {
        return isKnown(high, low);
    }

    private boolean isKnown(final long high, final long low) {
        final int slot = slot(high, low);
        return (slots[slot] | slots[slot + 1]) != 0;
    }

    private void insert(final long high, final long low) {
        final int slot = slot(high, low);
        slots[slot] = high;
        slots[slot + 1] = low;
    }

    /** The slot that has an address, or the empty one where it would be; :: is nobody's and finds an empty one. */
    private int slot(final long high, final long low) {
        final int mask = slots.length - 1;
        int slot = (int)((high * GOLDEN ^ low) * GOLDEN >>> 32) << 1 & mask;
        while ((slots[slot] | slots[slot + 1]) != 0 && (slots[slot] != high || slots[slot + 1] != low)) {
            slot = slot + 2 & mask;
        }
        return slot;
    }

    private static long mapped(final int address) {
        return 0xFFFF_0000_0000L | Integer.toUnsignedLong(address);
    }

    /**
     * This node's end of the overlay.
     *
     * @param vni network identifier that is accepted.
     * @param port UDP port that is VXLAN's; 0 is none.
     * @param ipv4 outer address of this node, host order; 0 is none.
     * @param ipv6 outer address of this node; :: is none.
     * @param macIpv4 inner destination MAC of packets that come over IPv4.
     * @param macIpv6 inner destination MAC of packets that come over IPv6.
     * @param ifindexIpv4 the kernel's own overlay device of IPv4, by which the host's stack gets what was decapsulated
     *     here and is its to translate back; 0 is none.
     * @param ifindexIpv6 the same for IPv6.
     */
    public record Device(int vni, int port, int ipv4, Ipv6Text ipv6, long macIpv4, long macIpv6, int ifindexIpv4,
                         int ifindexIpv6) {
        /**
         * An end of the overlay where the kernel has no device of its own.
         *
         * @param vni network identifier that is accepted.
         * @param port UDP port that is VXLAN's; 0 is none.
         * @param ipv4 outer address of this node, host order; 0 is none.
         * @param ipv6 outer address of this node; :: is none.
         * @param macIpv4 inner destination MAC of packets that come over IPv4.
         * @param macIpv6 inner destination MAC of packets that come over IPv6.
         */
        public Device(final int vni, final int port, final int ipv4, final Ipv6Text ipv6, final long macIpv4,
                      final long macIpv6) {
            this(vni, port, ipv4, ipv6, macIpv4, macIpv6, 0, 0);
        }
    }
}
