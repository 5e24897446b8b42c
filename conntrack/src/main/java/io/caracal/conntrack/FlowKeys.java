package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.TransportPorts;
import org.agrona.concurrent.UnsafeBuffer;

/** The ports of a packet's tuple, from a burst's fields or from the packet that an ICMP error quotes. */
final class FlowKeys {
    /** A quoted packet that is of no flow: an ICMP error, or cut too short. */
    static final long NO_PORTS = -1;

    private FlowKeys() {
    }

    /** {@code source << 16 | destination}; the row is no ICMP but a query or its answer. */
    static int ports(final PacketBurst burst, final int row) {
        final int version = burst.ipVersion(row);
        if (IcmpQueries.isIcmp(version, burst.ipProtocol(row))) {
            return IcmpQueries.ports(version, burst.destinationPort(row) >>> Byte.SIZE, burst.sourcePort(row));
        }
        return burst.sourcePort(row) << Short.SIZE | burst.destinationPort(row);
    }

    /**
     * Ports of a quoted packet, as it travelled.
     *
     * @param umem the bytes.
     * @param offset of its transport header.
     * @param available bytes of it that are quoted.
     * @param ipVersion 4 or 6.
     * @param protocol its protocol.
     * @return the ports, 0 where the protocol has none, or {@link #NO_PORTS}.
     */
    static long quotedPorts(final UnsafeBuffer umem, final int offset, final int available, final int ipVersion,
        final int protocol) {
        if (TransportPorts.has(protocol)) {
            return available >= TransportPorts.LENGTH ? TransportPorts.both(umem, offset) & 0xffff_ffffL : NO_PORTS;
        }
        if (!IcmpQueries.isIcmp(ipVersion, protocol)) {
            return 0;
        }
        if (available < IcmpHeader.LENGTH || !IcmpQueries.isQuery(ipVersion, IcmpHeader.type(umem, offset))) {
            return NO_PORTS;
        }
        return IcmpQueries.ports(ipVersion, IcmpHeader.type(umem, offset), IcmpHeader.identifier(umem, offset))
            & 0xffff_ffffL;
    }
}
