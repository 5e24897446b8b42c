package io.caracal.policy.lookup;

import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;

/**
 * A rule, or one of the parts that make it up, as a box in five dimensions: a prefix of each address, a range of each
 * port, one protocol or any. What {@link BoxTree} is made of.
 *
 * @param rule index of the rule in its list.
 * @param source prefix of the source address; of length 0 for any.
 * @param destination prefix of the destination address; of length 0 for any.
 * @param sourcePorts source ports.
 * @param destinationPorts destination ports, or ICMP {@code type << 8 | code}.
 * @param protocol IP protocol number, or {@link #ANY_PROTOCOL}.
 * @param needs bits of what the packet must have: {@link #NEEDS_PORTS}, {@link #NEEDS_ICMP},
 *     {@link #NEEDS_CHECK}.
 */
public record Box(int rule, Prefix source, Prefix destination, PortRange sourcePorts, PortRange destinationPorts,
    int protocol, int needs) {
    /** The protocol makes no difference. */
    public static final int ANY_PROTOCOL = IpProtocol.MAX + 1;
    /** Only packets match whose ports could be read. */
    public static final int NEEDS_PORTS = 1;
    /** Only packets match that are ICMP of their family, with type and code. */
    public static final int NEEDS_ICMP = 2;
    /** The rule has criteria beyond the box: {@link RuleFilter} is asked. */
    public static final int NEEDS_CHECK = 4;
    /** All 16-bit numbers. */
    public static final PortRange ANY_PORT = new PortRange(0, PortRange.MAX_PORT);

    private static final int PORT_BITS = 16;
    private static final long PORT_MASK = 0xffff;
    private static final long PROTOCOL_MASK = 0xff;

    /**
     * Ports and protocol of a packet in one word, as trees compare them.
     *
     * @param protocol IP protocol number.
     * @param sourcePort 16 bits.
     * @param destinationPort 16 bits.
     * @return the word.
     */
    public static long transport(final int protocol, final int sourcePort, final int destinationPort) {
        return (long)protocol << 2 * PORT_BITS | (long)sourcePort << PORT_BITS | destinationPort;
    }

    /** Which bits of {@link #transport} have one value in the whole box. */
    long transportMask() {
        return (protocol == ANY_PROTOCOL ? 0 : PROTOCOL_MASK << 2 * PORT_BITS)
            | common(sourcePorts) << PORT_BITS | common(destinationPorts);
    }

    /** The values of {@link #transportMask()}, 0 elsewhere. */
    long transportValue() {
        return transport(protocol, sourcePorts.first(), destinationPorts.first()) & transportMask();
    }

    /** The leading bits that both ends of a range share, and with them all between. */
    private static long common(final PortRange range) {
        final int differing = range.first() ^ range.last();
        return differing == 0 ? PORT_MASK : PORT_MASK & -(2L * Integer.highestOneBit(differing));
    }

    /** Both ranges in one word. */
    long ports() {
        return (long)sourcePorts.first() << 3 * PORT_BITS | (long)sourcePorts.last() << 2 * PORT_BITS
            | (long)destinationPorts.first() << PORT_BITS | destinationPorts.last();
    }
}
