package io.caracal.nat;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.wire.SymmetricFlowHash;
import org.agrona.concurrent.UnsafeBuffer;

/** Between the rows of a burst and tuples. Stateless; any thread. */
final class NatRows {
    private NatRows() {
    }

    /** Points a rewriter to a row's packet. */
    static void aim(final NatRewriter rewriter, final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int start = burst.offset(row);
        final boolean hasTransport = (burst.flags(row) & PacketFlags.LATER_FRAGMENT) == 0;
        rewriter.at(umem, start + burst.l3Offset(row), hasTransport ? start + burst.l4Offset(row) : 0,
            start + burst.length(row));
    }

    /** Reads protocol and ports; both of an ICMP query's are its identifier. */
    static void readPorts(final PacketBurst burst, final int row, final NatTuple tuple) {
        tuple.protocol = burst.ipProtocol(row);
        tuple.sourcePort = burst.sourcePort(row);
        tuple.destinationPort =
            NatRewriter.isIcmp(tuple.protocol) ? burst.sourcePort(row) : burst.destinationPort(row);
    }

    /** Gives a row the hash of a flow, so that it meets that flow's state. */
    static void rehash(
        final PacketBurst burst, final int row, final NatTuple tuple, final SymmetricFlowHash hash) {
        final int ports = tuple.sourcePort << 16 | tuple.destinationPort;
        burst.flowHash(row, burst.ipVersion(row) == 4
            ? hash.ipv4((int)tuple.sourceLow, (int)tuple.destinationLow, tuple.protocol, ports)
            : hash.ipv6(tuple.sourceHigh, tuple.sourceLow, tuple.destinationHigh, tuple.destinationLow,
                tuple.protocol, ports));
    }
}
