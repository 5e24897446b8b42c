package io.caracal.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.LinkMonitor.Topic;
import io.caracal.netlink.NetlinkEvent.AddressChanged;
import io.caracal.netlink.NetlinkEvent.AddressRemoved;
import io.caracal.netlink.NetlinkEvent.LinkChanged;
import io.caracal.netlink.NetlinkEvent.LinkRemoved;
import io.caracal.netlink.NetlinkEvent.NeighbourChanged;
import io.caracal.netlink.NetlinkEvent.NeighbourRemoved;
import io.caracal.netlink.NetlinkEvent.Resync;
import io.caracal.netlink.NetlinkEvent.RouteChanged;
import io.caracal.netlink.NetlinkEvent.RouteRemoved;
import io.caracal.testing.OpenFiles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class LinkMonitorTest {
    private static final int PATIENCE_MS = 10_000;
    private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:07");

    private NetNamespace namespace;
    private RouteNetlink netlink;

    @BeforeEach
    void setUp() {
        namespace = NetNamespace.create("bindings-m-" + ProcessHandle.current().pid());
        netlink = namespace.call(RouteNetlink::open);
    }

    @AfterEach
    void tearDown() {
        netlink.close();
        namespace.delete();
        namespace.close();
    }

    @Test
    void shouldTellOfLinksAddressesRoutesAndNeighbours() throws UnknownHostException {
        final InetAddress address = InetAddress.getByName("10.65.0.1");
        final InetAddress pod = InetAddress.getByName("10.65.0.2");
        try (LinkMonitor monitor = namespace.call(() -> LinkMonitor.open(EnumSet.allOf(Topic.class)))) {
            netlink.createVeth(new VethSpec("a", "b"));
            final int index = netlink.link("a").index();
            expect(monitor, e -> e instanceof LinkChanged(final Link link) && "a".equals(link.name()));
            netlink.setUp(index);
            netlink.setUp(netlink.link("b").index());
            expect(monitor, e -> e instanceof LinkChanged(final Link link) && link.index() == index
                && link.isRunning());
            final InterfaceAddress assigned = new InterfaceAddress(index, address, 24);
            netlink.addAddress(assigned);
            expect(monitor, e -> e.equals(new AddressChanged(assigned)));
            final Route route = Route.to(pod, 32).via(null, index);
            netlink.addRoute(route);
            expect(monitor, e -> e.equals(new RouteChanged(route)));
            netlink.replaceNeighbour(index, pod, MAC);
            final Neighbour neighbour = new Neighbour(index, pod, MAC, Neighbour.PERMANENT, 0);
            expect(monitor, e -> e.equals(new NeighbourChanged(neighbour)));

            netlink.deleteNeighbour(index, pod);
            expect(monitor, e -> e instanceof NeighbourRemoved(final Neighbour gone) && gone.address().equals(pod));
            netlink.deleteRoute(route);
            expect(monitor, e -> e.equals(new RouteRemoved(route)));
            netlink.deleteAddress(assigned);
            expect(monitor, e -> e.equals(new AddressRemoved(assigned)));
            netlink.deleteLink(index);
            expect(monitor, e -> e instanceof LinkRemoved(final Link link) && link.index() == index);
        }
    }

    @Test
    void shouldTellOfItsTopicsOnlyAndOfNothingAtTheTimeOut() {
        try (LinkMonitor monitor = namespace.call(() -> LinkMonitor.open(EnumSet.of(Topic.NEIGHBOURS)))) {
            netlink.createVeth(new VethSpec("a", "b"));

            assertEquals(List.of(), monitor.await(0));
        }
    }

    @Test
    void shouldAskForAResyncWhenEventsWereLost() {
        final int smallest = 2048;
        try (LinkMonitor monitor = namespace.call(() -> LinkMonitor.open(EnumSet.of(Topic.LINKS), smallest))) {
            netlink.createVeth(new VethSpec("a", "b"));
            final int index = netlink.link("a").index();
            for (int mtu = 1000; mtu < 1100; mtu++) {
                netlink.setMtu(index, mtu);
            }

            expect(monitor, Resync.class::isInstance);

            netlink.deleteLink(index);
            expect(monitor, LinkRemoved.class::isInstance);
        }
    }

    @Test
    void shouldEndAWaitingReaderWhenClosed() throws Exception {
        final LinkMonitor monitor = namespace.call(() -> LinkMonitor.open(EnumSet.of(Topic.LINKS)));
        final FutureTask<List<NetlinkEvent>> reader = new FutureTask<>(() -> monitor.await(-1));
        final Thread thread = Thread.ofPlatform().start(reader);

        monitor.close();
        monitor.close();

        thread.join(PATIENCE_MS);
        assertEquals(List.of(), assertInstanceOf(List.class, reader.resultNow()));
        assertTrue(monitor.isClosed());
        assertEquals(List.of(), monitor.await(-1));
    }

    private static void expect(final LinkMonitor monitor, final Predicate<NetlinkEvent> expected) {
        final List<NetlinkEvent> seen = new ArrayList<>();
        List<NetlinkEvent> events;
        do {
            events = monitor.await(PATIENCE_MS);
            seen.addAll(events);
        } while (!events.isEmpty() && events.stream().noneMatch(expected));
        assertTrue(seen.stream().anyMatch(expected), seen.toString());
    }
}
