package io.caracal.network;

import io.caracal.control.MacAddress;
import io.caracal.control.NodeChange;
import io.caracal.control.NodeChange.PoolEncapsulation;
import io.caracal.control.NodeChange.RouteType;
import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.Link;
import io.caracal.netlink.Route;
import io.caracal.policy.model.Prefix;
import io.caracal.xdp.uplink.UplinkMode;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A node and a cluster of words.
 *
 * <pre>
 *  node a  192.168.1.10/24 2001:db8:1::10/64 on eth0 (2), tunnels 10.65.0.0 fd00:65::, router 192.168.1.1 fe80::1
 *          eth1 (3) 172.16.0.10/24, route 172.20.0.0/16 by 172.16.0.1; docker0 (4) 172.17.0.1/16; lo
 *          blocks 10.65.0.0/26 fd00:65::/122, pods 10.65.0.7 fd00:65::7 at 12, 10.66.0.7 (no NAT) at 13
 *  node b  192.168.1.11 2001:db8:1::11 in our subnet, blocks 10.65.1.0/26 fd00:65:1::/122
 *  node c  192.168.9.12 behind the router, block 10.65.2.0/26, lone tunnel address 10.65.9.9
 * </pre>
 */
final class NetworkFixture {
    static final int ETH0 = 2;
    static final int ETH1 = 3;
    static final int DOCKER0 = 4;
    static final int VXLAN = 5;
    static final long ETH0_MAC = 0x0200_0000_000AL;

    final ClusterNetwork cluster = new ClusterNetwork();
    final List<LocalPod> pods = new ArrayList<>();
    final List<Link> links = new ArrayList<>();
    final List<InterfaceAddress> addresses = new ArrayList<>();
    final List<Route> routes = new ArrayList<>();
    final Map<Integer, UplinkMode> uplinks = new HashMap<>();

    NetworkFixture() {
        link(1, "lo", 65_536);
        link(ETH0, "eth0", 1500);
        link(ETH1, "eth1", 1500);
        link(DOCKER0, "docker0", 1500);
        address(1, "127.0.0.1/8", "::1/128");
        address(ETH0, "192.168.1.10/24", "2001:db8:1::10/64", "fe80::a/64");
        address(ETH1, "172.16.0.10/24");
        address(DOCKER0, "172.17.0.1/16");
        route("192.168.1.0/24", null, ETH0);
        route("2001:db8:1::/64", null, ETH0);
        route("172.16.0.0/24", null, ETH1);
        route("172.17.0.0/16", null, DOCKER0);
        route("172.20.0.0/16", "172.16.0.1", ETH1);
        route("0.0.0.0/0", "192.168.1.1", ETH0);
        route("::/0", "fe80::1", ETH0);
        uplinks.put(ETH0, UplinkMode.NATIVE);
    }

