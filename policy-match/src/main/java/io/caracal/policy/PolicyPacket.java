package io.caracal.policy;

import io.caracal.policy.model.Addresses;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.Prefix;

/**
 * What policy asks of a packet: a row of plain fields that its owner fills again for each packet, so that asking
 * allocates nothing. Owned by one thread. Numbers are in host order; addresses are left-aligned in 128 bits as in
 * {@link Prefix}.
 */
public final class PolicyPacket {
    /** Value of {@link #inInterface} and {@link #outInterface} for the host itself. */
    public static final int HOST = 0;

    /** Whether it is IPv6. */
    public boolean v6;
    /** Source address, bits 0-63. */
    public long sourceHigh;
    /** Source address, bits 64-127. */
    public long sourceLow;
    /** Destination address after destination NAT, bits 0-63. */
    public long destinationHigh;
    /** Destination address after destination NAT, bits 64-127. */
    public long destinationLow;
    /** IP protocol number. */
    public int protocol;
    /** Source port; anything where the protocol has none. */
    public int sourcePort;
    /** Destination port; for ICMP {@code type << 8 | code}. */
    public int destinationPort;
    /** Whether the transport header could be read; without it no port and no ICMP criterion matches. */
    public boolean hasTransport;
    /** Whether connection tracking calls the packet invalid. */
    public boolean invalid;
    /** ifindex that it came in by, or {@link #HOST}. */
    public int inInterface;
    /** ifindex that it will leave by, or {@link #HOST}. */
    public int outInterface;

    /** Makes an empty packet. */
    public PolicyPacket() {
    }

    /**
     * Sets both addresses.
     *
     * @param source a prefix of full length.
     * @param destination of the same family.
     * @return this.
     */
    public PolicyPacket addresses(final Prefix source, final Prefix destination) {
        assert source.v6() == destination.v6() && source.isHost() && destination.isHost();
        v6 = source.v6();
        sourceHigh = source.high();
        sourceLow = source.low();
        destinationHigh = destination.high();
        destinationLow = destination.low();
        return this;
    }

    /**
     * Sets what stands in the transport header.
     *
     * @param ipProtocol IP protocol number.
     * @param source source port.
     * @param destination destination port, or ICMP {@code type << 8 | code}.
     * @return this.
     */
    public PolicyPacket transport(final int ipProtocol, final int source, final int destination) {
        protocol = ipProtocol;
        sourcePort = source;
        destinationPort = destination;
        hasTransport = true;
        return this;
    }

    /**
     * Sets the way it takes.
     *
     * @param in ifindex or {@link #HOST}.
     * @param out ifindex or {@link #HOST}.
     * @return this.
     */
    public PolicyPacket way(final int in, final int out) {
        inInterface = in;
        outInterface = out;
        return this;
    }

    /**
     * Whether its ports can be matched.
     *
     * @return whether the protocol has ports and they could be read.
     */
    public boolean hasPorts() {
        return hasTransport && IpProtocol.hasPorts(protocol);
    }

    /**
     * Whether it is ICMP of its own family.
     *
     * @return whether type and code can be matched.
     */
    public boolean isIcmp() {
        return hasTransport && protocol == (v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
    }

    /**
     * Takes all fields of another packet.
     *
     * @param other the packet.
     */
    void copyFrom(final PolicyPacket other) {
        v6 = other.v6;
        sourceHigh = other.sourceHigh;
        sourceLow = other.sourceLow;
        destinationHigh = other.destinationHigh;
        destinationLow = other.destinationLow;
        protocol = other.protocol;
        sourcePort = other.sourcePort;
        destinationPort = other.destinationPort;
        hasTransport = other.hasTransport;
        invalid = other.invalid;
        inInterface = other.inInterface;
        outInterface = other.outInterface;
    }

    @Override
    public String toString() {
        return IpProtocol.name(protocol) + " " + Addresses.format(v6, sourceHigh, sourceLow) + ":" + sourcePort + " -> "
            + Addresses.format(v6, destinationHigh, destinationLow) + ":" + destinationPort
            + (isIcmp() ? " (type " + (destinationPort >>> 8) + " code " + (destinationPort & 0xff) + ")" : "")
            + (invalid ? " invalid" : "") + " in " + inInterface + " out " + outInterface;
    }
}
