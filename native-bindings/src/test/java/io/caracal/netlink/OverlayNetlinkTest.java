package io.caracal.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.LinkMonitor.Topic;
import io.caracal.testing.OpenFiles;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an overlay node needs of rtnetlink: VXLAN, forwarding entries, routes that go nowhere, live neighbours. */
@ExtendWith(OpenFiles.class)
class OverlayNetlinkTest {
    private static final int PATIENCE_MS = 10_000;
    private static final int VNI = 4096;
    private static final int PORT = 4789;
    private static final MacAddress OWN = MacAddress.parse("66:00:00:00:00:01");
    private static final MacAddress REMOTE = MacAddress.parse("66:00:00:00:00:02");

    private NetNamespace node;
    private NetNamespace peer;
    private RouteNetlink netlink;
    private int uplink;

    @BeforeEach
    void setUp() {
        final String suffix = Long.toString(ProcessHandle.current().pid(), 36);
        node = NetNamespace.create("bindings-o-" + suffix);
        peer = NetNamespace.create("bindings-q-" + suffix);
        netlink = node.call(RouteNetlink::open);
        netlink.createVeth(new VethSpec("up0", "eth0").withPeerNamespace(peer.fd()));
        uplink = netlink.link("up0").index();
        netlink.setUp(uplink);
        netlink.addAddress(uplink, ip("192.0.2.1"), 24);
        netlink.addAddress(uplink, ip("2001:db8::1"), 64);
        peer.run(() -> {
            try (RouteNetlink inPeer = RouteNetlink.open()) {
                final int eth0 = inPeer.link("eth0").index();
                inPeer.setUp(eth0);
                inPeer.addAddress(eth0, ip("192.0.2.2"), 24);
                inPeer.addAddress(eth0, ip("2001:db8::2"), 64);
            }
        });
    }

