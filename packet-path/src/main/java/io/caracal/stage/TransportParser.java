package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6ExtensionHeaders;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.SctpHeader;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.wire.TcpHeader;
import io.caracal.wire.TransportPorts;
import io.caracal.wire.UdpHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The part of {@link ParseStage} behind the IP header: checks the transport header, fills the port fields and finds
 * the flow of a packet that is quoted in an ICMP error. Belongs to one worker.
 *
 * <p>A payload's checksum is not verified: the receiver does that, as behind any router, and the kernel completes
 * partial ones on the punt pair.</p>
 */
final class TransportParser {
    private static final int NO_PORTS = 0;
    /** In a fragment at byte 8 TCP's flags would overwrite those that were checked in the first (RFC 3128). */
    private static final int TCP_OVERLAP_OFFSET = 1;

    private final SymmetricFlowHash hash;

    TransportParser(final SymmetricFlowHash hash) {
        this.hash = hash;
    }

    /**
     * Checks the header at {@code l4Offset} and sets the port fields; drops the row when it is malformed.
     *
     * @return the ports for the flow hash: source in the upper half.
     */
    int parse(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int flags = burst.flags(row);
        final int l4 = burst.offset(row) + burst.l4Offset(row);
        final int available = burst.length(row) - burst.l4Offset(row);
        final int protocol = burst.ipProtocol(row);
        if ((flags & PacketFlags.LATER_FRAGMENT) != 0 || !TransportPorts.has(protocol)) {
            return parseWithoutPorts(burst, umem, row, l4, available);
        }
        if (!hasValidHeader(umem, l4, available, protocol, (flags & PacketFlags.FRAGMENT) != 0)) {
            burst.drop(row, DropReason.L4_INVALID);
            return NO_PORTS;
        }
        return putPorts(burst, umem, row, l4);
    }

    /**
     * As {@link #parse} for a whole packet of a protocol with ports, from what the caller has at hand: a field that is
     * read again behind a read of the UMEM costs its bounds check again.
     *
     * @return the ports for the flow hash: source in the upper half.
     */
    int parsePorts(
        final PacketBurst burst,
        final UnsafeBuffer umem,
        final int row,
        final int protocol,
        final int l4,
        final int available) {
        if (!hasValidHeader(umem, l4, available, protocol, false)) {
            burst.drop(row, DropReason.L4_INVALID);
            return NO_PORTS;
        }
        return putPorts(burst, umem, row, l4);
    }

    private static int putPorts(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l4) {
        final int ports = TransportPorts.both(umem, l4);
        burst.sourcePort(row, TransportPorts.source(ports));
        burst.destinationPort(row, TransportPorts.destination(ports));
        return ports;
    }

    private static int parseWithoutPorts(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l4, final int available) {
        burst.sourcePort(row, 0);
        burst.destinationPort(row, 0);
        if ((burst.flags(row) & PacketFlags.LATER_FRAGMENT) != 0) {
            parseLaterFragment(burst, umem, row);
            return NO_PORTS;
        }
        final int protocol = burst.ipProtocol(row);
        if (protocol == IpProtocol.ICMP && burst.ipVersion(row) == 4
            || protocol == IpProtocol.ICMPV6 && burst.ipVersion(row) == 6) {
            return parseIcmp(burst, umem, row, l4, available);
        }
        return NO_PORTS;
    }

    /** Replaces the hash of an ICMP error by that of the flow it is about, so that it meets that flow's state. */
    void hashQuotedIpv4(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int quoted = burst.offset(row) + burst.l4Offset(row) + IcmpHeader.LENGTH;
        final int available = burst.length(row) - burst.l4Offset(row) - IcmpHeader.LENGTH;
        if (!Ipv4Header.isQuoteValid(umem, quoted, available)) {
            return;
        }
        final int headerLength = Ipv4Header.headerLength(umem, quoted);
        final int protocol = Ipv4Header.protocol(umem, quoted);
        final boolean later = (Ipv4Header.fragmentWord(umem, quoted) & Ipv4Header.FRAGMENT_OFFSET_MASK) != 0;
        final int ports =
            later ? NO_PORTS : quotedPorts(umem, quoted + headerLength, available - headerLength, protocol);
        burst.flowHash(row, hash.ipv4(
            Ipv4Header.source(umem, quoted), Ipv4Header.destination(umem, quoted), protocol, ports));
    }

