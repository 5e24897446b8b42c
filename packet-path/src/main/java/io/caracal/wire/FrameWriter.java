package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes valid frames as they lie on the punt pair, layer by layer, for warm-up, benchmarks and tests. Belongs to one
 * thread; allocates nothing. The last call of a chain writes the transport and returns the frame's length.
 *
 * <pre>{@code
 * final FrameWriter frames = new FrameWriter(umem);
 * final int length = frames.at(offset).fromWorkload(12).ipv4(pod, peer).udp(5000, 53, 18);
 * }</pre>
 */
public final class FrameWriter {
    /** The source address of every frame that comes from a workload. */
    public static final long WORKLOAD_MAC = 0x0A58_0A41_0007L;
    /** Hop limit and TTL of frames unless {@link #hopLimit} says otherwise; Linux's default. */
    public static final int DEFAULT_HOP_LIMIT = 64;

    private static final int OPTIONS_LENGTH_IPV4 = 4;
    private static final int OPTIONS_LENGTH_IPV6 = 8;
    /** Three no-operations and an end of list (RFC 791 section 3.1). */
    private static final int NO_OPERATIONS = 0x0101_0100;
    /** Next header and length 0, then PadN over the other six bytes (RFC 8200 section 4.2). */
    private static final int PAD_OPTION = 0x0000_0104;
    private static final int QUOTED_BYTES = 8;
    private static final int MORE_FRAGMENTS_IPV6 = 1;

    private final UnsafeBuffer buffer;
    private int start;
    private int l3;
    private boolean ipv6;
    private int sourceIpv4;
    private int destinationIpv4;
    private int hopLimit;
    private boolean options;
    private boolean fragment;
    private int fragmentUnits;
    private boolean moreFragments;

    /**
     * Makes a writer.
     *
     * @param buffer where frames are written.
     */
    public FrameWriter(final UnsafeBuffer buffer) {
        this.buffer = buffer;
    }

    /**
     * Begins a frame.
     *
     * @param offset index of its first byte.
     * @return this.
     */
    public FrameWriter at(final int offset) {
        start = offset;
        hopLimit = DEFAULT_HOP_LIMIT;
        options = false;
        fragment = false;
        return this;
    }

    /**
     * As tc ingress of a workload interface punts it.
     *
     * @param ifindex the workload's interface.
     * @return this.
     */
    public FrameWriter fromWorkload(final int ifindex) {
        PuntHeader.write(buffer, start, (byte)PuntHeader.CODE_FROM_WORKLOAD, ifindex);
        MacAddress.write(buffer, start + EthernetHeader.SOURCE_OFFSET, WORKLOAD_MAC);
        l3 = start + EthernetHeader.LENGTH;
        return this;
    }

    /**
     * As tc egress of a workload interface punts it.
     *
     * @param ifindex the workload's interface.
     * @param originIfindex the interface by which the host received it, 0 when it is the host's own.
     * @return this.
     */
    public FrameWriter toWorkload(final int ifindex, final int originIfindex) {
        PuntHeader.write(buffer, start, (byte)PuntHeader.CODE_TO_WORKLOAD, ifindex);
        PuntHeader.writeOrigin(buffer, start, originIfindex);
        l3 = start + EthernetHeader.LENGTH;
        return this;
    }

    /**
     * Adds a VLAN tag.
     *
     * @param vlanId 0 .. 4095.
     * @return this.
     */
    public FrameWriter vlan(final int vlanId) {
        writeEtherType(EtherType.VLAN);
        buffer.putShort(l3, (short)vlanId, ByteOrder.BIG_ENDIAN);
        l3 += EthernetHeader.VLAN_TAG_LENGTH;
        return this;
    }

    /**
     * Goes on with IPv4.
     *
     * @param source host order.
     * @param destination host order.
     * @return this.
     */
    public FrameWriter ipv4(final int source, final int destination) {
        ipv6 = false;
        sourceIpv4 = source;
        destinationIpv4 = destination;
        writeEtherType(EtherType.IPV4);
        return this;
    }

    /**
     * Goes on with IPv6.
     *
     * @param sourceHigh upper half.
     * @param sourceLow lower half.
     * @param destinationHigh upper half.
     * @param destinationLow lower half.
     * @return this.
     */
    public FrameWriter ipv6(
        final long sourceHigh, final long sourceLow, final long destinationHigh, final long destinationLow) {
        ipv6 = true;
        Ipv6Header.writeSource(buffer, l3, sourceHigh, sourceLow);
        Ipv6Header.writeDestination(buffer, l3, destinationHigh, destinationLow);
        writeEtherType(EtherType.IPV6);
        return this;
    }

    /**
     * Sets the TTL or hop limit.
     *
     * @param hops 0 .. 255.
     * @return this.
     */
    public FrameWriter hopLimit(final int hops) {
        hopLimit = hops;
        return this;
    }

    /**
     * Adds no-operation options (IPv4) or a padded hop-by-hop header (IPv6).
     *
     * @return this.
     */
    public FrameWriter options() {
        options = true;
        return this;
    }

