package io.caracal.kernel;

import static io.caracal.kernel.TwoNodes.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.ForwardingEntry;
import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.Route;
import io.caracal.netlink.Sysctl;
import io.caracal.netlink.VethSpec;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kernels of two nodes, told what to do by nothing but NodeNetwork; real packets between their pods. */
class NodeNetworkTest {
    private static final long PATIENCE_SECONDS = 10;

    private TwoNodes nodes;
    private TwoNodes.Node first;
    private TwoNodes.Node second;

    @BeforeEach
    void makeNodes() {
        nodes = new TwoNodes();
        first = nodes.first;
        second = nodes.second;
    }

    @AfterEach
    void removeNodes() {
        nodes.close();
    }

    private void applyBoth() {
        assertEquals(List.of(), first.apply(first.spec(second)).problems());
        assertEquals(List.of(), second.apply(second.spec(first)).problems());
    }

    private void assertPodsReachEachOther() {
        for (final TwoNodes.Node from : List.of(first, second)) {
            final TwoNodes.Node to = from == first ? second : first;
            assertTrue(TwoNodes.reaches(from.pod(), to.podIpv4()), "IPv4 from node" + from.number());
            assertTrue(TwoNodes.reaches(from.pod(), to.podIpv6()), "IPv6 from node" + from.number());
        }
    }

    @Test
    void shouldJoinPodsOfTwoNodesByKernelVxlan() {
        assertTrue(TwoNodes.isLost(first.pod(), second.podIpv4()), "nothing is there yet");

        applyBoth();

        assertPodsReachEachOther();
        assertTrue(TwoNodes.reaches(first.host(), first.podIpv4()), "host to own pod");
        assertTrue(TwoNodes.reaches(first.host(), first.podIpv6()), "host to own pod");
        assertTrue(TwoNodes.reaches(first.host(), second.podIpv4()), "host to remote pod, with its tunnel address");
        assertTrue(TwoNodes.reaches(first.host(), second.podIpv6()), "host to remote pod, with its tunnel address");
        assertTrue(TwoNodes.isLost(first.pod(), ip("10.65.2.9")), "an address that no pod has goes nowhere");
        assertTrue(TwoNodes.isLost(first.pod(), ip("fd00:65:2::9")), "an address that no pod has goes nowhere");
    }

    @Test
    void shouldLookAsFelixMakesIt() {
        applyBoth();

        final int vxlan = first.link("vxlan.calico").index();
        final int cali = first.link("cali1").index();
        final List<Route> expected = List.of(
            Route.to(first.podIpv4(), 32).via(null, cali).withProtocol(80).withMetric(1024),
            Route.to(ip("10.65.1.0"), 26).withType(Route.BLACKHOLE).withProtocol(80),
            Route.to(ip("10.65.2.0"), 26).viaOnLink(second.tunnelIpv4(), vxlan).withMtu(1450).withProtocol(80));
        assertEquals(expected, first.calicoRoutes().stream().filter(r -> r.destination().getAddress().length == 4)
            .sorted((a, b) -> Integer.compare(b.prefixLength(), a.prefixLength()))
            .sorted((a, b) -> a.destination().getHostAddress().compareTo(b.destination().getHostAddress()))
            .sorted((a, b) -> Integer.compare(b.prefixLength(), a.prefixLength())).toList());
        assertEquals(6, first.calicoRoutes().size());
        assertEquals(List.of(ForwardingEntry.permanent(vxlan, second.vtepMac(4), second.ipv4())),
            first.withNetlink(n -> n.forwardingEntries().stream().filter(e -> e.ifindex() == vxlan).toList()));
        assertTrue(first.withNetlink(n -> n.neighbours()).contains(
            new Neighbour(vxlan, second.tunnelIpv4(), second.vtepMac(4), Neighbour.PERMANENT, 0)));
        assertTrue(first.withNetlink(n -> n.neighbours()).contains(
            new Neighbour(cali, first.podIpv4(), first.podMac(), Neighbour.PERMANENT, 0)));
        assertTrue(first.withNetlink(n -> n.addresses()).contains(
            new InterfaceAddress(vxlan, first.tunnelIpv4(), 32)));
        assertEquals(1430, first.link("vxlan-v6.calico").mtu());
        first.host().run(() -> {
            for (final String[] setting : new String[][] {{"ipv4/ip_forward", "1"}, {"ipv6/conf/all/forwarding", "1"},
                {"ipv4/conf/cali1/rp_filter", "0"}, {"ipv4/conf/cali1/route_localnet", "1"},
                {"ipv4/conf/cali1/proxy_arp", "1"}, {"ipv4/conf/cali1/forwarding", "1"},
                {"ipv4/neigh/cali1/proxy_delay", "0"}, {"ipv6/conf/cali1/proxy_ndp", "1"},
                {"ipv6/conf/cali1/accept_ra", "0"}, {"ipv6/conf/cali1/forwarding", "1"}}) {
                assertEquals(Optional.of(setting[1]), Sysctl.find(setting[0]), setting[0]);
            }
        });
    }

