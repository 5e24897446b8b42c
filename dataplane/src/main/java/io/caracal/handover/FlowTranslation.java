package io.caracal.handover;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.caracal.conntrack.FlowFlags;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.Ipv6Tuple;
import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.ConntrackTuple;
import io.caracal.netlink.Link;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.wire.IpProtocol;

/**
 * What the engine tracks of a connection that the kernel has tracked until now. A connection that the kernel translates
 * (to a service, masqueraded) is two flows to the engine, before and after that: the kernel goes on to translate it, so
 * both go through the host's stack (DESIGN: services). What its rules have let through is approved.
 *
 * <p>Immutable; any thread.</p>
 */
public final class FlowTranslation {
    private static final int NOBODY = 0;

    private final Map<InetAddress, Integer> ifindexByPod;
    private final Set<InetAddress> hostAddresses;

    /**
     * Who has which address.
     *
     * @param ifindexByPod interface of each address of a pod of this node.
     * @param hostAddresses of the host itself.
     */
    public FlowTranslation(final Map<InetAddress, Integer> ifindexByPod, final Set<InetAddress> hostAddresses) {
        this.ifindexByPod = Map.copyOf(ifindexByPod);
        this.hostAddresses = Set.copyOf(hostAddresses);
    }

    /**
     * Who has which address as the host's routes say it: Felix and the CNI plugin make one for each of a pod's.
     *
     * @param netlink of the host's network namespace.
     * @param interfacePrefix begins the names of workload interfaces.
     * @return the translation.
     * @throws io.caracal.bindings.NativeCallException when the kernel cannot be asked.
     */
    public static FlowTranslation ofHost(final RouteNetlink netlink, final String interfacePrefix) {
        final Set<Integer> workloads = new HashSet<>();
        netlink.links().stream().filter(link -> link.name().startsWith(interfacePrefix)).map(Link::index)
            .forEach(workloads::add);
        final Map<InetAddress, Integer> pods = new HashMap<>();
        for (final Route route : netlink.routes()) {
            if (workloads.contains(route.ifindex()) && route.gateway() == null && isOneAddress(route)) {
                pods.put(route.destination(), route.ifindex());
            }
        }
        final Set<InetAddress> own = new HashSet<>();
        netlink.addresses().forEach(address -> own.add(address.address()));
        return new FlowTranslation(pods, own);
    }

    private static boolean isOneAddress(final Route route) {
        return route.destination() != null && !route.destination().isLinkLocalAddress()
            && !route.destination().isMulticastAddress()
            && route.prefixLength() == route.destination().getAddress().length * Byte.SIZE;
    }

    /**
     * The flows of a connection.
     *
     * @param entry what the kernel tracks.
     * @return none where no pod of this node takes part, or there is nothing to go on with: a handshake that has not
     *     been answered, a connection that is over, an ICMP query.
     */
    public List<FlowSnapshot> flowsOf(final ConntrackEntry entry) {
        final int state = stateOf(entry);
        final List<FlowSnapshot> flows = new ArrayList<>(2);
        if (state == FlowState.FREE || entry.zone() != 0) {
            return flows;
        }
        final ConntrackTuple before = entry.original();
        final ConntrackTuple after = entry.reply().reversed();
        final int source = ifindex(before.source());
        if (before.equals(after)) {
            addUnlessForeign(flows, entry, before, throughHost(before), source);
            return flows;
        }
        if (source != NOBODY) {
            flows.add(flow(entry, before, FlowFlags.THROUGH_HOST | FlowFlags.HOST_NAT, source, NOBODY));
        }
        final int destination = ifindex(after.destination());
        /* Masquerading hides a pod's address but not the interface that it sends by, if the packet leaves the node. */
        final int shown = ifindex(after.source());
        addUnlessForeign(flows, entry, after, FlowFlags.THROUGH_HOST,
            shown == NOBODY && destination == NOBODY ? source : shown);
        return flows;
    }

    private void addUnlessForeign(final List<FlowSnapshot> flows, final ConntrackEntry entry,
                                  final ConntrackTuple tuple, final int way, final int source) {
        final int destination = ifindex(tuple.destination());
        if (source != NOBODY || destination != NOBODY) {
            flows.add(flow(entry, tuple, way, source, destination));
        }
    }

    private int throughHost(final ConntrackTuple tuple) {
        return hostAddresses.contains(tuple.source()) || hostAddresses.contains(tuple.destination())
            ? FlowFlags.THROUGH_HOST : 0;
    }

    private int ifindex(final InetAddress address) {
        return ifindexByPod.getOrDefault(address, NOBODY);
    }

    /** NB: nf_conntrack's numbers of TCP's states are the engine's own. */
    private static int stateOf(final ConntrackEntry entry) {
        final boolean isAnswered = (entry.status() & ConntrackEntry.SEEN_REPLY) != 0;
        if (entry.original().protocol() == IpProtocol.UDP) {
            return isAnswered ? FlowState.REPLIED : FlowState.UNREPLIED;
        }
        final boolean isGoingOn = entry.original().protocol() == IpProtocol.TCP && isAnswered
            && entry.tcpState() >= ConntrackEntry.TCP_SYN_RECV && entry.tcpState() <= ConntrackEntry.TCP_LAST_ACK;
        return isGoingOn ? entry.tcpState() : FlowState.FREE;
    }

    private static FlowSnapshot flow(final ConntrackEntry entry, final ConntrackTuple tuple, final int way,
                                     final int source, final int destination) {
        final FlowSnapshot flow = new FlowSnapshot();
        flow.ipVersion = tuple.source().getAddress().length == Integer.BYTES ? 4 : 6;
        flow.protocol = tuple.protocol();
        flow.state = stateOf(entry);
        flow.flags = FlowFlags.APPROVED | way
            | ((entry.status() & ConntrackEntry.SEEN_REPLY) != 0 ? FlowFlags.SEEN_REPLY : 0)
            | ((entry.status() & ConntrackEntry.ASSURED) != 0 ? FlowFlags.ASSURED : 0);
        write(tuple, flow.original);
        flow.reply.setInverse(flow.original);
        flow.sourceIfindex = source;
        flow.destinationIfindex = destination;
        return flow;
    }

    private static void write(final ConntrackTuple tuple, final Ipv6Tuple words) {
        words.sourceHigh = high(tuple.source());
        words.sourceLow = low(tuple.source());
        words.destinationHigh = high(tuple.destination());
        words.destinationLow = low(tuple.destination());
        words.ports = tuple.sourcePort() << Short.SIZE | tuple.destinationPort();
    }

    private static long high(final InetAddress address) {
        final byte[] bytes = address.getAddress();
        return bytes.length == Integer.BYTES ? 0 : ByteBuffer.wrap(bytes).getLong();
    }

    private static long low(final InetAddress address) {
        final byte[] bytes = address.getAddress();
        return bytes.length == Integer.BYTES ? Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt())
            : ByteBuffer.wrap(bytes).getLong(Long.BYTES);
    }
}
