package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.route.RouteKind;
import org.junit.jupiter.api.Test;

/** Connections that the kernel opens and the host's stack sends on: to a service's address and to its backends. */
class OpenedServicesTest extends OpeningNode {
    @Test
    void shouldOpenConnectionsToAService() {
        leadTo(RouteKind.SERVICE, OVERLAY);
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1)));
        assertEquals("host 0 mtu " + Integer.MAX_VALUE + " by 12", way(onlyKind().way()));
        assertEquals("pass -1 mtu " + Integer.MAX_VALUE + " by 12 outwards", way(onlyKind().reply()));
        assertTrue(kernel.open(POD, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
        look();
        assertEquals("12 generation 1 rule 7, 0 generation 0 rule 0, through the host",
            ends(recordOf(tuple(POD_IPV4, FAR_IPV4, 1000))));
        assertOpened(1, 0);
        assertEquals(4, kernel.usedCount());
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        look();
        assertEquals(0, kernel.usedCount(), "it is no service any more");
    }

    @Test
    void shouldOpenConnectionsToTheBackendOfAService() {
        learnBackend();
        assertTrue(kernel.open(PEER | OUT, toPeer(1000), LENGTH, node.nowNs));
        look();
        assertEquals("12 generation 1 rule 7, 13 generation 1 rule 8, through the host", ends(recordOf(toPeer(1000))));
        assertEquals(RULES, node.hits);
        assertOpened(1, 0);
        assertEquals("established", node.send(PEER, tcp(false, 1000, SYN | ACK, 500, 101)));
        assertEquals(4, kernel.usedCount());
        assertEquals(0, node.conntrack.removeEndpoint(PEER, 100));
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldOpenConnectionsToABackendElsewhere() {
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        assertEquals("new", node.begin().toUplink(synTo(FAR_IPV4, 1)).run().outcome(0));
        assertEquals("pass 12 mtu " + Integer.MAX_VALUE + " by 40 outwards", way(onlyKind().way()));
        assertEquals("host 0 mtu " + Integer.MAX_VALUE + " by 40", way(onlyKind().reply()));
        assertTrue(kernel.open(OVERLAY | OUT, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
        look();
        assertEquals("12 generation 1 rule 7, 0 generation 0 rule 0, through the host",
            ends(recordOf(tuple(POD_IPV4, FAR_IPV4, 1000))));
        assertOpened(1, 0);
        assertEquals(4, kernel.usedCount());
    }

    /** Another pod may get its address: what is left of this one must not be in its way. */
    @Test
    void shouldRefuseWhatLeadsToABackendThatIsGone() {
        learnBackend();
        assertTrue(kernel.open(PEER | OUT, toPeer(1000), LENGTH, node.nowNs));
        publish(true, false);
        look();
        assertEquals(0, node.conntrack.removeEndpoint(PEER, 10));
        assertEquals("none", stateOf(1000));
        assertOpened(0, 1);
        assertEquals(0, kernel.usedCount());
    }
}
