package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv4Words;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6ExtensionHeaders;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Checks every header of a packet from the punt pair once and fills the burst's columns, so that no later stage asks
 * again. Belongs to one worker; keeps nothing between bursts.
 *
 * <p>Uses: frame address and length. Sets: direction, interface, EtherType, IP version, offsets, protocol, ports,
 * flags, flow hash; cuts {@link PacketBurst#length} to the datagram's end, as the kernel does with Ethernet padding
 * ({@code net/ipv4/ip_input.c}, {@code pskb_trim_rcsum}). Drops what is truncated or malformed, each with its reason.
 * Rows that the engine made itself ({@link PacketFlags#LOCALLY_MADE}) are left as their maker filled them.</p>
 */
public final class ParseStage implements PacketStage {
    private final SymmetricFlowHash hash;
    private final TransportParser transport;

    /**
     * Makes the stage.
     *
     * @param hash the same for all workers.
     */
    public ParseStage(final SymmetricFlowHash hash) {
        this.hash = hash;
        transport = new TransportParser(hash);
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict[row] == Verdict.UNDECIDED && (burst.flags[row] & PacketFlags.LOCALLY_MADE) == 0) {
                parse(burst, umem, row);
            }
        }
    }

    private void parse(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int offset = burst.offset(row);
        final int length = burst.length[row];
        if (!EthernetHeader.isValid(length)) {
            burst.drop(row, DropReason.ETHERNET_TRUNCATED);
            return;
        }
        final long punt = PuntHeader.word(umem, offset);
        if (!PuntHeader.isValid(punt)) {
            burst.drop(row, DropReason.PUNT_HEADER_INVALID);
            return;
        }
        int l3Offset = EthernetHeader.LENGTH;
        int etherType = EthernetHeader.etherType(umem, offset);
        if (EthernetHeader.isVlanTag(etherType)) {
            l3Offset = EthernetHeader.payloadOffset(umem, offset, length);
            if (l3Offset < 0) {
                burst.drop(row, DropReason.ETHERNET_TRUNCATED);
                return;
            }
            etherType = EthernetHeader.etherTypeBefore(umem, offset + l3Offset);
        }
        burst.direction[row] = PuntHeader.code(punt);
        burst.ingressIfindex[row] = PuntHeader.ifindex(punt);
        burst.l3Offset[row] = l3Offset;
        burst.etherType[row] = etherType;
        switch (etherType) {
            case EtherType.IPV4 -> parseIpv4(burst, umem, row, offset + l3Offset, length - l3Offset);
            case EtherType.IPV6 -> parseIpv6(burst, umem, row, offset + l3Offset, length - l3Offset);
            case EtherType.ARP -> clearIpColumns(burst, row);
            default -> burst.drop(row, DropReason.ETHERTYPE_UNSUPPORTED);
        }
    }

    /** Reads the header's three words first and stores columns afterwards: a read of the UMEM is a compiler barrier. */
    private void parseIpv4(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3, final int available) {
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
        final int l3Offset = burst.l3Offset[row];
        final int protocol = Ipv4Words.protocol(second);
        burst.ipVersion[row] = 4;
        burst.length[row] = l3Offset + Ipv4Words.totalLength(first);
        burst.ipProtocol[row] = protocol;
        burst.flags[row] = ipv4Flags(Ipv4Words.fragmentWord(first), destination, headerLength);
        burst.l4Offset[row] = l3Offset + headerLength;
        final int ports = transport.parse(burst, umem, row);
        burst.flowHash[row] = hash.ipv4(Ipv4Words.source(second), destination, protocol, ports);
        if ((burst.flags[row] & PacketFlags.ICMP_ERROR) != 0) {
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

    private void parseIpv6(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3, final int available) {
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
        final int l3Offset = burst.l3Offset[row];
        burst.ipVersion[row] = 6;
        burst.length[row] = l3Offset + datagramLength;
        burst.ipProtocol[row] = Ipv6ExtensionHeaders.protocol(walked);
        burst.flags[row] = ipv6Flags(umem, l3, walked);
        burst.l4Offset[row] = l3Offset + Ipv6Header.LENGTH + Ipv6ExtensionHeaders.length(walked);
        final int ports = transport.parse(burst, umem, row);
        burst.flowHash[row] = hash.ipv6(
            Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3),
            Ipv6Header.destinationHigh(umem, l3), Ipv6Header.destinationLow(umem, l3), burst.ipProtocol[row], ports);
        if ((burst.flags[row] & PacketFlags.ICMP_ERROR) != 0) {
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

    private static void clearIpColumns(final PacketBurst burst, final int row) {
        burst.ipVersion[row] = 0;
        burst.l4Offset[row] = 0;
        burst.ipProtocol[row] = 0;
        burst.sourcePort[row] = 0;
        burst.destinationPort[row] = 0;
        burst.flowHash[row] = 0;
    }
}
