package io.caracal.route;

import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.UdpHeader;
import io.caracal.wire.VxlanHeader;
import java.net.Inet4Address;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The ways out of this node by number, each with the header that goes before a packet ready-made: to send is to copy a
 * few words and fill in lengths. Immutable, so any thread may read it; built by {@link Builder}.
 *
 * <p>Numbers are the builder's user's and outlive tables: a neighbour's new MAC is a new table, no new routes. A number
 * that a table does not know is {@link #KIND_NONE}.</p>
 */
public final class NextHopTable {
    /** The number of no next hop. */
    public static final int NONE = 0;
    /** The largest number: as many as a {@link RouteWord} can say, and more than Calico supports nodes. */
    public static final int MAX_ID = 0xFFFF;
    /** The table without next hops. */
    public static final NextHopTable EMPTY = new Builder().build();

    /** Kind: not known. */
    public static final int KIND_NONE = 0;
    /** Kind: an Ethernet header goes before the packet. */
    public static final int KIND_DIRECT = 1;
    /** Kind: VXLAN over IPv4. */
    public static final int KIND_TUNNEL_IPV4 = 2;
    /** Kind: VXLAN over IPv6. */
    public static final int KIND_TUNNEL_IPV6 = 3;
    /** Kind: the kernel sends it. */
    public static final int KIND_DEVICE = 4;

    /** Bytes of what goes before the inner IP header over IPv4: Ethernet, IPv4, UDP, VXLAN, Ethernet. */
    public static final int TUNNEL_IPV4_LENGTH = 64;
    /** As {@link #TUNNEL_IPV4_LENGTH}, over IPv6. */
    public static final int TUNNEL_IPV6_LENGTH = 84;

    /** Words of {@link #headerWord}: the longest header, rounded up. */
    public static final int HEADER_WORDS = 11;

    private static final int TEMPLATE_LENGTH = HEADER_WORDS * Long.BYTES;
    /** A next hop is sixteen words: {@code mtu, options, kind}, {@code checksum sum, ifindex}, and the template. */
    private static final int ENTRY_SHIFT = 4;
    private static final int LINK_WORD = 1;
    private static final int TEMPLATE_WORD = (1 << ENTRY_SHIFT) - HEADER_WORDS;
    private static final int KIND_MASK = 0xFF;
    private static final int UDP_CHECKSUM = 0x100;
    private static final int COPY_DSCP = 0x200;
    private static final int RESOLVED = 0x400;

    private final long[] words;

    private NextHopTable(final TreeMap<Integer, NextHop> nextHops) {
        final int count = nextHops.isEmpty() ? 1 : nextHops.lastKey() + 1;
        words = new long[count << ENTRY_SHIFT];
        nextHops.forEach(this::enter);
    }

    /**
     * What is behind a number.
     *
     * @param id a number.
     * @return one of the {@code KIND_} constants.
     */
    public int kind(final int id) {
        return id < words.length >>> ENTRY_SHIFT ? (int)words[id << ENTRY_SHIFT] & KIND_MASK : KIND_NONE;
    }

    /**
     * Whether its neighbour's MAC is known. Others' packets wait.
     *
     * @param id number of a known next hop.
     * @return true when packets can be sent.
     */
    public boolean isResolved(final int id) {
        return (words[id << ENTRY_SHIFT] & RESOLVED) != 0;
    }

    /**
     * The interface that packets leave by.
     *
     * @param id number of a known next hop.
     * @return kernel ifindex.
     */
    public int ifindex(final int id) {
        return (int)words[(id << ENTRY_SHIFT) + LINK_WORD];
    }

    /**
     * The longest IP packet that may go this way, before it is wrapped.
     *
     * @param id number of a known next hop.
     * @return bytes from the inner IP header on.
     */
    public int mtu(final int id) {
        return (int)(words[id << ENTRY_SHIFT] >>> Integer.SIZE);
    }

    /**
     * Whether the outer UDP header of IPv4 shall have a checksum.
     *
     * @param id number of a known next hop.
     * @return true if so.
     */
    public boolean hasUdpChecksum(final int id) {
        return (words[id << ENTRY_SHIFT] & UDP_CHECKSUM) != 0;
    }

    /**
     * Whether the outer header takes the inner one's DSCP.
     *
     * @param id number of a known next hop.
     * @return true if so.
     */
    public boolean copiesDscp(final int id) {
        return (words[id << ENTRY_SHIFT] & COPY_DSCP) != 0;
    }

    /**
     * The sum of the words of the outer IPv4 header as {@link #headerWord} has them, where the total length, the
     * identification and the type of service are 0.
     *
     * @param id number of a next hop of {@link #KIND_TUNNEL_IPV4}.
     * @return a sum as {@link io.caracal.wire.InternetChecksum} has it.
     */
    public int checksumSum(final int id) {
        return (int)(words[(id << ENTRY_SHIFT) + LINK_WORD] >>> Integer.SIZE);
    }

    /**
     * One word of what goes before an IP header, as its bytes lie in memory; what differs between packets is 0 there:
     * lengths, checksums, identification, type of service, the tunnel's source port, the last EtherType.
     *
     * @param id number of a next hop that is no {@link #KIND_DEVICE}.
     * @param index 0 .. {@link #HEADER_WORDS} - 1; the last word ends where the IP header begins. Words in front of a
     *     shorter header are 0.
     * @return eight bytes, to be stored in native order.
     */
    public long headerWord(final int id, final int index) {
        return words[(id << ENTRY_SHIFT) + TEMPLATE_WORD + index];
    }

    private void enter(final int id, final NextHop nextHop) {
        final UnsafeBuffer template = new UnsafeBuffer(new byte[TEMPLATE_LENGTH]);
        switch (nextHop) {
            case NextHop.Direct direct -> {
                enter(id, KIND_DIRECT, direct.link(), 0);
                writeEthernet(template, TEMPLATE_LENGTH - EthernetHeader.LENGTH, direct.link(), 0);
            }
            case NextHop.Tunnel tunnel -> enterTunnel(id, tunnel, template);
            case NextHop.Device device -> {
                words[id << ENTRY_SHIFT] = (long)device.mtu() << Integer.SIZE | KIND_DEVICE | RESOLVED;
                words[(id << ENTRY_SHIFT) + LINK_WORD] = device.ifindex();
            }
        }
        for (int word = 0; word < HEADER_WORDS; word++) {
            words[(id << ENTRY_SHIFT) + TEMPLATE_WORD + word] = template.getLong(word * Long.BYTES);
        }
    }

    private void enter(final int id, final int kindAndOptions, final NextHop.Link link, final int overheadLength) {
        words[id << ENTRY_SHIFT] = (long)(link.mtu() - overheadLength) << Integer.SIZE | kindAndOptions
            | (link.destinationMac() == NextHop.UNRESOLVED ? 0 : RESOLVED);
        words[(id << ENTRY_SHIFT) + LINK_WORD] = link.ifindex();
    }

    private void enterTunnel(final int id, final NextHop.Tunnel tunnel, final UnsafeBuffer template) {
        final boolean overIpv4 = tunnel.destination() instanceof Inet4Address;
        final int length = overIpv4 ? TUNNEL_IPV4_LENGTH : TUNNEL_IPV6_LENGTH;
        final int ethernet = TEMPLATE_LENGTH - length;
        final int options = (tunnel.settings().udpChecksum() ? UDP_CHECKSUM : 0)
            | (tunnel.settings().copyDscp() ? COPY_DSCP : 0);
        enter(id, (overIpv4 ? KIND_TUNNEL_IPV4 : KIND_TUNNEL_IPV6) | options, tunnel.link(),
            length - EthernetHeader.LENGTH);
        writeEthernet(template, ethernet, tunnel.link(), overIpv4 ? EtherType.IPV4 : EtherType.IPV6);
        final int ip = ethernet + EthernetHeader.LENGTH;
        final TunnelTemplate headers = new TunnelTemplate(template, tunnel);
        if (overIpv4) {
            words[(id << ENTRY_SHIFT) + LINK_WORD] |= (long)headers.writeIpv4(ip) << Integer.SIZE;
        } else {
            headers.writeIpv6(ip);
        }
        final int udp = ip + (overIpv4 ? Ipv4Header.MIN_LENGTH : Ipv6Header.LENGTH);
        headers.writeUdp(udp);
        VxlanHeader.write(template, udp + UdpHeader.LENGTH, tunnel.settings().vni());
        EthernetHeader.write(template, udp + UdpHeader.LENGTH + VxlanHeader.LENGTH, tunnel.innerDestinationMac(),
            tunnel.innerSourceMac(), 0);
    }

    private static void writeEthernet(
        final UnsafeBuffer template, final int index, final NextHop.Link link, final int etherType) {
        EthernetHeader.write(template, index, link.destinationMac(), link.sourceMac(), etherType);
    }

    /** Collects next hops and makes tables of them. Belongs to one thread, off the workers; may be used on and on. */
    public static final class Builder {
        private final TreeMap<Integer, NextHop> nextHops = new TreeMap<>();

        /** Makes a builder without next hops. */
        public Builder() {
        }

        /**
         * Adds a next hop, or replaces the one of the same number.
         *
         * @param id 1 .. {@link #MAX_ID}.
         * @param nextHop what is there.
         * @return this.
         * @throws IllegalArgumentException when the number is out of range.
         */
        public Builder put(final int id, final NextHop nextHop) {
            if (id <= NONE || id > MAX_ID) {
                throw new IllegalArgumentException("number of a next hop must be within 1 and " + MAX_ID + ": " + id);
            }
            nextHops.put(id, nextHop);
            return this;
        }

        /**
         * Removes a next hop; unknown ones are left alone.
         *
         * @param id its number.
         * @return this.
         */
        public Builder remove(final int id) {
            nextHops.remove(id);
            return this;
        }

        /**
         * Makes a table of what is there now.
         *
         * @return a table that later changes of the builder do not touch.
         */
        public NextHopTable build() {
            return new NextHopTable(nextHops);
        }
    }
}