    @Test
    void shouldChangeNothingWhereAllIsRight() {
        applyBoth();

        final NodeNetworkReport again = first.apply(first.spec(second));

        assertEquals(new NodeNetworkReport(List.of(), List.of()), again);
    }

    @Test
    void shouldRepairWhatSomebodyElseHasChanged() {
        applyBoth();
        final int vxlan = first.link("vxlan.calico").index();
        first.withNetlink(netlink -> {
            netlink.deleteRoute(Route.to(ip("10.65.2.0"), 26).withProtocol(80));
            netlink.deleteRoute(Route.to(ip("10.65.1.0"), 26).withType(Route.BLACKHOLE).withProtocol(80));
            netlink.addRoute(Route.to(ip("10.99.0.0"), 16).via(null, vxlan).withProtocol(80));
            netlink.deleteForwardingEntry(ForwardingEntry.permanent(vxlan, second.vtepMac(4), second.ipv4()));
            netlink.replaceForwardingEntry(ForwardingEntry.permanent(vxlan, MacAddress.parse("66:00:00:00:00:99"),
                ip("192.0.2.9")));
            netlink.replaceNeighbour(vxlan, second.tunnelIpv4(), MacAddress.parse("66:00:00:00:00:99"));
            netlink.replaceNeighbour(vxlan, ip("10.65.9.0"), MacAddress.parse("66:00:00:00:00:99"));
            netlink.setMtu(vxlan, 1300);
            netlink.addAddress(vxlan, ip("10.65.1.63"), 32);
            Sysctl.set("ipv4/conf/cali1/proxy_arp", "0");
            return null;
        });

        final NodeNetworkReport repaired = first.apply(first.spec(second));

        assertEquals(List.of(), repaired.problems());
        assertEquals(10, repaired.changes().size(), String.join("\n", repaired.changes()));
        assertEquals(List.of(), first.apply(first.spec(second)).changes());
        assertPodsReachEachOther();
    }

    @Test
    void shouldMakeADeviceAnewThatCannotBeChanged() {
        applyBoth();
        final NodeNetworkSpec before = first.spec(second);
        final OverlaySpec other = new OverlaySpec(OverlaySpec.DEVICE_IPV4, 4097, 4789, first.ipv4(),
            first.tunnelIpv4(), first.vtepMac(4), 1450, false);
        final NodeNetworkSpec wanted = before.withOverlays(List.of(other, first.overlay(6)));

        assertEquals(List.of(), first.apply(wanted).problems());

        assertTrue(TwoNodes.isLost(first.pod(), second.podIpv4()), "the VNIs differ");
        assertTrue(TwoNodes.reaches(first.pod(), second.podIpv6()));
        assertEquals(List.of(), first.apply(before).problems());
        assertPodsReachEachOther();
    }

    @Test
    void shouldFollowNodesThatMoveAndGo() {
        applyBoth();
        final RemoteVtep moved = new RemoteVtep("node2", ip("192.0.2.77"), second.tunnelIpv4(),
            MacAddress.parse("66:00:00:00:00:77"));
        final NodeNetworkSpec spec = first.spec(second);
        final List<RemoteBlock> blocks = List.of(spec.remoteBlocks().getFirst());

        final NodeNetworkReport report = first.apply(spec.withRemotes(List.of(moved), blocks));

        assertEquals(List.of(), report.problems());
        final int vxlan = first.link("vxlan.calico").index();
        assertEquals(List.of(ForwardingEntry.permanent(vxlan, moved.mac(), moved.nodeAddress())),
            first.withNetlink(n -> n.forwardingEntries().stream().filter(e -> e.ifindex() == vxlan).toList()));
        assertEquals(5, first.calicoRoutes().size(), "the IPv6 block has gone");
        final NodeNetworkReport gone = first.apply(spec.withRemotes(List.of(), List.of()));
        assertEquals(List.of(), gone.problems());
        assertEquals(4, first.calicoRoutes().size());
        assertEquals(List.of(),
            first.withNetlink(n -> n.forwardingEntries().stream().filter(e -> e.ifindex() == vxlan).toList()));
    }

