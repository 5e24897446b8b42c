package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHop;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.route.VxlanSettings;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv6Text;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** By which way the kernel sends flows with other nodes and of services, and what a change of routes takes back. */
class OffloadRoutesTest extends OffloadingNode {
    @BeforeEach
    void openNode() {
        open(TrackedNode.config(1000), new MemoryOffload(64));
    }

    /** A pod of another node at 192.0.2.1, behind a next hop. */
    private void leadTo(final NextHop nextHop, final int kind) {
        node.forwarding.publish(new ForwardingTables(
            new RouteTable.Builder().put("192.0.2.0/24", kind == RouteKind.SERVICE ? RouteTarget.of(kind)
                : RouteTarget.via(kind, 1, 0)).build(),
            new NextHopTable.Builder().put(1, nextHop).build(), new VtepTable(new VtepTable.Device(4096, 4789, 1,
            new Ipv6Text(0, 1), 1, 1, OVERLAY, OVERLAY + 1), List.of()), ForwardingOptions.DEFAULT));
    }

    private static byte[] udpFar(final boolean toFar, final int port) {
        return IpPackets.ipv4(IpProtocol.UDP, toFar ? POD_IPV4 : FAR_IPV4,
            toFar ? FAR_IPV4 : POD_IPV4, IpPackets.udp(toFar ? port : 53, toFar ? 53 : port, 4));
    }

    private static String way(final MemoryOffload.Held held) {
        return held == null ? "none" : held.ingressIfindex + (held.action == FlowOffload.TO_DEVICE ? " device " : " pod ")
            + held.targetIfindex + " mtu " + held.mtu + " generation " + held.generation;
    }

    private MemoryOffload.Held far(final boolean toFar, final int port, final int device) {
        return toFar ? kernel.find(POD, IpProtocol.UDP, POD_IPV4, FAR_IPV4 & 0xffff_ffffL, port << 16 | 53)
            : kernel.find(device, IpProtocol.UDP, FAR_IPV4 & 0xffff_ffffL, POD_IPV4, 53 << 16 | port);
    }

    private static NextHop.Tunnel tunnel(final String from, final String to) {
        return new NextHop.Tunnel(new NextHop.Link(2, 1, 2, 1500), InetAddress.ofLiteral(from),
            InetAddress.ofLiteral(to), 3, 4, VxlanSettings.DEFAULT);
    }

    @Test
    void shouldSendFlowsOfOtherNodesByTheDeviceThatTheKernelWouldUse() {
        leadTo(tunnel("198.51.100.1", "198.51.100.2"), RouteKind.REMOTE_WORKLOAD);
        assertEquals("new", node.send(POD, udpFar(true, 1000)));
        assertEquals("12 device 40 mtu 1450 generation 1", way(far(true, 1000, OVERLAY)));
        assertEquals("40 pod 12 mtu 1500 generation 1", way(far(false, 1000, OVERLAY)));
        leadTo(tunnel("2001:db8::1", "2001:db8::2"), RouteKind.REMOTE_WORKLOAD);
        node.idle();
        assertEquals(0, kernel.usedCount(), "the other device");
        assertEquals(1, node.count(ConntrackCounter.OFFLOAD_REROUTED));
        assertEquals("new", node.begin().fromUplink(udpFar(false, 2000)).run().outcome(0));
        assertEquals("12 device 41 mtu 1430 generation 1", way(far(true, 2000, OVERLAY + 1)));
        assertEquals("41 pod 12 mtu 1500 generation 1", way(far(false, 2000, OVERLAY + 1)));
        leadTo(new NextHop.Device(2, 1480), RouteKind.REMOTE_SAME_SUBNET);
        assertEquals("established", node.send(POD, udpFar(true, 1000)));
        assertEquals("12 device 2 mtu 1480 generation 1", way(far(true, 1000, 2)));
        assertNull(far(true, 2000, 2), "not before a packet of it comes");
    }

