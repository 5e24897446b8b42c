package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatConfig;
import io.caracal.nat.NatTuple;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import org.junit.jupiter.api.Test;

/** Which kinds of connections the kernel is told. */
class OpenedKindsTest extends OpeningNode {
    @Test
    void shouldTellTheKindOfAConnection() {
        kernel.epoch = 5;
        look();
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            conntrack.approvals().approveSource(row, 4, 7);
            conntrack.approvals().approveDestination(row, 3, 8);
        };
        assertEquals("new", node.send(POD, syn(1000)));
        final MemoryOffload.Kind kind = onlyKind();
        assertEquals("pod 13 mtu 1500 by 12", way(kind.way()));
        assertEquals("pod 12 mtu 1500 by 13", way(kind.reply()));
        assertTrue(kind.isOf(POD, IpProtocol.TCP, toPeer(2000)));
        assertEquals(7, kind.way().sourceRule);
        assertEquals(8, kind.way().destinationRule);
        assertEquals(3, kind.way().generation, "the older one");
        assertEquals(3, kind.reply().generation);
        assertEquals(5, kind.epoch());
        assertEquals("new", node.send(POD, syn(1001)));
        assertEquals(1, kernel.kinds.size(), "the same once more");
        assertEquals("new", node.send(PEER, tcp(false, 1002, SYN, 100, 0)));
        assertEquals(2, kernel.kinds.size());
    }

    @Test
    void shouldTellNothingOfWhatIsNoNewConnection() {
        assertEquals("new", node.send(POD, IpPackets.ipv4(IpProtocol.UDP, POD_IPV4, PEER_IPV4,
            IpPackets.udp(1000, 80, 4))));
        node.send(POD, tcp(true, 1001, SYN | ACK, 100, 5));
        node.send(POD, tcp(true, 1002, ACK, 100, 5));
        assertEquals("new", node.send(POD, tcp(true, 1003, ACK, 100, 5)), "let through in its middle");
        assertTrue(kernel.usedCount() > 2);
        assertEquals(0, kernel.kinds.size());
    }

    @Test
    void shouldTellNothingOfWhatPolicyWantsToJudgeEachTime() {
        node.policy = (burst, row, conntrack) -> {
            burst.drop(row, DropReason.POLICY_DENY);
            conntrack.approvals().isOfAnyPort[row] = true;
        };
        assertEquals(DropReason.POLICY_DENY.label(), node.send(POD, syn(1000)));
        node.policy = (burst, row, conntrack) -> {
            conntrack.approvals().approveSource(row, 1, 7);
            conntrack.approvals().isOfAnyPort[row] = true;
        };
        assertEquals("new", node.send(POD, syn(1001)), "one leg is not approved");
        assertEquals(0, kernel.usedCount());
        node.policy = TrackedNode.ALLOW;
        assertEquals("new", node.send(POD, syn(1002)), "not by any port");
        assertEquals(2, kernel.usedCount());
        assertEquals(0, kernel.kinds.size());
    }

    @Test
    void shouldTellNothingOfWhatComesFromElsewhere() {
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        assertEquals("new", node.begin().fromUplink(IpPackets.ipv4(IpProtocol.TCP, FAR_IPV4, POD_IPV4,
            IpPackets.tcp(1000, 80, SYN, 100, 0))).run().outcome(0));
        assertEquals(2, kernel.usedCount());
        assertEquals(0, kernel.kinds.size());
    }

    @Test
    void shouldTellTheKindOfAConnectionToAnotherNode() {
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1)));
        assertEquals("device 40 mtu 1450 by 12", way(onlyKind().way()));
        assertEquals("pod 12 mtu 1500 by 40", way(onlyKind().reply()));
        assertTrue(kernel.open(POD, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
        look();
        assertEquals("12 generation 1 rule 7, 0 generation 0 rule 0",
            ends(recordOf(tuple(POD_IPV4, FAR_IPV4, 1000))));
        assertOpened(1, 0);
    }

    /** Each has a port of its own outside, which Java gives. */
    @Test
    void shouldTellNothingOfWhatIsTranslated() {
        final NatBindings bindings = node.conntrack.openNat(new NatConfig(Ipv4Address.parse("203.0.113.10"),
            Ipv6Text.parse("2001:db8::10"), 61_000, 61_011, 0, 1, false), NatBindingListener.NONE);
        node.forwarding.publish(tables(RouteKind.OUTSIDE, 2, 1500, 1500, RouteFlags.NAT_OUTGOING | RouteFlags.IN_POOL));
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1000)));
        assertEquals(0, kernel.usedCount());
        final NatTuple tuple = new NatTuple();
        tuple.setIpv4(POD_IPV4, FAR_IPV4);
        tuple.protocol = IpProtocol.TCP;
        tuple.sourcePort = 1000;
        tuple.destinationPort = 80;
        assertTrue(bindings.bind(tuple, node.nowNs));
        assertEquals("established", node.send(POD, synTo(FAR_IPV4, 1000)));
        assertEquals(2, kernel.usedCount());
        assertEquals(0, kernel.kinds.size());
    }

    /** Policy, routes and endpoints were read after that epoch had begun, but perhaps before the next one had. */
    @Test
    void shouldTellTheEpochFromBeforeTheCycle() {
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            kernel.epoch++;
        };
        assertEquals("new", node.send(POD, syn(1000)));
        assertEquals(0, onlyKind().epoch());
        assertFalse(opens(2000));
        node.policy = ANY_PORT;
        assertEquals("new", node.send(POD, syn(1001)));
        assertEquals(1, onlyKind().epoch());
        assertTrue(opens(2000));
        kernel.epoch++;
        assertEquals("new", node.send(POD, syn(1002)));
        assertEquals(1, onlyKind().epoch(), "it was read at the end of the last cycle");
        assertEquals("new", node.send(POD, syn(1003)));
        assertEquals(2, onlyKind().epoch());
    }
}
