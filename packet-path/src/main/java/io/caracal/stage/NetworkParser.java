package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv4Words;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6ExtensionHeaders;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.wire.TransportPorts;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The part of parsing that begins at the IP header, of a packet or of one inside a tunnel: checks it, fills the fields
 * behind it and cuts the row's length to the datagram's end. Belongs to one worker.
 */
final class NetworkParser {
    private final SymmetricFlowHash hash;
    private final TransportParser transport;

    NetworkParser(final SymmetricFlowHash hash) {
        this.hash = hash;
        transport = new TransportParser(hash);
    }

    /**
     * Parses from {@code l3Offset} on. Reads the header's three words first and stores fields afterwards: a read of
     * the UMEM is a compiler barrier.
     */
    void parseIpv4(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3, final int available) {
        if (available < Ipv4Header.MIN_LENGTH) {
            burst.drop(row, DropReason.IPV4_INVALID);
            return;
        }
        final long first = Ipv4Words.first(umem, l3);
        final long second = Ipv4Words.second(umem, l3);
        final int destination = Ipv4Header.destination(umem, l3);
        if (!Ipv4Header.isValid(first, available)) {
            burst.drop(row, DropReason.IPV4_INVALID);
            return;
        }
        final int headerLength = Ipv4Words.headerLength(first);
        if (headerLength == Ipv4Header.MIN_LENGTH
            ? !Ipv4Words.isChecksumValid(first, second, destination) : !Ipv4Header.isChecksumValid(umem, l3)) {
            burst.drop(row, DropReason.IPV4_CHECKSUM_INVALID);
            return;
        }
        final int protocol = Ipv4Words.protocol(second);
        final int flags = ipv4Flags(Ipv4Words.fragmentWord(first), destination, headerLength);
        final int l3Offset = burst.l3Offset(row);
        final int totalLength = Ipv4Words.totalLength(first);
        burst.ipVersion(row, 4);
        burst.length(row, l3Offset + totalLength);
        burst.ipProtocol(row, protocol);
        burst.flags(row, flags);
        burst.l4Offset(row, l3Offset + headerLength);
        final int ports = (flags & PacketFlags.FRAGMENT) == 0 && TransportPorts.has(protocol)
            ? transport.parsePorts(burst, umem, row, protocol, l3 + headerLength, totalLength - headerLength)
            : transport.parse(burst, umem, row);
        burst.flowHash(row, hash.ipv4(Ipv4Words.source(second), destination, protocol, ports));
        if (protocol == IpProtocol.ICMP && (burst.flags(row) & PacketFlags.ICMP_ERROR) != 0) {
            transport.hashQuotedIpv4(burst, umem, row);
        }
    }

    private static int ipv4Flags(final int fragmentWord, final int destination, final int headerLength) {
        int flags = headerLength > Ipv4Header.MIN_LENGTH ? PacketFlags.IP_OPTIONS : 0;
        if ((fragmentWord & (Ipv4Header.FRAGMENT_OFFSET_MASK | Ipv4Header.MORE_FRAGMENTS)) != 0) {
            flags |= PacketFlags.FRAGMENT;
            flags |= (fragmentWord & Ipv4Header.FRAGMENT_OFFSET_MASK) != 0 ? PacketFlags.LATER_FRAGMENT : 0;
        }
        if (Ipv4Address.isMulticast(destination) || destination == Ipv4Address.BROADCAST) {
            flags |= PacketFlags.MULTICAST;
        }
        return flags;
    }

    /** As {@link #parseIpv4}. */
    void parseIpv6(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3, final int available) {
        if (!Ipv6Header.isValid(umem, l3, available)) {
            burst.drop(row, DropReason.IPV6_INVALID);
            return;
        }
        final int datagramLength = Ipv6Header.LENGTH + Ipv6Header.payloadLength(umem, l3);
        final long walked = Ipv6ExtensionHeaders.walk(umem, l3, datagramLength);
        if (walked == Ipv6ExtensionHeaders.MALFORMED) {
            burst.drop(row, DropReason.IPV6_INVALID);
            return;
        }
        final int l3Offset = burst.l3Offset(row);
        burst.ipVersion(row, 6);
        burst.length(row, l3Offset + datagramLength);
        burst.ipProtocol(row, Ipv6ExtensionHeaders.protocol(walked));
        burst.flags(row, ipv6Flags(umem, l3, walked));
        burst.l4Offset(row, l3Offset + Ipv6Header.LENGTH + Ipv6ExtensionHeaders.length(walked));
        final int ports = transport.parse(burst, umem, row);
        burst.flowHash(row, hash.ipv6(
            Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3),
            Ipv6Header.destinationHigh(umem, l3), Ipv6Header.destinationLow(umem, l3), burst.ipProtocol(row), ports));
        if ((burst.flags(row) & PacketFlags.ICMP_ERROR) != 0) {
            transport.hashQuotedIpv6(burst, umem, row);
        }
    }

    private static int ipv6Flags(final UnsafeBuffer umem, final int l3, final long walked) {
        int flags = Ipv6ExtensionHeaders.length(walked) > 0 ? PacketFlags.IP_OPTIONS : 0;
        flags |= Ipv6ExtensionHeaders.isFragment(walked) ? PacketFlags.FRAGMENT : 0;
        flags |= Ipv6ExtensionHeaders.isLaterFragment(walked) ? PacketFlags.LATER_FRAGMENT : 0;
        flags |= Ipv6Address.isMulticast(Ipv6Header.destinationHigh(umem, l3)) ? PacketFlags.MULTICAST : 0;
        return flags;
    }
}
