package io.caracal.conntrack;

import io.caracal.nat.NatTuple;
import io.caracal.wire.IpProtocol;

/** What a {@link NatTuple} says. Stateless; any thread. */
final class NatTuples {
    /** Upper half of the lower half of an IPv4 address in a tuple: ::ffff:a.b.c.d. */
    private static final long MAPPED_PREFIX = 0xffff;

    private NatTuples() {
    }

    static boolean isIpv4(final NatTuple tuple) {
        return tuple.sourceHigh == 0 && tuple.sourceLow >>> Integer.SIZE == MAPPED_PREFIX;
    }

    static boolean isIcmp(final NatTuple tuple) {
        return tuple.protocol == IpProtocol.ICMP || tuple.protocol == IpProtocol.ICMPV6;
    }

    /**
     * Whether translation may change a protocol's port: SCTP keeps its own, since its checksum covers the port and
     * would have to be computed over the whole packet, and what we cannot read has none.
     */
    static boolean hasTranslatedPort(final NatTuple tuple) {
        return tuple.protocol == IpProtocol.TCP || tuple.protocol == IpProtocol.UDP
            || tuple.protocol == IpProtocol.UDP_LITE || isIcmp(tuple);
    }
}