    @Test
    void shouldSendPlainFlowsByTheUplink() {
        leadTo(new NextHop.Direct(new NextHop.Link(2, 1, 2, 1500)), RouteKind.REMOTE_SAME_SUBNET);
        assertEquals("new", node.send(POD, udpFar(true, 1000)));
        assertEquals("12 device 2 mtu 1500 generation 1", way(far(true, 1000, 2)));
        assertEquals("2 pod 12 mtu 1500 generation 1", way(far(false, 1000, 2)));
        leadTo(new NextHop.Device(3, 1400), RouteKind.OUTSIDE);
        assertEquals("new", node.begin().fromUplink(udpFar(false, 1001)).run().outcome(0));
        assertEquals("12 device 3 mtu 1400 generation 1", way(far(true, 1001, 3)));
        assertEquals("3 pod 12 mtu 1500 generation 1", way(far(false, 1001, 3)));
        leadTo(new NextHop.Device(3, 1400), RouteKind.REMOTE_HOST);
        assertEquals("new", node.send(POD, udpFar(true, 1002)));
        assertEquals("12 device 3 mtu 1400 generation 1", way(far(true, 1002, 3)));
        leadTo(new NextHop.Device(3, 1400), RouteKind.BLACKHOLE);
        node.idle();
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldLookAtRoutesAgainInPieces() {
        reopen(TrackedNode.config(1000), new MemoryOffload(2048));
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        for (int port = 0; port < 200; port++) {
            node.send(POD, udpFar(true, 1000 + port));
            node.send(POD, udp(true, 1000 + port));
        }
        final long flows = node.count(ConntrackCounter.OFFLOADED_FLOWS);
        leadTo(new NextHop.Device(OVERLAY, 1400), RouteKind.REMOTE_WORKLOAD);
        int pieces = 1;
        while (!node.conntrack.reviewOffload(node.forwarding.current(), 50)) {
            pieces++;
        }
        assertEquals(flows / 50 + 1, pieces);
        final long rerouted = node.count(ConntrackCounter.OFFLOAD_REROUTED);
        assertEquals(flows - rerouted, node.count(ConntrackCounter.OFFLOADED_FLOWS));
        assertEquals(true, rerouted > 50 && flows - rerouted > 50, rerouted + " of " + flows);
        for (final MemoryOffload.Held held : kernel.slots) {
            assertEquals(true, held == null || held.mtu == 1500);
        }
    }

    @Test
    void shouldTakeOverFlowsOfOtherNodesBeforeRoutesAreKnown() {
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        node.send(POD, udpFar(true, 1000));
        node.begin().fromUplink(udpFar(false, 2000)).run();
        reopen(TrackedNode.config(1000), kernel);
        node.idle();
        assertEquals(4, kernel.usedCount());
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        node.idle();
        assertEquals(4, kernel.usedCount(), "as they were");
        leadTo(new NextHop.Device(OVERLAY + 2, 1450), RouteKind.REMOTE_WORKLOAD);
        node.idle();
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldCountFlowsThatOthersOpenForTheWorkloadTheyReach() {
        reopen(TrackedNode.config(1000), new MemoryOffload(1024));
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        for (int port = 1; port <= 600; port++) {
            node.begin().fromUplink(udpFar(false, port)).run();
        }
        assertEquals(128, node.count(ConntrackCounter.OFFLOADED_FLOWS), "a quarter of 512");
        assertEquals(0, node.conntrack.removeEndpoint(POD, 1000));
        assertEquals(0, kernel.usedCount());
    }

    private static byte[] udpBetween(final int source, final int destination, final int sourcePort,
        final int destinationPort) {
        return IpPackets.ipv4(IpProtocol.UDP, source, destination, IpPackets.udp(sourcePort, destinationPort, 4));
    }

    private String wayOf(final int ingressIfindex, final int source, final int destination, final int ports) {
        final MemoryOffload.Held held = kernel.find(ingressIfindex, IpProtocol.UDP, source & 0xffff_ffffL,
            destination & 0xffff_ffffL, ports);
        return held == null ? "none" : switch (held.action) {
            case FlowOffload.TO_HOST -> "to the host " + held.targetIfindex;
            case FlowOffload.PASS -> "pass from " + held.targetIfindex;
            default -> "another action";
        };
    }

    /** To its address and back, and between pod and backend as the host's stack has translated it. */
    @Test
    void shouldSendFlowsOfAServiceThroughTheHostsStack() {
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.SERVICE);
        assertEquals("new", node.send(POD, udpBetween(POD_IPV4, FAR_IPV4, 1000, 53)));
        assertEquals("to the host 0", wayOf(POD, POD_IPV4, FAR_IPV4, 1000 << 16 | 53));
        assertEquals("pass from -1", wayOf(POD | OUT, FAR_IPV4, POD_IPV4, 53 << 16 | 1000));
        assertEquals("new", node.begin().forwarded(POD, PEER,
            udpBetween(POD_IPV4, PEER_IPV4, 1000, 5353)).run().outcome(0));
        assertEquals("pass from 12",
            wayOf(PEER | OUT, POD_IPV4, PEER_IPV4, 1000 << 16 | 5353));
        assertEquals("to the host 0", wayOf(PEER, PEER_IPV4, POD_IPV4, 5353 << 16 | 1000));
        assertEquals(0, node.conntrack.removeEndpoint(PEER, 100));
        assertEquals(2, kernel.usedCount(), "the flow to the backend has gone with it");
    }

    @Test
    void shouldSendFlowsOfAServiceToABackendElsewhereAndTakeThemOver() {
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        assertEquals("new", node.begin().toUplink(udpBetween(POD_IPV4, FAR_IPV4, 1000, 53)).run()
            .outcome(0));
        assertEquals("pass from 12", wayOf(OVERLAY | OUT, POD_IPV4, FAR_IPV4, 1000 << 16 | 53));
        assertEquals("to the host 0", wayOf(OVERLAY, FAR_IPV4, POD_IPV4, 53 << 16 | 1000));
        reopen(TrackedNode.config(1000), kernel);
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        node.idle();
        assertEquals(2, kernel.usedCount(), "as they were");
        leadTo(new NextHop.Device(OVERLAY + 1, 1450), RouteKind.REMOTE_WORKLOAD);
        node.idle();
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldKeepWhatTheHostItselfSendsAndWhatItMasquerades() {
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        assertEquals("new", node.deliver(PEER, udpBetween(TrackedNode.HOST_SIDE_IPV4, PEER_IPV4, 1, 2)));
        assertEquals("new", node.begin().toUplink(udpBetween(TrackedNode.HOST_SIDE_IPV4, FAR_IPV4, 1, 2)).run()
            .outcome(0));
        assertEquals(0, kernel.usedCount());
    }
}
