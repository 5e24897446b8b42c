package io.caracal.nat;

import io.caracal.wire.IcmpHeader;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.TransportChecksum;
import io.caracal.wire.TransportPorts;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Changes one end of an IP packet and follows it in every checksum that covers it (RFC 1624): of a packet, or of one
 * that an ICMP error quotes, of which perhaps only eight bytes of transport are there. Belongs to one worker and is
 * told first {@linkplain #at where} the packet is.
 */
final class NatRewriter {
    private static final int ADDRESS_LENGTH_IPV6 = 16;
    private static final int LOW_16 = 0xFFFF;
    private static final int NO_TRANSPORT = -1;

    private UnsafeBuffer umem;
    private int l3;
    private int l4;
    private int end;

    /**
     * Names the packet.
     *
     * @param buffer the bytes.
     * @param l3Index index of its IP header's first byte.
     * @param l4Index index of its transport header's; eight bytes are there. A later fragment has none: 0.
     * @param endIndex index behind its last byte that is there.
     */
    void at(final UnsafeBuffer buffer, final int l3Index, final int l4Index, final int endIndex) {
        umem = buffer;
        l3 = l3Index;
        l4 = l4Index == 0 ? NO_TRANSPORT : l4Index;
        end = endIndex;
    }

    /** Reads both addresses. */
    void readAddresses(final NatTuple tuple) {
        if (isIpv4()) {
            tuple.setIpv4(Ipv4Header.source(umem, l3), Ipv4Header.destination(umem, l3));
        } else {
            tuple.sourceHigh = Ipv6Header.sourceHigh(umem, l3);
            tuple.sourceLow = Ipv6Header.sourceLow(umem, l3);
            tuple.destinationHigh = Ipv6Header.destinationHigh(umem, l3);
            tuple.destinationLow = Ipv6Header.destinationLow(umem, l3);
        }
    }

    /** Gives the packet the tuple's source. */
    void writeSource(final NatTuple tuple) {
        final long change =
            writeAddress(tuple.sourceHigh, tuple.sourceLow, Ipv4Header.SOURCE_OFFSET, Ipv6Header.SOURCE_OFFSET);
        writeTransport(tuple.protocol, TransportPorts.SOURCE_OFFSET, tuple.sourcePort, change);
    }

    /** Gives the packet the tuple's destination. */
    void writeDestination(final NatTuple tuple) {
        final long change = writeAddress(tuple.destinationHigh, tuple.destinationLow, Ipv4Header.DESTINATION_OFFSET,
            Ipv6Header.DESTINATION_OFFSET);
        writeTransport(tuple.protocol, TransportPorts.DESTINATION_OFFSET, tuple.destinationPort, change);
    }

    /**
     * Gives the packet another address, but no other port; the transport's checksum is left to the caller.
     *
     * @return sum of the new address less that of the old one.
     */
    long writeAddress(final long high, final long low, final int ipv4Offset, final int ipv6Offset) {
        if (isIpv4()) {
            final long before = InternetChecksum.sum(umem, l3 + ipv4Offset, Integer.BYTES);
            if (ipv4Offset == Ipv4Header.SOURCE_OFFSET) {
                Ipv4Header.updateSource(umem, l3, (int)low);
            } else {
                Ipv4Header.updateDestination(umem, l3, (int)low);
            }
            return InternetChecksum.sum(umem, l3 + ipv4Offset, Integer.BYTES) - before;
        }
        final long before = InternetChecksum.sum(umem, l3 + ipv6Offset, ADDRESS_LENGTH_IPV6);
        Ipv6Address.write(umem, l3 + ipv6Offset, high, low);
        return InternetChecksum.sum(umem, l3 + ipv6Offset, ADDRESS_LENGTH_IPV6) - before;
    }

    private void writeTransport(final int protocol, final int portOffset, final int port, final long addressChange) {
        if (l4 == NO_TRANSPORT) {
            return;
        }
        final boolean icmp = isIcmp(protocol);
        long change = protocol == IpProtocol.ICMP ? 0 : addressChange;
        if (icmp || TransportPorts.has(protocol)) {
            final int portIndex = l4 + (icmp ? IcmpHeader.IDENTIFIER_OFFSET : portOffset);
            change += port - TransportChecksum.read(umem, portIndex);
            TransportChecksum.write(umem, portIndex, port);
        }
        final int field = protocol == IpProtocol.ICMP
            ? IcmpHeader.CHECKSUM_OFFSET : TransportChecksum.fieldOffset(protocol);
        if (field != TransportChecksum.NO_FIELD && l4 + field + Short.BYTES <= end) {
            follow(umem, l4 + field, protocol == IpProtocol.UDP, change);
        }
    }

    /** Follows a change of a sum in a checksum; the change may be negative, since only its rest by 65535 matters. */
    static void follow(final UnsafeBuffer umem, final int field, final boolean isUdp, final long change) {
        TransportChecksum.adjust(umem, field, isUdp, 0, Math.floorMod(change, (long)LOW_16));
    }

    static boolean isIcmp(final int protocol) {
        return protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
    }

    private boolean isIpv4() {
        return (umem.getByte(l3) & 0xF0) == 0x40;
    }
}