    /**
     * Makes the datagram a fragment.
     *
     * @param units where its payload belongs, in eight bytes, 0 .. 8191.
     * @param more whether more follow.
     * @return this.
     */
    public FrameWriter fragment(final int units, final boolean more) {
        fragment = true;
        fragmentUnits = units;
        moreFragments = more;
        return this;
    }

    /**
     * Ends with UDP.
     *
     * @param sourcePort 0 .. 65535.
     * @param destinationPort 0 .. 65535.
     * @param payloadLength bytes after the UDP header.
     * @return bytes of the frame.
     */
    public int udp(final int sourcePort, final int destinationPort, final int payloadLength) {
        final int l4 = l4();
        final int length = UdpHeader.LENGTH + payloadLength;
        TransportPorts.write(buffer, l4, sourcePort, destinationPort);
        UdpHeader.writeLengthAndChecksum(buffer, l4, length, 0);
        fill(l4 + UdpHeader.LENGTH, payloadLength);
        final int end = finish(IpProtocol.UDP, length);
        final int checksum = UdpHeader.onWire(transportChecksum(IpProtocol.UDP, length));
        UdpHeader.writeLengthAndChecksum(buffer, l4, length, checksum);
        return end;
    }

    /**
     * Ends with TCP without options.
     *
     * @param sourcePort 0 .. 65535.
     * @param destinationPort 0 .. 65535.
     * @param flags bits such as {@link TcpHeader#SYN}.
     * @param payloadLength bytes after the TCP header.
     * @return bytes of the frame.
     */
    public int tcp(final int sourcePort, final int destinationPort, final int flags, final int payloadLength) {
        final int l4 = l4();
        final int length = TcpHeader.MIN_LENGTH + payloadLength;
        TransportPorts.write(buffer, l4, sourcePort, destinationPort);
        TcpHeader.write(buffer, l4, 1000, 2000, flags);
        fill(l4 + TcpHeader.MIN_LENGTH, payloadLength);
        final int end = finish(IpProtocol.TCP, length);
        final int checksum = transportChecksum(IpProtocol.TCP, length);
        buffer.putShort(l4 + TcpHeader.CHECKSUM_OFFSET, (short)checksum, ByteOrder.BIG_ENDIAN);
        return end;
    }

    /**
     * Ends with an ICMP or ICMPv6 query, by the family of the frame.
     *
     * @param type 0 .. 255.
     * @param identifier 0 .. 65535.
     * @param payloadLength bytes after the ICMP header.
     * @return bytes of the frame.
     */
    public int icmp(final int type, final int identifier, final int payloadLength) {
        final int l4 = l4();
        IcmpHeader.write(buffer, l4, type, 0, identifier << 16 | 1);
        fill(l4 + IcmpHeader.LENGTH, payloadLength);
        return finishIcmp(IcmpHeader.LENGTH + payloadLength);
    }

    /**
     * Ends with an ICMP or ICMPv6 error about a UDP packet of the opposite direction.
     *
     * @param type an error of the frame's family.
     * @param code 0 .. 255.
     * @param sourcePort of the quoted packet.
     * @param destinationPort of the quoted packet.
     * @return bytes of the frame.
     */
    public int icmpError(final int type, final int code, final int sourcePort, final int destinationPort) {
        final int l4 = l4();
        IcmpHeader.write(buffer, l4, type, code, 0);
        final int quoted = l4 + IcmpHeader.LENGTH;
        final int quotedHeader = quoteHeader(quoted);
        TransportPorts.write(buffer, quoted + quotedHeader, sourcePort, destinationPort);
        UdpHeader.writeLengthAndChecksum(buffer, quoted + quotedHeader, QUOTED_BYTES, 0);
        return finishIcmp(IcmpHeader.LENGTH + quotedHeader + QUOTED_BYTES);
    }

    /**
     * Ends with a header that begins with ports but is neither TCP's nor UDP's, or with any other protocol.
     *
     * @param protocol IP protocol, such as {@link IpProtocol#SCTP}.
     * @param ports source in the upper, destination in the lower half: the first four bytes.
     * @param length bytes of the transport header and payload, 4 or more.
     * @return bytes of the frame.
     */
    public int other(final int protocol, final int ports, final int length) {
        final int l4 = l4();
        buffer.putInt(l4, ports, ByteOrder.BIG_ENDIAN);
        fill(l4 + TransportPorts.LENGTH, length - TransportPorts.LENGTH);
        return finish(protocol, length);
    }

    /**
     * Ends with an ARP request.
     *
     * @param senderAddress host order; 0 for a probe.
     * @param targetAddress host order.
     * @return bytes of the frame.
     */
    public int arpRequest(final int senderAddress, final int targetAddress) {
        writeEtherType(EtherType.ARP);
        ArpPacket.writeRequest(buffer, l3, WORKLOAD_MAC, senderAddress, targetAddress);
        return l3 - start + ArpPacket.LENGTH;
    }

