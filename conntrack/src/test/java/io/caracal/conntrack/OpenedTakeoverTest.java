package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.route.RouteKind;
import org.junit.jupiter.api.Test;

/** What becomes of connections that the kernel has opened while nobody was there. */
class OpenedTakeoverTest extends OpeningNode {
    @Test
    void shouldTakeOverWhatWasOpenedWhileNobodyWasThere() {
        learnAndOpen(3);
        pass(false, 1001, SEEN_SYN_ACK);
        pass(true, 1001, SEEN_ACK);
        restart();
        assertEquals(4, node.conntrack.ipv4Table().flowCount());
        assertEquals(8, kernel.usedCount());
        assertEquals("12 generation 1 rule 7, 13 generation 1 rule 8", ends(recordOf(toPeer(1000))));
        round();
        assertEquals("SYN_SENT", stateOf(1000));
        assertEquals("ESTABLISHED", stateOf(1001));
        assertEquals(2, recordOf(toPeer(1001)).originalPackets);
        assertEquals(8, kernel.usedCount());
        assertNoLeak();
        assertEquals("established", node.send(PEER, tcp(false, 1000, SYN | ACK, 500, 101)));
    }

    /** Its routes are not known then, and looked at later. */
    @Test
    void shouldTakeOverWhatWasOpenedToAnotherNode() {
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1)));
        assertTrue(kernel.open(POD, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
        restart();
        assertEquals(4, kernel.usedCount());
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        look();
        assertEquals(4, kernel.usedCount(), "as they were");
        assertNoLeak();
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY + 1);
        look();
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldTakeOverWhatWasOpenedToAService() {
        leadTo(RouteKind.SERVICE, OVERLAY);
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1)));
        assertTrue(kernel.open(POD, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
        restart();
        leadTo(RouteKind.SERVICE, OVERLAY);
        look();
        assertEquals("12 generation 1 rule 7, 0 generation 0 rule 0, through the host",
            ends(recordOf(tuple(POD_IPV4, FAR_IPV4, 1000))));
        assertEquals(4, kernel.usedCount());
        assertNoLeak();
    }

    /** Whether what it left by is a pod's interface nobody knows yet. */
    @Test
    void shouldNotTakeOverWhatTheHostsStackWasSendingOn() {
        learnBackend();
        assertTrue(kernel.open(PEER | OUT, toPeer(1000), LENGTH, node.nowNs));
        restart();
        assertEquals("none", stateOf(1000));
        assertEquals("SYN_SENT", stateOf(1));
        assertEquals(2, kernel.usedCount());
        assertNoLeak();
    }

    @Test
    void shouldNotTakeOverHalfAnEntry() {
        learnAndOpen(2);
        for (int slot = 0; slot < kernel.slotCount(); slot++) {
            if (kernel.isUsed(slot) && (kernel.slots[slot] == entry(false, 1000)
                || kernel.slots[slot] == entry(true, 1001))) {
                kernel.remove(slot);
            }
        }
        restart();
        assertEquals(2, kernel.usedCount(), "of the one that Java has let through");
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1001));
        assertNoLeak();
        final String outcome = node.send(PEER, tcp(false, 1000, SYN | ACK, 500, 101));
        assertEquals("established", outcome, "its record was made, and Java goes on with it");
    }
}