    @Test
    void shouldSendPlainWithinASubnet() {
        final List<RemoteBlock> toSecond = List.of(new RemoteBlock(second.block(4), second.ipv4(), false),
            new RemoteBlock(second.block(6), second.ipv6(), false));
        final List<RemoteBlock> toFirst = List.of(new RemoteBlock(first.block(4), first.ipv4(), false),
            new RemoteBlock(first.block(6), first.ipv6(), false));
        assertEquals(List.of(), first.apply(first.spec(second).withOverlays(List.of())
            .withRemotes(List.of(), toSecond)).problems());
        assertEquals(List.of(), second.apply(second.spec(first).withOverlays(List.of())
            .withRemotes(List.of(), toFirst)).problems());

        assertPodsReachEachOther();
        assertTrue(first.withNetlink(n -> n.findLink("vxlan.calico")).isEmpty());
        applyBoth();
        assertPodsReachEachOther();
    }

    @Test
    void shouldTouchOnlyItsOwn() {
        final int eth0 = first.link("eth0").index();
        final int cali = first.link("cali1").index();
        final Route ofBgp = Route.to(ip("10.65.7.0"), 26).via(second.ipv4(), eth0).withProtocol(12);
        final Route inOtherTable = Route.to(ip("10.65.8.0"), 26).withType(Route.THROW).withProtocol(80).withTable(42);
        final Route ofCni = Route.to(first.podIpv4(), 32).via(null, cali);
        final Route ofFelix = ofCni.withMetric(1024);
        final Route inOurPlace = Route.to(ip("10.65.2.0"), 26).via(second.ipv4(), eth0).withProtocol(12);
        first.withNetlink(netlink -> {
            for (final Route route : List.of(ofBgp, inOtherTable, ofCni, ofFelix, inOurPlace)) {
                netlink.addRoute(route);
            }
            netlink.replaceNeighbour(eth0, ip("192.0.2.200"), MacAddress.parse("02:00:00:00:00:99"));
            return null;
        });

        final NodeNetworkReport report = first.apply(first.spec(second));

        assertEquals(1, report.problems().size(), report.problems().toString());
        assertTrue(report.problems().getFirst().contains("another one has its place, which is not ours: 10.65.2.0/26"));
        final List<Route> after = first.withNetlink(n -> n.routes());
        assertTrue(after.containsAll(List.of(ofBgp, inOtherTable, ofCni, inOurPlace)), after.toString());
        assertFalse(after.contains(ofFelix), "the one of the pod's own interface is taken over");
        try (NodeNetwork network = first.host().call(() -> NodeNetwork.open(NodeNetworkSettings.DEFAULT))) {
            assertEquals(List.of(), first.host().call(network::removeAll).problems());
            assertEquals(new NodeNetworkReport(List.of(), List.of()), first.host().call(network::removeAll));
        }
        final List<Route> left = first.withNetlink(n -> n.routes());
        assertTrue(left.containsAll(List.of(ofBgp, inOtherTable, ofCni, inOurPlace)), left.toString());
        assertTrue(left.stream().noneMatch(r -> r.protocol() == 80 && r.table() == Route.TABLE_MAIN), left.toString());
        assertTrue(first.withNetlink(n -> n.findLink("vxlan.calico")).isEmpty());
        assertTrue(first.withNetlink(n -> n.neighbours()).stream().noneMatch(n -> n.ifindex() == cali
            && (n.state() & Neighbour.PERMANENT) != 0));
        assertTrue(first.withNetlink(n -> n.neighbours()).stream()
            .anyMatch(n -> n.address().equals(ip("192.0.2.200"))), "a stranger's neighbour");
    }

    /** The host's own packets to a pod have the address that was asked for, whatever route the CNI plugin has made. */
    @Test
    void shouldGiveTheHostTheSourceThatWasAskedFor() {
        final int cali = first.link("cali1").index();
        first.withNetlink(netlink -> {
            netlink.addAddress(netlink.link("eth0").index(), ip("198.51.100.9"), 32);
            netlink.addAddress(netlink.link("lo").index(), ip("2001:db8:9::9"), 128);
            netlink.addRoute(Route.to(first.podIpv4(), 32).via(null, cali));
            return null;
        });
        final HostPart asked = new HostPart(true, true, Optional.of(ip("198.51.100.9")), Optional.of(ip("2001:db8:9::9")));

        assertEquals(List.of(), first.apply(first.spec(second).withHost(asked)).problems());

        assertEquals("198.51.100.9", first.host().call(() -> sourceTowards(first.podIpv4())));
        assertEquals("2001:db8:9:0:0:0:0:9", first.host().call(() -> sourceTowards(first.podIpv6())));
        assertEquals(List.of(), first.apply(first.spec(second).withHost(asked)).changes());
        assertTrue(TwoNodes.reaches(first.host(), first.podIpv4()));
        assertEquals(List.of(), first.apply(first.spec(second)).problems());
        assertFalse(first.host().call(() -> sourceTowards(first.podIpv4())).equals("198.51.100.9"), "lifted again");
        final HostPart foreign = new HostPart(true, true, Optional.of(ip("203.0.113.9")), Optional.empty());
        final NodeNetworkReport refused = first.apply(first.spec(second).withHost(foreign));
        assertTrue(refused.problems().toString().contains("EINVAL"), "not this host's: " + refused.problems());
    }