    /**
     * Ends with a neighbour solicitation from and to the addresses given by {@link #ipv6}.
     *
     * @param targetHigh upper half of the address that is asked for.
     * @param targetLow lower half.
     * @return bytes of the frame.
     */
    public int solicitation(final long targetHigh, final long targetLow) {
        final int length = NeighbourMessage.MIN_LENGTH + NeighbourMessage.LINK_ADDRESS_OPTION_LENGTH;
        Ipv6Header.write(buffer, l3, length, IpProtocol.ICMPV6, Ipv6Header.MAX_HOP_LIMIT);
        NeighbourMessage.writeSolicitation(buffer, l3, targetHigh, targetLow, WORKLOAD_MAC);
        return l3 - start + Ipv6Header.LENGTH + length;
    }

    private void writeEtherType(final int etherType) {
        buffer.putShort(l3 - 2, (short)etherType, ByteOrder.BIG_ENDIAN);
    }

    private int l4() {
        return l3 + networkLength();
    }

    private int networkLength() {
        if (!ipv6) {
            return Ipv4Header.MIN_LENGTH + (options ? OPTIONS_LENGTH_IPV4 : 0);
        }
        return Ipv6Header.LENGTH + (options ? OPTIONS_LENGTH_IPV6 : 0)
            + (fragment ? Ipv6ExtensionHeaders.FRAGMENT_LENGTH : 0);
    }

    /** A payload that differs from byte to byte, so that a misplaced one shows. */
    private void fill(final int index, final int length) {
        for (int i = 0; i < length; i++) {
            buffer.putByte(index + i, (byte)(i * 7 + length));
        }
    }

    private int finish(final int protocol, final int transportLength) {
        if (ipv6) {
            finishIpv6(protocol, transportLength);
        } else {
            finishIpv4(protocol, transportLength);
        }
        return l4() - start + transportLength;
    }

    private void finishIpv4(final int protocol, final int transportLength) {
        Ipv4Header.write(
            buffer, l3, networkLength() + transportLength, hopLimit << 8 | protocol, sourceIpv4, destinationIpv4);
        if (options) {
            buffer.putByte(l3, (byte)0x46);
            buffer.putInt(l3 + Ipv4Header.MIN_LENGTH, NO_OPERATIONS, ByteOrder.BIG_ENDIAN);
        }
        if (fragment) {
            final int word = fragmentUnits | (moreFragments ? Ipv4Header.MORE_FRAGMENTS : 0);
            buffer.putInt(l3 + Ipv4Header.IDENTIFICATION_OFFSET, 0x1234_0000 | word, ByteOrder.BIG_ENDIAN);
        }
        Ipv4Header.completeChecksum(buffer, l3);
    }

    private void finishIpv6(final int protocol, final int transportLength) {
        final int inner = fragment ? IpProtocol.FRAGMENT : protocol;
        final int first = options ? IpProtocol.HOP_BY_HOP : inner;
        Ipv6Header.write(buffer, l3, networkLength() - Ipv6Header.LENGTH + transportLength, first, hopLimit);
        int index = l3 + Ipv6Header.LENGTH;
        if (options) {
            buffer.putInt(index, inner << 24 | PAD_OPTION, ByteOrder.BIG_ENDIAN);
            buffer.putInt(index + 4, 0);
            index += OPTIONS_LENGTH_IPV6;
        }
        if (fragment) {
            final int word = fragmentUnits << 3 | (moreFragments ? MORE_FRAGMENTS_IPV6 : 0);
            buffer.putInt(index, protocol << 24 | word, ByteOrder.BIG_ENDIAN);
            buffer.putInt(index + 4, 0x1234, ByteOrder.BIG_ENDIAN);
        }
    }

    private int transportChecksum(final int protocol, final int length) {
        final long pseudoHeader = ipv6
            ? InternetChecksum.pseudoHeaderIpv6(buffer, l3, protocol, length)
            : InternetChecksum.pseudoHeader(sourceIpv4, destinationIpv4, protocol, length);
        return InternetChecksum.finish(pseudoHeader + InternetChecksum.sum(buffer, l4(), length));
    }

    private int finishIcmp(final int length) {
        final int l4 = l4();
        final int end = finish(ipv6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP, length);
        final int checksum = ipv6
            ? transportChecksum(IpProtocol.ICMPV6, length)
            : InternetChecksum.finish(InternetChecksum.sum(buffer, l4, length));
        IcmpHeader.writeChecksum(buffer, l4, checksum);
        return end;
    }

    private int quoteHeader(final int index) {
        if (!ipv6) {
            Ipv4Header.write(buffer, index, Ipv4Header.MIN_LENGTH + QUOTED_BYTES, hopLimit << 8 | IpProtocol.UDP,
                destinationIpv4, sourceIpv4);
            return Ipv4Header.MIN_LENGTH;
        }
        Ipv6Header.write(buffer, index, QUOTED_BYTES, IpProtocol.UDP, hopLimit);
        Ipv6Header.writeSource(
            buffer, index, Ipv6Header.destinationHigh(buffer, l3), Ipv6Header.destinationLow(buffer, l3));
        Ipv6Header.writeDestination(
            buffer, index, Ipv6Header.sourceHigh(buffer, l3), Ipv6Header.sourceLow(buffer, l3));
        return Ipv6Header.LENGTH;
    }
}
