package io.caracal.handover;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;

import io.caracal.conntrack.FlowFlags;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.Ipv6Tuple;
import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.ConntrackTuple;
import io.caracal.wire.IpProtocol;

/** What the kernel shall track of a flow that the engine has tracked until now. Stateless; any thread. */
public final class EntryTranslation {
    /** The kernel's own timeouts (nf_conntrack_tcp_timeout_established, and the shortest of the closing states). */
    private static final int ESTABLISHED_SECONDS = 432_000;
    private static final int CLOSING_SECONDS = 60;
    /** nf_conntrack_udp_timeout_stream and nf_conntrack_udp_timeout. */
    private static final int UDP_STREAM_SECONDS = 120;
    private static final int UDP_SECONDS = 30;

    private EntryTranslation() {
    }

    /**
     * The connection of a flow.
     *
     * @param flow as an engine has left it.
     * @return nothing where there is nothing to go on with (a handshake that has not been answered, a connection that
     *     is over, an ICMP query, a flow that policy has not approved), and for a flow that has gone through the
     *     host's stack: the kernel has tracked that all along.
     */
    public static Optional<ConntrackEntry> entryOf(final FlowSnapshot flow) {
        final boolean isApproved = (flow.flags & FlowFlags.APPROVED) == FlowFlags.APPROVED;
        if (!isApproved || (flow.flags & (FlowFlags.THROUGH_HOST | FlowFlags.HOST_NAT)) != 0 || !goesOn(flow)) {
            return Optional.empty();
        }
        final int status = ConntrackEntry.CONFIRMED
            | ((flow.flags & FlowFlags.SEEN_REPLY) != 0 ? ConntrackEntry.SEEN_REPLY : 0)
            | ((flow.flags & FlowFlags.ASSURED) != 0 ? ConntrackEntry.ASSURED : 0);
        return Optional.of(new ConntrackEntry(tuple(flow, flow.original), tuple(flow, flow.reply), status,
            timeoutSeconds(flow), 0, flow.protocol == IpProtocol.TCP ? flow.state : 0, 0));
    }

    private static boolean goesOn(final FlowSnapshot flow) {
        return switch (flow.protocol) {
            case IpProtocol.TCP -> flow.state >= FlowState.TCP_SYN_RECEIVED && flow.state <= FlowState.TCP_LAST_ACK;
            case IpProtocol.UDP -> true;
            default -> false;
        };
    }

    private static int timeoutSeconds(final FlowSnapshot flow) {
        if (flow.protocol == IpProtocol.UDP) {
            return (flow.flags & FlowFlags.ASSURED) != 0 ? UDP_STREAM_SECONDS : UDP_SECONDS;
        }
        return flow.state == FlowState.TCP_ESTABLISHED ? ESTABLISHED_SECONDS : CLOSING_SECONDS;
    }

    private static ConntrackTuple tuple(final FlowSnapshot flow, final Ipv6Tuple words) {
        return new ConntrackTuple(address(flow, words.sourceHigh, words.sourceLow),
            address(flow, words.destinationHigh, words.destinationLow), flow.protocol, words.ports >>> Short.SIZE,
            words.ports & 0xffff);
    }

    private static InetAddress address(final FlowSnapshot flow, final long high, final long low) {
        final ByteBuffer bytes = flow.ipVersion == 4 ? ByteBuffer.allocate(Integer.BYTES).putInt((int)low)
            : ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low);
        try {
            return InetAddress.getByAddress(bytes.array());
        } catch (final UnknownHostException impossible) {
            throw new AssertionError("4 or 16 bytes are an address", impossible);
        }
    }
}
