package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatConfig;
import io.caracal.nat.NatTuple;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHop;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Flows to the outside in the kernel's table: with whose address, from which packet on, and until when. */
class OffloadNatTest extends OffloadingNode {
    private static final int UPLINK = 2;
    private static final int NODE = Ipv4Address.parse("203.0.113.10");
    private static final int SERVER = Ipv4Address.parse("192.0.2.1");
    private static final int PORT = 1000;
    private static final NatConfig NAT =
        new NatConfig(NODE, Ipv6Text.parse("2001:db8::10"), 61_000, 61_011, 0, 1, false);

    private NatBindings bindings;

    @BeforeEach
    void openNode() {
        open(TrackedNode.config(1000), new MemoryOffload(64));
    }

    @Override
    void open(final ConntrackConfig config, final MemoryOffload next) {
        super.open(config, next);
        bindings = node.conntrack.openNat(NAT, NatBindingListener.NONE);
    }

    private void publish(final int podFlags, final RouteTarget server) {
        node.forwarding.publish(new ForwardingTables(
            new RouteTable.Builder().put("10.0.0.0/24", RouteTarget.localWorkload(POD, podFlags))
                .put("192.0.2.0/24", server).build(),
            new NextHopTable.Builder().put(1, new NextHop.Direct(new NextHop.Link(UPLINK, 1, 2, 1500))).build(),
            VtepTable.EMPTY, ForwardingOptions.DEFAULT));
    }

    private void masquerade(final int kind) {
        publish(RouteFlags.NAT_OUTGOING | RouteFlags.IN_POOL, RouteTarget.via(kind, 1, 0));
    }

    private static byte[] udp(final boolean out) {
        return datagram(out, PORT);
    }

    private static byte[] datagram(final boolean out, final int port) {
        return IpPackets.ipv4(IpProtocol.UDP, out ? POD_IPV4 : SERVER, out ? SERVER : POD_IPV4,
            IpPackets.udp(out ? port : 53, out ? 53 : port, 4));
    }

    private int bind() {
        return bind(PORT);
    }

    /** The stage that translates stands behind those of connection tracking. Returns the port outside. */
    private int bind(final int sourcePort) {
        final NatTuple tuple = new NatTuple();
        tuple.setIpv4(POD_IPV4, SERVER);
        tuple.protocol = IpProtocol.UDP;
        tuple.sourcePort = sourcePort;
        tuple.destinationPort = 53;
        assertEquals(true, bindings.bind(tuple, node.nowNs));
        return tuple.sourcePort;
    }

    private int open() {
        assertEquals("new", node.send(POD, udp(true)));
        assertEquals(0, kernel.usedCount(), "not before it has a port");
        return bind();
    }

    private void assertTranslated(final int port) {
        final MemoryOffload.Held out = kernel.find(POD, IpProtocol.UDP, POD_IPV4, SERVER & 0xffff_ffffL,
            PORT << 16 | 53);
        final MemoryOffload.Held back = kernel.find(UPLINK, IpProtocol.UDP, SERVER & 0xffff_ffffL, NODE & 0xffff_ffffL,
            53 << 16 | port);
        assertEquals("device 2 mtu 1500 as " + Ipv4Address.format(NODE) + " " + port, way(out));
        assertEquals("pod 12 mtu 1500 as " + Ipv4Address.format(POD_IPV4) + " " + PORT, way(back));
        assertEquals(2, kernel.usedCount());
    }

    private static String way(final MemoryOffload.Held held) {
        return held == null ? "none" : (held.action == FlowOffload.TO_DEVICE ? "device " : "pod ") + held.targetIfindex
            + " mtu " + held.mtu
            + (held.isTranslated ? " as " + Ipv4Address.format(held.natAddress) + " " + held.natPort : "");
    }

    @Test
    void shouldGiveAFlowWithItsSecondPacket() {
        masquerade(RouteKind.OUTSIDE);
        final int port = open();
        assertEquals("established", node.begin().fromUplink(udp(false)).run().outcome(0));
        assertTranslated(port);
    }

    /** To an entry a port of 0 says that nothing is translated: the pod would get answers to the node's address. */
    @Test
    void shouldKeepAFlowWhosePodSendsFromPort0() {
        masquerade(RouteKind.OUTSIDE);
        assertEquals("new", node.send(POD, datagram(true, 0)));
        bind(0);
        assertEquals("established", node.begin().fromUplink(datagram(false, 0)).run().outcome(0));
        assertEquals("established", node.send(POD, datagram(true, 0)));
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldGiveAFlowToAnotherNodeThatNobodyHasAnsweredYet() {
        masquerade(RouteKind.REMOTE_HOST);
        final int port = open();
        assertEquals("established", node.send(POD, udp(true)));
        assertTranslated(port);
    }

    /** To a pool nothing is translated, and nothing from a pod of a pool without NAT: such flows go as they are. */
    @Test
    void shouldTakeBackWhatWouldNotBeTranslatedToday() {
        masquerade(RouteKind.OUTSIDE);
        final int port = open();
        assertEquals("established", node.send(POD, udp(true)));
        assertTranslated(port);
        publish(RouteFlags.NAT_OUTGOING | RouteFlags.IN_POOL, RouteTarget.via(RouteKind.OUTSIDE, 1, RouteFlags.IN_POOL));
        node.idle();
        assertEquals(0, kernel.usedCount(), "the destination is a pool's");
        masquerade(RouteKind.OUTSIDE);
        assertEquals("established", node.send(POD, udp(true)));
        assertTranslated(port);
        publish(RouteFlags.IN_POOL, RouteTarget.via(RouteKind.OUTSIDE, 1, 0));
        node.idle();
        assertEquals(0, kernel.usedCount(), "the source is shown");
    }

    @Test
    void shouldGiveWhatNobodyTranslatesWithItsFirstPacket() {
        publish(RouteFlags.IN_POOL, RouteTarget.via(RouteKind.OUTSIDE, 1, 0));
        assertEquals("new", node.send(POD, udp(true)));
        assertEquals("device 2 mtu 1500", way(kernel.find(POD, IpProtocol.UDP, POD_IPV4,
            SERVER & 0xffff_ffffL, PORT << 16 | 53)));
        assertEquals("pod 12 mtu 1500", way(kernel.find(UPLINK, IpProtocol.UDP, SERVER & 0xffff_ffffL,
            POD_IPV4, 53 << 16 | PORT)));
        masquerade(RouteKind.OUTSIDE);
        node.idle();
        assertEquals(0, kernel.usedCount(), "it would be translated today");
    }

    @Test
    void shouldTakeOverFlowsWithTheirBindings() {
        masquerade(RouteKind.OUTSIDE);
        final int port = open();
        node.send(POD, udp(true));
        reopen(TrackedNode.config(1000), kernel);
        node.idle();
        assertTranslated(port);
        masquerade(RouteKind.OUTSIDE);
        node.idle();
        assertTranslated(port);
        assertEquals(0, node.conntrack.removeEndpoint(POD, 10));
        assertEquals(0, kernel.usedCount());
    }
}
