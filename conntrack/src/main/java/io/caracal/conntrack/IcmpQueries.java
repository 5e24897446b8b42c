package io.caracal.conntrack;

import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.IpProtocol;

/**
 * ICMP and ICMPv6 queries as flows: a request's tuple has the identifier as source port and its own type as destination
 * port, and the answer's tuple is the inverse of it. So two nodes that ping each other with one identifier have two
 * flows, as with nf_conntrack, whose tuple holds the type as well.
 */
final class IcmpQueries {
    private static final int TIMESTAMP_REPLY = IcmpHeader.TIMESTAMP_REQUEST + 1;

    private IcmpQueries() {
    }

    /** Whether a protocol is the ICMP of an IP version. */
    static boolean isIcmp(final int ipVersion, final int protocol) {
        return protocol == (ipVersion == 4 ? IpProtocol.ICMP : IpProtocol.ICMPV6);
    }

    /** Whether a type is a query or the answer to one. */
    static boolean isQuery(final int ipVersion, final int type) {
        return ipVersion == 4 ? IcmpHeader.isQuery(type) : Icmpv6Type.isQuery(type);
    }

    /** Whether a query's type asks, rather than answers. */
    static boolean isRequest(final int ipVersion, final int type) {
        if (ipVersion == 6) {
            return type == Icmpv6Type.ECHO_REQUEST;
        }
        /* Timestamp, information and address mask: 13, 15, 17 ask; 14, 16, 18 answer. */
        return type == IcmpHeader.ECHO_REQUEST || type >= IcmpHeader.TIMESTAMP_REQUEST && (type & 1) != 0;
    }

    /** The ports of a query's tuple, as it travels. */
    static int ports(final int ipVersion, final int type, final int identifier) {
        return isRequest(ipVersion, type)
            ? identifier << Short.SIZE | type : requestOf(ipVersion, type) << Short.SIZE | identifier;
    }

    private static int requestOf(final int ipVersion, final int answer) {
        if (ipVersion == 6) {
            return Icmpv6Type.ECHO_REQUEST;
        }
        return answer >= TIMESTAMP_REPLY ? answer - 1 : IcmpHeader.ECHO_REQUEST;
    }
}
