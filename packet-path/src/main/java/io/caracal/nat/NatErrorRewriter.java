package io.caracal.nat;

import io.caracal.burst.PacketBurst;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6ExtensionHeaders;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.TransportPorts;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Translates ICMP errors about flows behind NAT (RFC 5508 section 4): the address outside, and the packet that is
 * quoted inside with its address, port and checksums. Belongs to one worker.
 */
public final class NatErrorRewriter {
    /** What every error quotes of a transport header (RFC 792); ports and identifiers lie within. */
    private static final int QUOTED_MIN_LENGTH = 8;
    /** Bytes of a quoted transport header that translation may change: up to the end of TCP's checksum. */
    private static final int QUOTED_CHANGED_LENGTH = 18;

    private final NatBindings bindings;
    private final NatTuple tuple = new NatTuple();
    private final NatRewriter quote = new NatRewriter();
    private final NatRewriter whole = new NatRewriter();
    private int quotedL3;
    private int quotedEnd;

    /**
     * Makes a rewriter.
     *
     * @param bindings the worker's.
     */
    public NatErrorRewriter(final NatBindings bindings) {
        this.bindings = bindings;
    }

    /** An error from outside about a packet that left by a binding: it becomes the pod's. */
    boolean translateIncoming(final PacketBurst burst, final UnsafeBuffer umem, final int row, final long nowNs) {
        if (!readQuote(burst, umem, row)) {
            return false;
        }
        tuple.reverse();
        if (!bindings.findIncoming(tuple, nowNs)) {
            return false;
        }
        tuple.reverse();
        final long before = InternetChecksum.sum(umem, quotedL3, quotedEnd - quotedL3);
        quote.writeSource(tuple);
        final long change = InternetChecksum.sum(umem, quotedL3, quotedEnd - quotedL3) - before;
        final long addressChange = whole.writeAddress(
            tuple.sourceHigh, tuple.sourceLow, Ipv4Header.DESTINATION_OFFSET, Ipv6Header.DESTINATION_OFFSET);
        follow(burst, umem, row, change, addressChange);
        return true;
    }

    /** An error of a pod about a packet that came by a binding: it becomes the node's. */
    boolean translateOutgoing(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        if (!readQuote(burst, umem, row)) {
            return false;
        }
        tuple.reverse();
        if (!bindings.findOutgoing(tuple)) {
            return false;
        }
        tuple.reverse();
        final long before = InternetChecksum.sum(umem, quotedL3, quotedEnd - quotedL3);
        quote.writeDestination(tuple);
        final long change = InternetChecksum.sum(umem, quotedL3, quotedEnd - quotedL3) - before;
        final long addressChange = whole.writeAddress(
            tuple.destinationHigh, tuple.destinationLow, Ipv4Header.SOURCE_OFFSET, Ipv6Header.SOURCE_OFFSET);
        follow(burst, umem, row, change, addressChange);
        return true;
    }

    /**
     * The flow that the error is about: source of the quoted packet and so on.
     *
     * @return of the latest packet; reused.
     */
    public NatTuple tuple() {
        return tuple;
    }

    private static void follow(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final long change,
        final long addressChange) {
        final int field = burst.offset(row) + burst.l4Offset(row) + IcmpHeader.CHECKSUM_OFFSET;
        NatRewriter.follow(umem, field, false, burst.ipVersion(row) == 4 ? change : change + addressChange);
    }

    /**
     * Fills the tuple with the quoted packet's.
     *
     * @param burst the burst.
     * @param umem its bytes.
     * @param row an ICMP error.
     * @return false when it has no ports that a binding could be found by.
     */
    public boolean readQuote(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int end = burst.offset(row) + burst.length(row);
        quotedL3 = burst.offset(row) + burst.l4Offset(row) + IcmpHeader.LENGTH;
        whole.at(umem, burst.offset(row) + burst.l3Offset(row), 0, end);
        final int quotedL4 = burst.ipVersion(row) == 4
            ? transportOfIpv4(umem, end - quotedL3) : transportOfIpv6(umem, end - quotedL3);
        if (quotedL4 == 0 || end - quotedL4 < QUOTED_MIN_LENGTH) {
            return false;
        }
        quotedEnd = Math.min(end, quotedL4 + QUOTED_CHANGED_LENGTH);
        quote.at(umem, quotedL3, quotedL4, quotedEnd);
        quote.readAddresses(tuple);
        return readPorts(umem, quotedL4);
    }

    private boolean readPorts(final UnsafeBuffer umem, final int quotedL4) {
        if (TransportPorts.has(tuple.protocol)) {
            final int ports = TransportPorts.both(umem, quotedL4);
            tuple.sourcePort = TransportPorts.source(ports);
            tuple.destinationPort = TransportPorts.destination(ports);
            return true;
        }
        final int type = IcmpHeader.type(umem, quotedL4);
        if (tuple.protocol == IpProtocol.ICMP && IcmpHeader.isQuery(type)
            || tuple.protocol == IpProtocol.ICMPV6 && Icmpv6Type.isQuery(type)) {
            tuple.sourcePort = IcmpHeader.identifier(umem, quotedL4);
            tuple.destinationPort = tuple.sourcePort;
            return true;
        }
        return false;
    }

    private int transportOfIpv4(final UnsafeBuffer umem, final int available) {
        if (!Ipv4Header.isQuoteValid(umem, quotedL3, available)
            || (Ipv4Header.fragmentWord(umem, quotedL3) & Ipv4Header.FRAGMENT_OFFSET_MASK) != 0) {
            return 0;
        }
        tuple.protocol = Ipv4Header.protocol(umem, quotedL3);
        return quotedL3 + Ipv4Header.headerLength(umem, quotedL3);
    }

    private int transportOfIpv6(final UnsafeBuffer umem, final int available) {
        if (!Ipv6Header.isQuoteValid(umem, quotedL3, available)) {
            return 0;
        }
        final long walked = Ipv6ExtensionHeaders.walk(umem, quotedL3, available);
        if (walked == Ipv6ExtensionHeaders.MALFORMED || Ipv6ExtensionHeaders.isLaterFragment(walked)) {
            return 0;
        }
        tuple.protocol = Ipv6ExtensionHeaders.protocol(walked);
        return quotedL3 + Ipv6Header.LENGTH + Ipv6ExtensionHeaders.length(walked);
    }
}
