package io.caracal.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.NetNamespace;
import io.caracal.testing.OpenFiles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class RouteNetlinkTest {
    private static final MacAddress GATEWAY = MacAddress.parse("ee:ee:ee:ee:ee:ee");
    private static final MacAddress POD = MacAddress.parse("02:00:00:00:00:07");

    private NetNamespace host;
    private NetNamespace pod;
    private RouteNetlink netlink;

    @BeforeEach
    void setUp() {
        final String suffix = Long.toString(ProcessHandle.current().pid(), 36);
        host = NetNamespace.create("bindings-h-" + suffix);
        pod = NetNamespace.create("bindings-p-" + suffix);
        netlink = host.call(RouteNetlink::open);
    }

    @AfterEach
    void tearDown() {
        netlink.close();
        pod.delete();
        host.delete();
        pod.close();
        host.close();
    }

    @Test
    void shouldCreateVethWithQueuesMtuAndAddresses() {
        netlink.createVeth(
            new VethSpec("punt0", "punt1").withQueues(4).withMtu(3506).withMac(GATEWAY).withPeerMac(POD));

        final Link near = netlink.link("punt0");
        final Link far = netlink.link(near.lowerIndex());
        assertEquals(List.of("punt0", "veth", GATEWAY, 3506, 4, 4, far.index(), -1),
            List.of(near.name(), near.kind(), near.mac(), near.mtu(), near.txQueueCount(), near.rxQueueCount(),
                near.lowerIndex(), near.lowerNamespaceId()));
        assertEquals(List.of("punt1", "veth", POD, 3506, 4, 4, near.index()),
            List.of(far.name(), far.kind(), far.mac(), far.mtu(), far.txQueueCount(), far.rxQueueCount(),
                far.lowerIndex()));
        assertFalse(near.isUp());
        assertEquals(List.of("lo", "punt0", "punt1"), netlink.links().stream().map(Link::name).sorted().toList());
    }

    @Test
    void shouldCreatePeerInAnotherNamespace() {
        netlink.createVeth(new VethSpec("cali1", "eth0").withPeerNamespace(pod.fd()));

        assertTrue(netlink.findLink("eth0").isEmpty());
        try (RouteNetlink inPod = pod.call(RouteNetlink::open)) {
            assertEquals("veth", inPod.link("eth0").kind());
            assertTrue(netlink.link("cali1").lowerNamespaceId() >= 0);
        }
    }

    @Test
    void shouldFindThePeerOfAVethInWhicheverNamespaceItIs() {
        netlink.createVeth(new VethSpec("cali1", "eth0").withPeerNamespace(pod.fd()).withPeerMac(POD));
        netlink.createVeth(new VethSpec("cali2", "near").withPeerMac(GATEWAY));

        final Link far = netlink.findPeer(netlink.link("cali1")).orElseThrow();
        assertEquals(List.of("eth0", POD), List.of(far.name(), far.mac()));
        final Link near = netlink.findPeer(netlink.link("cali2")).orElseThrow();
        assertEquals(List.of("near", GATEWAY), List.of(near.name(), near.mac()));
        assertTrue(netlink.findPeer(netlink.link("lo")).isEmpty());
        final Link described = netlink.link("cali1");
        netlink.deleteLink("cali1");
        assertTrue(netlink.findPeer(described).isEmpty(), "gone since it was described");
    }

    @Test
    void shouldSetUpDownMtuMacArpAndName() {
        final int index = createPair();

        netlink.setMtu(index, 9000);
        netlink.setMac(index, GATEWAY);
        netlink.setArp(index, false);
        netlink.disableIpv6LinkLocal(index);
        netlink.rename(index, "cali9");
        netlink.setUp(index);
        netlink.setUp(netlink.link("b").index());

        final Link link = netlink.link("cali9");
        assertEquals(List.of(9000, GATEWAY, false, true, true, 0),
            List.of(link.mtu(), link.mac(), link.hasArp(), link.isUp(), link.isRunning(), link.xdpProgramId()));
        assertTrue(netlink.addresses().stream().noneMatch(address -> address.ifindex() == index));
        netlink.setDown(index);
        netlink.setArp(index, true);
        assertFalse(netlink.link(index).isUp());
        assertTrue(netlink.link(index).hasArp());
    }

    @Test
    void shouldMoveAndDeleteLinks() {
        createPair();

        netlink.moveLink(netlink.link("b").index(), pod.fd());

        assertTrue(netlink.findLink("b").isEmpty());
        try (RouteNetlink inPod = pod.call(RouteNetlink::open)) {
            assertTrue(inPod.findLink("b").isPresent());
            assertTrue(netlink.deleteLink("a"));
            assertTrue(inPod.findLink("b").isEmpty());
        }
        assertFalse(netlink.deleteLink("a"));
    }

    @Test
    void shouldAddAndDeleteAddresses() {
        final int index = createUpPair();
        final InterfaceAddress v4 = new InterfaceAddress(index, ip("10.65.0.1"), 24);
        final InterfaceAddress v6 = new InterfaceAddress(index, ip("fd00::1"), 64);

        netlink.addAddress(v4);
        netlink.addAddress(v6.ifindex(), v6.address(), v6.prefixLength());

        assertTrue(netlink.addresses().containsAll(List.of(v4, v6)));
        assertErrno(Errno.EEXIST, () -> netlink.addAddress(v4));
        netlink.deleteAddress(v4);
        netlink.deleteAddress(v6);
        assertFalse(netlink.addresses().contains(v4));
        assertFalse(netlink.addresses().contains(v6));
        assertErrno(Errno.EADDRNOTAVAIL, () -> netlink.deleteAddress(v4));
    }

    @Test
    void shouldAddReplaceFindAndDeleteRoutes() {
        final int index = createUpPair();
        netlink.addAddress(index, ip("10.0.0.1"), 24);
        final Route pod = Route.to(ip("10.65.0.2"), 32).via(null, index).withProtocol(80);
        netlink.addRoute(pod);
        final Route byGateway = Route.to(ip("0.0.0.0"), 0).viaOnLink(ip("169.254.1.1"), index).withTable(1000)
            .withMetric(7);
        netlink.addRoute(byGateway);
        final Route blackhole = Route.to(ip("10.65.0.0"), 26).withType(Route.BLACKHOLE).withProtocol(80);
        netlink.addRoute(blackhole);

        assertTrue(netlink.routes().containsAll(List.of(pod, byGateway, blackhole)), netlink.routes().toString());
        assertEquals(index, netlink.routeTo(ip("10.65.0.2")).ifindex());
        assertErrno(Errno.EEXIST, () -> netlink.addRoute(pod));
        final Route replaced = Route.to(ip("10.65.0.2"), 32).withType(Route.UNREACHABLE);
        netlink.replaceRoute(replaced);
        assertTrue(netlink.routes().contains(replaced), netlink.routes().toString());
        netlink.deleteRoute(replaced);
        assertErrno(Errno.ESRCH, () -> netlink.deleteRoute(replaced));
        assertFalse(netlink.routes().contains(replaced));
    }

    @Test
    void shouldAddIpv6AndMultipathRoutes() {
        final int index = createUpPair();
        netlink.addAddress(index, ip("10.0.0.1"), 24);
        final Route v6 = Route.to(ip("fd00:1::"), 64).via(null, index).withMetric(1024);
        final Route ecmp = Route.to(ip("10.66.0.0"), 16).with(new Route.NextHop(ip("10.0.0.2"), index, false, 1))
            .with(new Route.NextHop(ip("10.0.0.3"), index, true, 2)).withSource(ip("10.0.0.1"));

        netlink.addRoute(v6);
        netlink.addRoute(ecmp);

        assertTrue(netlink.routes().containsAll(List.of(v6, ecmp)), netlink.routes().toString());
        assertNull(netlink.routes().stream().filter(v6::equals).findFirst().orElseThrow().gateway());
    }

    @Test
    void shouldSetManageAndDeleteNeighbours() {
        final int index = createUpPair();
        final InetAddress v4 = ip("10.65.0.2");
        final InetAddress v6 = ip("fd00::2");

        netlink.replaceNeighbour(index, v4, GATEWAY);
        netlink.replaceNeighbour(index, v4, POD);
        netlink.replaceNeighbour(index, v6, POD);
        netlink.addAddress(index, ip("10.65.0.1"), 24);
        netlink.manageNeighbour(index, ip("10.65.0.3"));

        final List<Neighbour> neighbours = netlink.neighbours();
        assertTrue(neighbours.contains(new Neighbour(index, v4, POD, Neighbour.PERMANENT, 0)), neighbours.toString());
        assertTrue(neighbours.contains(new Neighbour(index, v6, POD, Neighbour.PERMANENT, 0)), neighbours.toString());
        final Neighbour managed = neighbours.stream().filter(n -> n.address().equals(ip("10.65.0.3"))).findFirst()
            .orElseThrow();
        assertFalse(managed.isUsable(), managed.toString());
        netlink.deleteNeighbour(index, v4);
        assertTrue(netlink.neighbours().stream().noneMatch(n -> n.address().equals(v4)));
        assertErrno(Errno.ENOENT, () -> netlink.deleteNeighbour(index, v4));
    }

    @Test
    void shouldSayWhatFailedInTheKernelsWords() {
        createPair();

        assertMessage("create veth pair a-c: EEXIST (file exists)",
            () -> netlink.createVeth(new VethSpec("a", "c")));
        assertMessage("find link none: ENODEV (no such device)", () -> netlink.link("none"));
        final int index = netlink.link("a").index();
        assertMessage("set MTU 1000000 of link ifindex " + index + ": EINVAL (mtu greater than device maximum)",
            () -> netlink.setMtu(index, 1_000_000));
        final NativeCallException failure = assertThrows(NativeCallException.class,
            () -> netlink.addRoute(Route.to(ip("10.9.0.0"), 16).via(ip("10.8.0.1"), index)));
        assertTrue(failure.getMessage().startsWith("add route 10.9.0.0/16 "), failure.getMessage());
    }

    @Test
    void shouldRefuseBadInput() {
        final String[] badNames = {"", ".", "..", "a/b", "a b", "a:b", "sixteen-letters!", "éééééééé"};
        for (final String name : badNames) {
            assertThrows(IllegalArgumentException.class, () -> netlink.link(name), name);
        }
        assertThrows(IllegalArgumentException.class, () -> new VethSpec("a", "b").withQueues(0));
        assertThrows(IllegalArgumentException.class, () -> Route.to(ip("10.0.0.0"), 33));
        assertThrows(IllegalArgumentException.class, () -> netlink.setUp(0));
        assertThrows(IllegalArgumentException.class, () -> MacAddress.parse("02:00:00"));
        assertErrno(Errno.ENODEV, () -> netlink.setUp(4711));
        netlink.close();
        assertThrows(IllegalStateException.class, () -> netlink.links());
    }

    @Test
    void shouldReadLongDumps() {
        final int index = createUpPair();
        final int count = 3000;
        for (int i = 0; i < count; i++) {
            netlink.addRoute(Route.to(ip("10." + (i >> 8) + '.' + (i & 255) + ".1"), 32).via(null, index));
        }
        assertEquals(count, netlink.routes().stream().filter(r -> r.table() == Route.TABLE_MAIN
            && r.prefixLength() == 32).count());
    }

    private int createPair() {
        netlink.createVeth(new VethSpec("a", "b"));
        return netlink.link("a").index();
    }

    private int createUpPair() {
        final int index = createPair();
        netlink.setUp(index);
        netlink.setUp(netlink.link("b").index());
        return index;
    }

    private static void assertErrno(final int errno, final Runnable body) {
        assertEquals(errno, assertThrows(NativeCallException.class, body::run).errno());
    }

    private static void assertMessage(final String message, final Runnable body) {
        assertEquals(message, assertThrows(NativeCallException.class, body::run).getMessage());
    }

    private static InetAddress ip(final String text) {
        try {
            return InetAddress.getByName(text);
        } catch (final UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