    /** With the overlay, pools, nodes and services. */
    static NetworkFixture overlay() {
        final NetworkFixture fixture = new NetworkFixture();
        fixture.link(VXLAN, "vxlan.calico", 1450);
        fixture.settings();
        fixture.pool("10.65.0.0/16", true, "always");
        fixture.pool("fd00:65::/48", true, "always");
        fixture.pool("10.66.0.0/16", false, "cross-subnet");
        fixture.node("a", "192.168.1.10", "2001:db8:1::10", "10.65.0.0", "fd00:65::", 0xA);
        fixture.node("b", "192.168.1.11", "2001:db8:1::11", "10.65.1.0", "fd00:65:1::", 0xB);
        fixture.node("c", "192.168.9.12", null, "10.65.9.9", null, 0xC);
        fixture.tell(new NodeChange.EncapsulationUpdate(false, true, true, false),
            new NodeChange.ServiceCidrsUpdate(List.of(Prefix.parse("10.96.0.0/12"))),
            new NodeChange.ServiceUpdate("shop/web", List.of(Prefix.parse("203.0.113.80")), List.of()));
        fixture.clusterRoute("10.65.0.0/26", "a", PoolEncapsulation.VXLAN, false, RouteType.LOCAL_WORKLOAD);
        fixture.clusterRoute("fd00:65::/122", "a", PoolEncapsulation.VXLAN, false, RouteType.LOCAL_WORKLOAD);
        fixture.clusterRoute("10.65.1.0/26", "b", PoolEncapsulation.VXLAN, false, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("fd00:65:1::/122", "b", PoolEncapsulation.VXLAN, false, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("10.65.1.0/32", "b", PoolEncapsulation.VXLAN, false, RouteType.REMOTE_TUNNEL);
        fixture.clusterRoute("10.66.1.0/26", "b", PoolEncapsulation.VXLAN, true, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("10.65.2.0/26", "c", PoolEncapsulation.VXLAN, false, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("10.65.9.9/32", "c", PoolEncapsulation.VXLAN, false, RouteType.REMOTE_TUNNEL);
        fixture.clusterRoute("10.65.3.0/26", "d", PoolEncapsulation.VXLAN, false, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("10.67.1.0/26", "b", PoolEncapsulation.NONE, false, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("10.67.2.0/26", "c", PoolEncapsulation.NONE, false, RouteType.REMOTE_WORKLOAD);
        fixture.clusterRoute("10.68.1.0/26", "b", PoolEncapsulation.IPIP, false, RouteType.REMOTE_WORKLOAD);
        fixture.pod("cali7", 12, "10.65.0.7", "fd00:65::7");
        fixture.pod("cali8", 13, "10.66.0.7");
        return fixture;
    }

    void link(final int index, final String name, final int mtu) {
        final long mac = index == ETH0 ? ETH0_MAC : 0x0200_0000_1000L + index;
        links.add(new Link(index, name, "veth", new io.caracal.netlink.MacAddress(mac), mtu, 0x1 | 0x40, 6, 0, -1, 0, 1,
            1, 0));
    }

    private void address(final int ifindex, final String... networks) {
        for (final String network : networks) {
            final String[] parts = network.split("/");
            addresses.add(new InterfaceAddress(ifindex, InetAddress.ofLiteral(parts[0]), Integer.parseInt(parts[1])));
        }
    }

    void route(final String network, final String gateway, final int ifindex) {
        final String[] parts = network.split("/");
        routes.add(Route.to(InetAddress.ofLiteral(parts[0]), Integer.parseInt(parts[1]))
            .via(gateway == null ? null : InetAddress.ofLiteral(gateway), ifindex));
    }

    void settings(final String... keysAndValues) {
        final Map<String, String> settings = new HashMap<>();
        for (int n = 0; n < keysAndValues.length; n += 2) {
            settings.put(keysAndValues[n], keysAndValues[n + 1]);
        }
        tell(new NodeChange.FelixSettings(settings));
    }

    void tell(final NodeChange... changes) {
        Arrays.stream(changes).forEach(cluster::apply);
    }

    void pool(final String cidr, final boolean masquerade, final String vxlanMode) {
        tell(new NodeChange.PoolUpdate(cidr, Prefix.parse(cidr), masquerade, vxlanMode, "", false));
    }

    void node(final String name, final String ipv4, final String ipv6, final String tunnel4, final String tunnel6,
        final int number) {
        tell(new NodeChange.HostUpdate(name, host(ipv4), host(ipv6)), new NodeChange.VtepUpdate(name,
            end(ipv4, tunnel4, 0x6600_0000_0400L + number), end(ipv6, tunnel6, 0x6600_0000_0600L + number)));
    }

    private static Optional<NodeChange.HostAddress> host(final String address) {
        return Optional.ofNullable(address)
            .map(text -> new NodeChange.HostAddress(Prefix.parse(text), Prefix.parse(text)));
    }

    private static Optional<NodeChange.TunnelAddress> end(final String parent, final String address, final long mac) {
        return Optional.ofNullable(parent).map(text -> new NodeChange.TunnelAddress(
            new MacAddress(mac), Prefix.parse(address), Prefix.parse(text)));
    }

    void clusterRoute(final String destination, final String node, final PoolEncapsulation encapsulation,
        final boolean sameSubnet, final RouteType... types) {
        final boolean v6 = destination.contains(":");
        final Optional<Prefix> nodeAddress = cluster.hosts().stream().filter(host -> host.name().equals(node))
            .flatMap(host -> (v6 ? host.ipv6() : host.ipv4()).stream()).map(NodeChange.HostAddress::address)
            .findFirst();
        tell(new NodeChange.RouteUpdate(new NodeChange.Route(Prefix.parse(destination), Set.of(types), encapsulation,
            node, nodeAddress, sameSubnet, false, false, false)));
    }

    void pod(final String interfaceName, final int ifindex, final String... podAddresses) {
        pods.add(new LocalPod(interfaceName, ifindex, new io.caracal.netlink.MacAddress(0x0A00_0000_0000L + ifindex),
            Arrays.stream(podAddresses).map(InetAddress::ofLiteral).toList()));
    }

    NetworkInput input() {
        return new NetworkInput(
            "a", cluster, pods, new HostView(links, addresses, routes, 0), Map.copyOf(uplinks), 3506);
    }

    static Set<String> texts(final Iterable<?> things) {
        return java.util.stream.StreamSupport.stream(things.spliterator(), false).map(Object::toString)
            .collect(Collectors.toSet());
    }
}
