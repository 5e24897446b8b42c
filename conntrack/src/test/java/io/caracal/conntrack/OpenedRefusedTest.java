package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.route.RouteKind;
import io.caracal.wire.IpProtocol;
import org.junit.jupiter.api.Test;

/** Connections that the kernel has opened by what was so before: they are refused, taken back or ended. */
class OpenedRefusedTest extends OpeningNode {
    private void assertBothRefused() {
        look();
        assertEquals("none", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1001));
        assertOpened(0, 2);
    }

    @Test
    void shouldRefuseWhatAPodHasOpenedThatIsGone() {
        learnAndOpen(2);
        publish(false, true);
        assertBothRefused();
    }

    @Test
    void shouldRefuseWhatLeadsToAPodThatIsGone() {
        learnAndOpen(2);
        publish(true, false);
        assertBothRefused();
    }

    @Test
    void shouldRefuseWhatIsMoreThanAnEndpointsShare() {
        learnAndOpen(200);
        while (kernel.hasOpened()) {
            look();
        }
        assertEquals(128, node.count(ConntrackCounter.OFFLOADED_FLOWS), "a quarter of 512");
        assertOpened(127, 73);
        assertNull(entry(true, 1199));
        assertEquals(256, kernel.usedCount());
        assertEquals("established", node.send(PEER, tcp(false, 1199, SYN | ACK, 500, 101)), "it goes on with Java");
        assertEquals("established", node.send(POD, tcp(true, 1199, ACK, 101, 501)));
        assertEquals("ESTABLISHED", stateOf(1199));
    }

    @Test
    void shouldRefuseWhatIsMoreThanAnEndpointMayHave() {
        final ConntrackConfig defaults = TrackedNode.config(1000);
        reopen(new ConntrackConfig(1000, 1000, 64, 2, defaults.evictionIdle(), defaults.timeouts(), defaults.tcp(),
            true, EstablishedFlows.KEEP), new MemoryOffload(64));
        learnAndOpen(1);
        look();
        for (final int port : new int[] {1, 1000}) {
            pass(false, port, SEEN_SYN_ACK);
            pass(true, port, SEEN_ACK);
        }
        round();
        assertEquals("ESTABLISHED", stateOf(1));
        assertEquals("ESTABLISHED", stateOf(1000));
        assertTrue(opens(1001));
        look();
        assertEquals("none", stateOf(1001));
        assertOpened(1, 1);
        assertEquals(4, kernel.usedCount());
    }

    @Test
    void shouldTakeBackWhatMayHaveAnotherLengthByNow() {
        learnAndOpen(2);
        limitPods(1400);
        kernel.epoch++;
        look();
        assertEquals(0, kernel.usedCount());
        assertNoLeak();
        assertEquals("established", node.send(PEER, tcp(false, 1000, SYN | ACK, 500, 101)));
        assertEquals(1400, entry(true, 1000).mtu);
    }

    /** Sizes change within a cycle, when records were made of all that had been opened before it. */
    @Test
    void shouldRefuseWhatWouldHaveAnotherLengthByNow() {
        learn();
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            assertTrue(opens(1000));
            limitPods(1400);
            kernel.epoch++;
        };
        assertEquals("new", node.send(POD, syn(2)));
        node.policy = ANY_PORT;
        assertEquals(1500, entry(true, 1000).mtu);
        look();
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1000));
        assertOpened(0, 1);
        assertEquals(2, kernel.usedCount(), "of the one that Java has let through by the new size");
        assertEquals("established", node.send(PEER, tcp(false, 1000, SYN | ACK, 500, 101)), "it goes on with Java");
        assertEquals("established", node.send(POD, tcp(true, 1000, ACK, 101, 501)));
        assertEquals(1400, entry(true, 1000).mtu);
    }

    @Test
    void shouldRefuseWhatLeadsToAnotherDeviceByNow() {
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1)));
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            assertTrue(kernel.open(POD, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
            leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY + 1);
            kernel.epoch++;
        };
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 2)));
        look();
        assertOpened(0, 1);
        assertEquals(2, kernel.usedCount());
        assertEquals("established", node.begin().fromUplink(IpPackets.ipv4(IpProtocol.TCP, FAR_IPV4, POD_IPV4,
            IpPackets.tcp(80, 1000, SYN | ACK, 500, 101))).run().outcome(0));
        assertEquals(4, kernel.usedCount());
    }

    @Test
    void shouldEndWhatWasOpenedToAnEndpointThatIsGone() {
        learnAndOpen(100);
        publish(true, false);
        int commands = 1;
        while (node.conntrack.removeEndpoint(PEER, 30) > 0) {
            commands++;
        }
        assertTrue(commands > 3, "in pieces");
        assertEquals(0, kernel.usedCount());
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
        assertOpened(0, 100);
    }

    @Test
    void shouldTakeBackWhatWasOpenedToAnEndpointWithOtherAddresses() {
        learnAndOpen(100);
        int commands = 1;
        while (!node.conntrack.withdrawEndpoint(PEER, 30)) {
            commands++;
        }
        assertTrue(commands > 3, "in pieces");
        assertEquals(0, kernel.usedCount());
        assertEquals(101, node.conntrack.ipv4Table().flowCount());
        assertOpened(100, 0);
    }

    @Test
    void shouldTakeBackWhatWasOpenedBeforeRoutesHaveChanged() {
        learnAndOpen(100);
        limitPods(1400);
        kernel.epoch++;
        int commands = 1;
        while (!node.conntrack.reviewOffload(node.forwarding.current(), 30)) {
            commands++;
        }
        assertTrue(commands > 3, "in pieces");
        assertEquals(0, kernel.usedCount());
        assertEquals(101, node.count(ConntrackCounter.OFFLOAD_REROUTED) + node.count(ConntrackCounter.OPENED_REFUSED));
        assertNoLeak();
    }
}