    private static String sourceTowards(final InetAddress destination) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(destination, 9);
            return socket.getLocalAddress().getHostAddress();
        }
    }

    @Test
    void shouldLeaveSettingsAloneThatAreNotAskedFor() {
        final HostPart quiet = new HostPart(false, false, Optional.empty(), Optional.empty());
        first.host().run(() -> {
            Sysctl.set("ipv4/ip_forward", "0");
            Sysctl.set("ipv6/conf/cali1/accept_ra", "2");
        });

        assertEquals(List.of(), first.apply(first.spec(second).withHost(quiet)).problems());

        first.host().run(() -> {
            assertEquals(Optional.of("0"), Sysctl.find("ipv4/ip_forward"));
            assertEquals(Optional.of("0"), Sysctl.find("ipv6/conf/all/forwarding"));
            assertEquals(Optional.of("2"), Sysctl.find("ipv6/conf/cali1/accept_ra"));
            assertEquals(Optional.of("1"), Sysctl.find("ipv4/conf/cali1/proxy_arp"));
        });
        assertEquals(List.of(), first.apply(first.spec(second)).problems());
        first.host().run(() -> assertEquals(Optional.of("1"), Sysctl.find("ipv4/ip_forward")));
    }

    @Test
    void shouldDoTheRestWhenOneThingFails() {
        final OverlaySpec nowhere = new OverlaySpec(OverlaySpec.DEVICE_IPV4, 4096, 4789, ip("203.0.113.1"),
            first.tunnelIpv4(), first.vtepMac(4), 1450, true);

        final NodeNetworkReport report = first.apply(first.spec(second).withOverlays(List.of(nowhere,
            first.overlay(6))));

        assertEquals(List.of("overlay device vxlan.calico: no interface has this node's address 203.0.113.1",
            "route to 10.65.2.0/26: this node has no overlay device of its IP version"), report.problems());
        assertEquals(5, first.calicoRoutes().size());
    }

    @Test
    void shouldKeepTheNetworkByItself() throws InterruptedException {
        final BlockingQueue<NodeNetworkReport> reports = new LinkedBlockingQueue<>();
        final Duration soon = Duration.ofMillis(200);
        final NetNamespace late = NetNamespace.create("kernel-late-" + ProcessHandle.current().pid());
        try (NodeNetworkKeeper keeper = first.host().call(
            () -> NodeNetworkKeeper.start(NodeNetworkSettings.DEFAULT, soon, reports::add))) {
            final List<PodInterface> pods = new ArrayList<>(first.spec(second).pods());
            pods.add(new PodInterface("cali9", null, List.of(ip("10.65.1.9"))));
            keeper.update(first.spec(second).withLocals(List.of(first.block(4)), pods));
            assertEquals(List.of(), reports.poll(PATIENCE_SECONDS, TimeUnit.SECONDS).problems());

            first.withNetlink(netlink -> {
                netlink.createVeth(new VethSpec("cali9", "eth0").withPeerNamespace(late.fd()));
                netlink.setUp(netlink.link("cali9").index());
                return null;
            });
            awaitChange(reports, "add route 10.65.1.9/32");
            first.withNetlink(netlink -> {
                netlink.deleteRoute(Route.to(ip("10.65.1.0"), 26).withType(Route.BLACKHOLE).withProtocol(80));
                return null;
            });
            awaitChange(reports, "add route 10.65.1.0/26");
            keeper.update(NodeNetworkSpec.EMPTY);
            awaitChange(reports, "delete route 10.65.1.0/26");
            assertEquals(List.of(), first.calicoRoutes());
        } finally {
            late.delete();
            late.close();
        }
    }

    private static void awaitChange(final BlockingQueue<NodeNetworkReport> reports, final String expected)
        throws InterruptedException {
        final List<NodeNetworkReport> seen = new ArrayList<>();
        do {
            final NodeNetworkReport next = reports.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertTrue(next != null, expected + " is not in " + seen);
            seen.add(next);
        } while (seen.getLast().changes().stream().noneMatch(line -> line.startsWith(expected)));
    }
}
