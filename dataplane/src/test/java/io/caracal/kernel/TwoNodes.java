package io.caracal.kernel;

import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.Sysctl;
import io.caracal.netlink.VethSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Two nodes joined by a cable, each with one pod, made of network namespaces. Interfaces and addresses of the nodes and
 * pods are there, as a CNI plugin leaves them; what joins the pods is up to the test.
 */
final class TwoNodes implements AutoCloseable {
    private static final int PING_TIMEOUT_MS = 1000;
    private static final int PING_ATTEMPTS = 10;
    private static final long LINK_LOCAL_TIMEOUT_NS = 5_000_000_000L;
    private static final MacAddress HOST_END = MacAddress.parse("ee:ee:ee:ee:ee:ee");

    /** One of the nodes: everything of it has its number, 1 or 2. */
    record Node(int number, NetNamespace host, NetNamespace pod) {
        InetAddress ipv4() {
            return ip("192.0.2." + number);
        }

        InetAddress ipv6() {
            return ip("2001:db8::" + number);
        }

        InetAddress podIpv4() {
            return ip("10.65." + number + ".2");
        }

        InetAddress podIpv6() {
            return ip("fd00:65:" + number + "::2");
        }

        InetAddress tunnelIpv4() {
            return ip("10.65." + number + ".0");
        }

        InetAddress tunnelIpv6() {
            return ip("fd00:65:" + number + "::");
        }

        MacAddress vtepMac(final int version) {
            return MacAddress.parse("66:00:00:00:0" + version + ":0" + number);
        }

        MacAddress podMac() {
            return MacAddress.parse("0a:00:00:00:00:0" + number);
        }

        OverlaySpec overlay(final int version) {
            return version == 4
                ? new OverlaySpec(OverlaySpec.DEVICE_IPV4, 4096, 4789, ipv4(), tunnelIpv4(), vtepMac(4), 1450, true)
                : new OverlaySpec(OverlaySpec.DEVICE_IPV6, 4096, 4789, ipv6(), tunnelIpv6(), vtepMac(6), 1430, true);
        }

        RemoteVtep vtep(final int version) {
            return version == 4 ? new RemoteVtep("node" + number, ipv4(), tunnelIpv4(), vtepMac(4))
                : new RemoteVtep("node" + number, ipv6(), tunnelIpv6(), vtepMac(6));
        }

        IpPrefix block(final int version) {
            return IpPrefix.parse(version == 4 ? "10.65." + number + ".0/26" : "fd00:65:" + number + "::/122");
        }

        PodInterface podInterface() {
            return new PodInterface("cali" + number, podMac(), List.of(podIpv4(), podIpv6()));
        }

        /** All that the kernel of this node shall know, the other node's pods by the overlay. */
        NodeNetworkSpec spec(final Node other) {
            return NodeNetworkSpec.EMPTY.withOverlays(List.of(overlay(4), overlay(6)))
                .withRemotes(List.of(other.vtep(4), other.vtep(6)),
                    List.of(new RemoteBlock(other.block(4), other.tunnelIpv4(), true),
                        new RemoteBlock(other.block(6), other.tunnelIpv6(), true)))
                .withLocals(List.of(block(4), block(6)), List.of(podInterface()));
        }

        NodeNetworkReport apply(final NodeNetworkSpec spec) {
            return host.call(() -> {
                try (NodeNetwork network = NodeNetwork.open(NodeNetworkSettings.DEFAULT)) {
                    return network.apply(spec);
                }
            });
        }

        <T> T withNetlink(final NetlinkCall<T> body) {
            return host.call(() -> {
                try (RouteNetlink netlink = RouteNetlink.open()) {
                    return body.apply(netlink);
                }
            });
        }

        Link link(final String name) {
            return withNetlink(netlink -> netlink.link(name));
        }

        List<Route> calicoRoutes() {
            return withNetlink(netlink -> netlink.routes().stream().filter(r -> r.protocol() == 80).toList());
        }
    }

    /** What a test asks or tells the kernel. */
    @FunctionalInterface
    interface NetlinkCall<T> {
        T apply(RouteNetlink netlink) throws Exception;
    }

    final Node first;
    final Node second;
    private final List<NetNamespace> namespaces = new ArrayList<>();

