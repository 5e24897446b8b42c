package io.caracal.stage;

import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;

/** The errors that a router tells a sender: the same cause in ICMP (RFC 792, RFC 1812) and ICMPv6 (RFC 4443). */
public enum IcmpError {
    /** TTL or hop limit used up. */
    TTL_EXCEEDED(IcmpHeader.TIME_EXCEEDED, 0, Icmpv6Type.TIME_EXCEEDED, 0),
    /** Larger than the next link takes: "fragmentation needed", "packet too big". */
    TOO_BIG(IcmpHeader.UNREACHABLE, 4, Icmpv6Type.PACKET_TOO_BIG, 0),
    /** No route: "network unreachable", "no route to destination". */
    NO_ROUTE(IcmpHeader.UNREACHABLE, 0, Icmpv6Type.UNREACHABLE, 0),
    /** The next hop does not answer: "host unreachable", "address unreachable". */
    HOST_UNREACHABLE(IcmpHeader.UNREACHABLE, 1, Icmpv6Type.UNREACHABLE, 3),
    /** Nobody listens: "port unreachable", what iptables' REJECT says. */
    PORT_UNREACHABLE(IcmpHeader.UNREACHABLE, 3, Icmpv6Type.UNREACHABLE, 4);

    private final int typeAndCodeIpv4;
    private final int typeAndCodeIpv6;

    IcmpError(final int typeIpv4, final int codeIpv4, final int typeIpv6, final int codeIpv6) {
        typeAndCodeIpv4 = typeIpv4 << 8 | codeIpv4;
        typeAndCodeIpv6 = typeIpv6 << 8 | codeIpv6;
    }

    /**
     * The error's number on the wire.
     *
     * @param ipVersion 4 or 6.
     * @return {@code type << 8 | code}.
     */
    public int typeAndCode(final int ipVersion) {
        return ipVersion == 4 ? typeAndCodeIpv4 : typeAndCodeIpv6;
    }
}
