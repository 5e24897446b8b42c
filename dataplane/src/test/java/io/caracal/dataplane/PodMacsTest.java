package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real interfaces: a veth whose other end is the pod's, a bridge, behind which only ARP knows, and one without ARP. */
class PodMacsTest {
    private static final MacAddress POD = MacAddress.parse("02:00:00:00:00:07");
    private static final MacAddress OTHER = MacAddress.parse("02:00:00:00:00:08");
    private static final InetAddress ADDRESS = InetAddress.ofLiteral("10.65.0.2");
    private static final InetAddress ADDRESS_IPV6 = InetAddress.ofLiteral("fd00:10:65::2");
    private static final InetAddress HOST = InetAddress.ofLiteral("10.65.0.1");

    private NetNamespace host;
    private NetNamespace pod;
    private RouteNetlink netlink;
    private PodMacs macs;

    @BeforeEach
    void setUp() {
        final String suffix = Long.toString(ProcessHandle.current().pid(), 36);
        host = NetNamespace.create("control-h-" + suffix);
        pod = NetNamespace.create("control-p-" + suffix);
        netlink = host.call(RouteNetlink::open);
        macs = new PodMacs(netlink);
    }

    @AfterEach
    void tearDown() {
        netlink.close();
        pod.delete();
        host.delete();
        pod.close();
        host.close();
    }

    private int podVeth(final String name) {
        netlink.createVeth(new VethSpec(name, "eth0").withPeerNamespace(pod.fd()).withPeerMac(POD));
        final int index = netlink.link(name).index();
        netlink.setUp(index);
        pod.run(() -> {
            try (RouteNetlink inPod = RouteNetlink.open()) {
                final int eth0 = inPod.link("eth0").index();
                inPod.setUp(eth0);
                inPod.addAddress(eth0, ADDRESS, 24);
            }
        });
        return index;
    }

    @Test
    void shouldTakeTheOtherEndsOfAVeth() {
        assertEquals(Optional.of(POD), macs.find(podVeth("cali1"), List.of(ADDRESS)));
    }

    @Test
    void shouldHaveTheHostAskWhereThereIsNoOtherEnd() throws Exception {
        final int port = podVeth("port");
        run("ip", "link", "add", "cali1", "type", "bridge");
        run("ip", "link", "set", "port", "master", "cali1");
        final int bridge = netlink.link("cali1").index();
        netlink.addAddress(bridge, HOST, 24);
        netlink.setUp(bridge);
        assertFalse(port == bridge);

        NodeView.await("the pod answers", () -> macs.find(bridge, List.of(ADDRESS)).isPresent());
        assertEquals(Optional.of(POD), macs.find(bridge, List.of(ADDRESS)));
        netlink.replaceNeighbour(bridge, ADDRESS, OTHER);
        assertEquals(Optional.of(OTHER), macs.find(bridge, List.of(ADDRESS)), "set by hand");
        assertEquals(Optional.empty(), macs.find(bridge, List.of(InetAddress.ofLiteral("10.65.0.3"))), "nobody's");
    }

    /** The kernel answers at once there, with the interface's own address. */
    @Test
    void shouldKnowNobodyBehindAnInterfaceWithoutArp() {
        run("ip", "link", "add", "cali1", "type", "ifb");
        final int ifb = netlink.link("cali1").index();
        netlink.setUp(ifb);

        assertEquals(Optional.empty(), macs.find(ifb, List.of(ADDRESS, ADDRESS_IPV6)));
        assertEquals(2, netlink.neighbours().stream().filter(each -> each.ifindex() == ifb
            && List.of(ADDRESS, ADDRESS_IPV6).contains(each.address()) && each.isUsable()).count(), "answered");
        assertEquals(Optional.empty(), macs.find(ifb, List.of(ADDRESS, ADDRESS_IPV6)));
        netlink.replaceNeighbour(ifb, ADDRESS, OTHER);
        assertEquals(Optional.of(OTHER), macs.find(ifb, List.of(ADDRESS, ADDRESS_IPV6)), "set by hand");
    }

    private void run(final String... command) {
        assertEquals(0, host.call(() -> new ProcessBuilder(command).inheritIO().start().waitFor()));
    }
}