    TwoNodes() {
        try {
            first = node(1);
            second = node(2);
            first.host.run(() -> {
                try (RouteNetlink netlink = RouteNetlink.open()) {
                    netlink.createVeth(new VethSpec("eth0", "eth0").withPeerNamespace(second.host.fd()));
                }
            });
            for (final Node node : List.of(first, second)) {
                node.host.run(() -> joinTo(node));
                node.pod.run(() -> setUpPod(node));
            }
            awaitLinkLocal(first);
            awaitLinkLocal(second);
        } catch (final RuntimeException e) {
            close();
            throw e;
        }
    }

    private Node node(final int number) {
        return new Node(number, namespace("node" + number), namespace("pod" + number));
    }

    private NetNamespace namespace(final String name) {
        final NetNamespace made = NetNamespace.create("kernel-" + name + '-' + ProcessHandle.current().pid());
        namespaces.add(made);
        return made;
    }

    private static void joinTo(final Node node) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            // Without duplicate address detection: a node whose link-local address is tentative asks nobody.
            Sysctl.set("ipv6/conf/default/accept_dad", "0");
            Sysctl.set("ipv6/conf/eth0/accept_dad", "0");
            netlink.setUp(netlink.link("lo").index());
            final int eth0 = netlink.link("eth0").index();
            netlink.setUp(eth0);
            netlink.addAddress(eth0, node.ipv4(), 24);
            netlink.addAddress(eth0, node.ipv6(), 64);
            // A default route, or the kernel would not answer ARP for 169.254.1.1.
            netlink.addRoute(Route.to(ip("0.0.0.0"), 0).via(ip("192.0.2." + (3 - node.number)), eth0));
            netlink.createVeth(new VethSpec("cali" + node.number, "eth0").withMac(HOST_END).withPeerMac(node.podMac())
                .withPeerNamespace(node.pod.fd()).withMtu(1430));
            netlink.setUp(netlink.link("cali" + node.number).index());
        }
    }

    /** The kernel may take a second to notice a carrier; until then it has no source for neighbour solicitations. */
    private static void awaitLinkLocal(final Node node) {
        final long deadlineNs = System.nanoTime() + LINK_LOCAL_TIMEOUT_NS;
        final int eth0 = node.link("eth0").index();
        while (node.withNetlink(RouteNetlink::addresses).stream()
            .noneMatch(each -> each.ifindex() == eth0 && each.address().isLinkLocalAddress())) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("no link-local address on eth0 of node" + node.number);
            }
            Thread.onSpinWait();
        }
    }

    private static void setUpPod(final Node node) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            Sysctl.set("ipv6/conf/eth0/accept_dad", "0");
            final int eth0 = netlink.link("eth0").index();
            netlink.setUp(netlink.link("lo").index());
            netlink.setUp(eth0);
            netlink.addAddress(eth0, node.podIpv4(), 32);
            netlink.addAddress(eth0, node.podIpv6(), 128);
            netlink.addRoute(Route.to(ip("169.254.1.1"), 32).via(null, eth0));
            netlink.addRoute(Route.to(ip("0.0.0.0"), 0).via(ip("169.254.1.1"), eth0));
            netlink.replaceNeighbour(eth0, ip("fe80::ecee:eeff:feee:eeee"), HOST_END);
            netlink.addRoute(Route.to(ip("::"), 0).via(ip("fe80::ecee:eeff:feee:eeee"), eth0));
        }
    }

    /** Whether one of some ICMP echoes is answered: a busy machine may take more than a second for the first. */
    static boolean reaches(final NetNamespace from, final InetAddress to) {
        return from.call(() -> {
            for (int attempt = 0; attempt < PING_ATTEMPTS; attempt++) {
                if (to.isReachable(PING_TIMEOUT_MS)) {
                    return true;
                }
            }
            return false;
        });
    }

    /** Whether an ICMP echo stays without an answer. */
    static boolean isLost(final NetNamespace from, final InetAddress to) {
        return from.call(() -> {
            try {
                return !to.isReachable(PING_TIMEOUT_MS);
            } catch (final IOException e) {
                // A route that goes nowhere says so at once.
                return true;
            }
        });
    }

    static InetAddress ip(final String text) {
        return InetAddress.ofLiteral(text);
    }

    @Override
    public void close() {
        namespaces.forEach(NetNamespace::delete);
        namespaces.forEach(NetNamespace::close);
    }
}