    /** As {@link #hashQuotedIpv4}. */
    void hashQuotedIpv6(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int quoted = burst.offset(row) + burst.l4Offset(row) + IcmpHeader.LENGTH;
        final int available = burst.length(row) - burst.l4Offset(row) - IcmpHeader.LENGTH;
        if (!Ipv6Header.isQuoteValid(umem, quoted, available)) {
            return;
        }
        final long walked = Ipv6ExtensionHeaders.walk(umem, quoted, available);
        if (walked == Ipv6ExtensionHeaders.MALFORMED) {
            return;
        }
        final int headersLength = Ipv6Header.LENGTH + Ipv6ExtensionHeaders.length(walked);
        final int protocol = Ipv6ExtensionHeaders.protocol(walked);
        final int ports = Ipv6ExtensionHeaders.isLaterFragment(walked)
            ? NO_PORTS : quotedPorts(umem, quoted + headersLength, available - headersLength, protocol);
        burst.flowHash(row, hash.ipv6(
            Ipv6Header.sourceHigh(umem, quoted), Ipv6Header.sourceLow(umem, quoted),
            Ipv6Header.destinationHigh(umem, quoted), Ipv6Header.destinationLow(umem, quoted), protocol, ports));
    }

    private static void parseLaterFragment(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        if (burst.ipVersion(row) == 4 && burst.ipProtocol(row) == IpProtocol.TCP) {
            final int word = Ipv4Header.fragmentWord(umem, burst.offset(row) + burst.l3Offset(row));
            if ((word & Ipv4Header.FRAGMENT_OFFSET_MASK) == TCP_OVERLAP_OFFSET) {
                burst.drop(row, DropReason.L4_INVALID);
            }
        }
        burst.l4Offset(row, 0);
    }

    private static int parseIcmp(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l4, final int available) {
        if (!IcmpHeader.isValid(available)) {
            burst.drop(row, DropReason.L4_INVALID);
            return NO_PORTS;
        }
        final int typeAndCode = IcmpHeader.typeAndCode(umem, l4);
        final int type = typeAndCode >>> 8;
        final boolean v4 = burst.ipVersion(row) == 4;
        burst.destinationPort(row, typeAndCode);
        if (v4 ? IcmpHeader.isError(type) : Icmpv6Type.isError(type)) {
            burst.addFlags(row, PacketFlags.ICMP_ERROR);
            return NO_PORTS;
        }
        if (v4 ? IcmpHeader.isQuery(type) : Icmpv6Type.isQuery(type)) {
            final int identifier = IcmpHeader.identifier(umem, l4);
            burst.sourcePort(row, identifier);
            return identifier << 16 | identifier;
        }
        return NO_PORTS;
    }

    private static boolean hasValidHeader(
        final UnsafeBuffer umem, final int l4, final int available, final int protocol, final boolean fragment) {
        return switch (protocol) {
            case IpProtocol.TCP -> TcpHeader.isValid(umem, l4, available);
            case IpProtocol.UDP -> fragment
                ? UdpHeader.isFirstFragmentValid(umem, l4, available) : UdpHeader.isValid(umem, l4, available);
            case IpProtocol.SCTP -> SctpHeader.isValid(available);
            default -> available >= UdpHeader.LENGTH;
        };
    }

    private static int quotedPorts(
        final UnsafeBuffer umem, final int l4, final int available, final int protocol) {
        if (available < IcmpHeader.LENGTH) {
            return NO_PORTS;
        }
        if (TransportPorts.has(protocol)) {
            return TransportPorts.both(umem, l4);
        }
        final int type = IcmpHeader.type(umem, l4);
        if (protocol == IpProtocol.ICMP && IcmpHeader.isQuery(type)
            || protocol == IpProtocol.ICMPV6 && Icmpv6Type.isQuery(type)) {
            final int identifier = IcmpHeader.identifier(umem, l4);
            return identifier << 16 | identifier;
        }
        return NO_PORTS;
    }
}
