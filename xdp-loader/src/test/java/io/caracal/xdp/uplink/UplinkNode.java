package io.caracal.xdp.uplink;

import io.caracal.bindings.Ethtool;
import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.ForwardingEntry;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.Sysctl;
import io.caracal.netlink.VethSpec;
import io.caracal.netlink.VxlanSpec;
import io.caracal.xdp.testing.PacketSocket;
import io.caracal.xdp.testing.TestNode;
import java.io.IOException;
import java.net.InetAddress;

/**
 * A node with a pod and an uplink to a neighbour, which is both the other node and the world: {@code up0} and, in the
 * neighbour's namespace, {@code eth0}. Everything goes with the close.
 */
final class UplinkNode implements AutoCloseable {
    static final String ADDRESS = "192.0.2.101";
    static final String NEIGHBOUR = "192.0.2.102";
    static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:65");
    static final MacAddress NEIGHBOUR_MAC = MacAddress.parse("02:00:00:00:00:66");
    static final MacAddress NEIGHBOUR_VTEP = MacAddress.parse("66:00:00:00:00:66");
    static final String NEIGHBOUR_TUNNEL = "10.65.1.0";
    static final String REMOTE_BLOCK = "10.65.1.0";
    static final String SERVER = "198.51.100.7";
    static final int VNI = 4096;
    static final int PORT = 4789;

    final TestNode node;
    final NetNamespace neighbour;
    final int uplink;
    final int eth0;

    UplinkNode() throws IOException {
        node = new TestNode();
        neighbour = NetNamespace.create("xdp-neigh-" + ProcessHandle.current().pid());
        uplink = node.inHost(() -> addUplink(neighbour));
        eth0 = neighbour.call(() -> setUp("eth0", NEIGHBOUR));
    }

    private static int addUplink(final NetNamespace peer) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            netlink.createVeth(new VethSpec("up0", "eth0").withPeerNamespace(peer.fd()).withMac(MAC)
                .withPeerMac(NEIGHBOUR_MAC));
        }
        // What a NIC's driver has done when packets arrive: XDP would be given partial sums otherwise.
        peer.run(() -> Ethtool.txChecksumOff("eth0"));
        Sysctl.set("ipv4/ip_forward", "1");
        final int index = setUp("up0", ADDRESS);
        try (RouteNetlink netlink = RouteNetlink.open()) {
            netlink.addRoute(Route.to(InetAddress.ofLiteral("0.0.0.0"), 0)
                .via(InetAddress.ofLiteral(NEIGHBOUR), index));
        }
        return index;
    }

    private static int setUp(final String name, final String address) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            final int index = netlink.link(name).index();
            netlink.disableIpv6LinkLocal(index);
            netlink.setUp(index);
            netlink.addAddress(index, InetAddress.ofLiteral(address), 24);
            return index;
        }
    }

    /** A VXLAN interface of a node with one route to the other's network. */
    static int addVxlan(final String name, final int vni, final int lower, final boolean isNode) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            netlink.createVxlan(new VxlanSpec(name, vni, PORT, InetAddress.ofLiteral(isNode ? ADDRESS : NEIGHBOUR))
                .withLower(lower).withMac(isNode ? MacAddress.parse("66:00:00:00:00:65") : NEIGHBOUR_VTEP));
            final int index = netlink.link(name).index();
            netlink.disableIpv6LinkLocal(index);
            netlink.setUp(index);
            final MacAddress other = isNode ? NEIGHBOUR_VTEP : MacAddress.parse("66:00:00:00:00:65");
            netlink.replaceForwardingEntry(ForwardingEntry.permanent(index, other,
                InetAddress.ofLiteral(isNode ? NEIGHBOUR : ADDRESS)));
            return index;
        }
    }

    /** The tunnel end of the neighbour as the host's routes know it. */
    void routeRemoteBlock(final int vxlan) {
        node.host.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                final InetAddress tunnel = InetAddress.ofLiteral(NEIGHBOUR_TUNNEL);
                netlink.replaceNeighbour(vxlan, tunnel, NEIGHBOUR_VTEP);
                netlink.addRoute(Route.to(InetAddress.ofLiteral(REMOTE_BLOCK), 26).viaOnLink(tunnel, vxlan));
            }
        });
    }

    PacketSocket onNeighbour() {
        return neighbour.call(() -> new PacketSocket(eth0));
    }

    @Override
    public void close() throws IOException {
        neighbour.delete();
        neighbour.close();
        node.close();
    }
}