    @AfterEach
    void tearDown() {
        netlink.close();
        peer.delete();
        node.delete();
        peer.close();
        node.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "2001:db8::1"})
    void shouldCreateAndReadBackVxlan(final String local) {
        final VxlanSpec spec = new VxlanSpec("vxlan.calico", VNI, PORT, ip(local)).withLower(uplink).withMac(OWN)
            .withMtu(1400);

        assertEquals(Optional.empty(), netlink.findVxlan("vxlan.calico"));
        netlink.createVxlan(spec);

        assertEquals(Optional.of(spec), netlink.findVxlan("vxlan.calico"));
        assertEquals("vxlan", netlink.link("vxlan.calico").kind());
        assertErrno(Errno.EEXIST, () -> netlink.createVxlan(spec));
        netlink.deleteLink("vxlan.calico");
        final VxlanSpec other = spec.withUdpChecksum(false).withLearning(true).withMac(REMOTE);
        netlink.createVxlan(other);
        assertEquals(Optional.of(other), netlink.findVxlan("vxlan.calico"));
    }

    @Test
    void shouldRefuseAnotherKindUnderTheNameOfAVxlan() {
        final NativeCallException failure =
            assertThrows(NativeCallException.class, () -> netlink.findVxlan("up0"));
        assertEquals("find VXLAN interface up0: EINVAL (an interface of kind 'veth' has that name)",
            failure.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new VxlanSpec("v", 1 << 24, PORT, ip("192.0.2.1")));
        assertThrows(IllegalArgumentException.class, () -> new VxlanSpec("v", VNI, 65536, ip("192.0.2.1")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.", "2001:db8::"})
    void shouldSetReplaceListAndDeleteForwardingEntries(final String prefix) {
        final int vxlan = createVxlan(prefix + 1);
        final ForwardingEntry first = ForwardingEntry.permanent(vxlan, REMOTE, ip(prefix + 2));
        final ForwardingEntry moved = ForwardingEntry.permanent(vxlan, REMOTE, ip(prefix + 3));

        netlink.replaceForwardingEntry(first);
        netlink.replaceForwardingEntry(first);
        assertEquals(List.of(first), entriesOf(vxlan));
        netlink.replaceForwardingEntry(moved);
        assertEquals(List.of(moved), entriesOf(vxlan));
        netlink.deleteForwardingEntry(moved);

        assertEquals(List.of(), entriesOf(vxlan));
        assertErrno(Errno.ENOENT, () -> netlink.deleteForwardingEntry(moved));
        assertTrue(netlink.neighbours().stream().noneMatch(n -> n.ifindex() == vxlan && REMOTE.equals(n.mac())));
    }

    @Test
    void shouldTellOfForwardingEntriesOnlyToThoseWhoAsk() {
        final int vxlan = createVxlan("192.0.2.1");
        final ForwardingEntry entry = ForwardingEntry.permanent(vxlan, REMOTE, ip("192.0.2.2"));
        final Neighbour neighbour = new Neighbour(vxlan, ip("10.65.9.0"), REMOTE, Neighbour.PERMANENT, 0);
        try (LinkMonitor all = node.call(() -> LinkMonitor.open(EnumSet.allOf(Topic.class)));
             LinkMonitor neighbours = node.call(() -> LinkMonitor.open(EnumSet.of(Topic.NEIGHBOURS)))) {
            netlink.replaceForwardingEntry(entry);
            expect(all, new NetlinkEvent.ForwardingEntryChanged(entry)::equals);
            netlink.deleteForwardingEntry(entry);
            expect(all, new NetlinkEvent.ForwardingEntryRemoved(entry)::equals);
            netlink.replaceNeighbour(vxlan, neighbour.address(), REMOTE);
            expect(all, new NetlinkEvent.NeighbourChanged(neighbour)::equals);

            final List<NetlinkEvent> heard = expect(neighbours, new NetlinkEvent.NeighbourChanged(neighbour)::equals);
            assertTrue(heard.stream().allMatch(NetlinkEvent.NeighbourChanged.class::isInstance), heard.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.65.0.0/26", "fd00:65::/122"})
    void shouldReadBackRoutesThatGoNowhere(final String prefix) {
        final InetAddress network = ip(prefix.substring(0, prefix.indexOf('/')));
        final int length = Integer.parseInt(prefix.substring(prefix.indexOf('/') + 1));
        final int[] types = {Route.BLACKHOLE, Route.UNREACHABLE, Route.PROHIBIT, Route.THROW};
        try (LinkMonitor monitor = node.call(() -> LinkMonitor.open(EnumSet.of(Topic.ROUTES)))) {
            for (final int type : types) {
                final Route route = Route.to(network, length).withType(type).withTable(1000 + type)
                    .withProtocol(Route.PROTOCOL_CALICO).withMetric(1024);

                netlink.replaceRoute(route);
                netlink.replaceRoute(route);

                expect(monitor, new NetlinkEvent.RouteChanged(route)::equals);
                assertTrue(netlink.routes().contains(route), netlink.routes().toString());
                assertTrue(route.isReject());
                netlink.deleteRoute(route);
                expect(monitor, new NetlinkEvent.RouteRemoved(route)::equals);
                assertFalse(netlink.routes().contains(route));
            }
        }
    }

    @Test
    void shouldReadBackTheMtuOfARoute() {
        final Route block = Route.to(ip("10.65.1.0"), 26).viaOnLink(ip("192.0.2.9"), uplink).withMtu(1450)
            .withProtocol(Route.PROTOCOL_CALICO);
        final Route block6 = Route.to(ip("fd00:66::"), 122).viaOnLink(ip("2001:db8::9"), uplink).withMtu(1430)
            .withProtocol(Route.PROTOCOL_CALICO).withMetric(1024);

        netlink.addRoute(block);
        netlink.addRoute(block6);

        final List<Route> routes = netlink.routes();
        assertTrue(routes.contains(block) && routes.contains(block6), routes.toString());
        assertFalse(block.isReject());
        netlink.replaceRoute(block.withMtu(1400));
        assertTrue(netlink.routes().contains(block.withMtu(1400)), netlink.routes().toString());
        assertFalse(netlink.routes().contains(block));
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.2", "2001:db8::2"})
    void shouldResolveManagedAndUsedNeighbours(final String address) {
        try (LinkMonitor monitor = node.call(() -> LinkMonitor.open(EnumSet.of(Topic.NEIGHBOURS)))) {
            netlink.useNeighbour(uplink, ip(address));
            expect(monitor, e -> isUsable(e, address));
            netlink.deleteNeighbour(uplink, ip(address));
            expect(monitor, e -> e instanceof NetlinkEvent.NeighbourRemoved(final Neighbour gone)
                && gone.address().equals(ip(address)));

            netlink.manageNeighbour(uplink, ip(address));

            expect(monitor, e -> isUsable(e, address));
            final Neighbour managed = netlink.neighbours().stream()
                .filter(n -> n.ifindex() == uplink && n.address().equals(ip(address))).findFirst().orElseThrow();
            assertTrue((managed.flags() & Neighbour.MANAGED) != 0, managed.toString());
        }
    }

    private static boolean isUsable(final NetlinkEvent event, final String address) {
        return event instanceof NetlinkEvent.NeighbourChanged(final Neighbour found)
            && found.address().equals(ip(address)) && found.isUsable();
    }

    private int createVxlan(final String local) {
        netlink.createVxlan(new VxlanSpec("vxlan.calico", VNI, PORT, ip(local)).withLower(uplink).withMac(OWN));
        final int index = netlink.link("vxlan.calico").index();
        netlink.setUp(index);
        return index;
    }

    private List<ForwardingEntry> entriesOf(final int ifindex) {
        return netlink.forwardingEntries().stream().filter(entry -> entry.ifindex() == ifindex).toList();
    }

    private static List<NetlinkEvent> expect(final LinkMonitor monitor, final Predicate<NetlinkEvent> expected) {
        final List<NetlinkEvent> seen = new ArrayList<>();
        List<NetlinkEvent> events;
        do {
            events = monitor.await(PATIENCE_MS);
            seen.addAll(events);
        } while (!events.isEmpty() && events.stream().noneMatch(expected));
        assertTrue(seen.stream().anyMatch(expected), seen.toString());
        return seen;
    }

    private static void assertErrno(final int errno, final Runnable body) {
        assertEquals(errno, assertThrows(NativeCallException.class, body::run).errno());
    }

    private static InetAddress ip(final String text) {
        return InetAddress.ofLiteral(text);
    }
}
