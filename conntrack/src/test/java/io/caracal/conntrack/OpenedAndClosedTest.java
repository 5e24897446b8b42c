package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.wire.IpProtocol;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When connections that the kernel opens get a record, and which never do. */
class OpenedAndClosedTest extends OpeningNode {
    private static final int BOTH_FLOWS = 2;

    /** As a client closes that has its answer: its FIN, the server's, and what acknowledges that one. */
    private void converse(final int port) {
        pass(false, port, SEEN_SYN_ACK);
        pass(true, port, SEEN_ACK);
        pass(true, port, SEEN_ACK | SEEN_FIN);
        pass(false, port, SEEN_ACK | SEEN_FIN);
        pass(true, port, SEEN_ACK | FlowOffload.SEEN_LAST_ACK);
    }

    private void assertGone(final int port) {
        assertNull(entry(true, port));
        assertNull(entry(false, port));
        assertEquals("none", stateOf(port));
    }

    @Test
    void shouldMakeNoRecordOfWhatIsOver() {
        learnAndOpen(3);
        converse(1000);
        converse(1002);
        look();
        assertGone(1000);
        assertGone(1002);
        assertEquals("SYN_SENT", stateOf(1001));
        assertEquals(2, node.count(ConntrackCounter.OPENED_AND_CLOSED));
        assertEquals(3 * RULES, node.hits, "rules have let them through");
        assertEquals(BOTH_FLOWS, node.count(ConntrackCounter.CREATED));
        assertEquals(BOTH_FLOWS, node.conntrack.ipv4Table().flowCount(POD));
        assertOpened(1, 0);
        assertTrue(opens(1000), "the client uses the port again");
    }

    @ParameterizedTest
    @CsvSource({
        "6, 6, true, no acknowledgement of the second FIN has passed",
        "22, 2, true, one side is open yet",
        "2, 22, true, the other side is open yet",
        "22, 6, false, the opener has closed first",
        "6, 22, false, the other side has closed first",
        "22, 22, false, both at once",
        "30, 6, false, over and then reset",
        "8, 6, true, a reset may be anybody's",
    })
    void shouldMakeRecordsOfWhatMayGoOn(final int seen, final int answered, final boolean hasRecord,
        final String why) {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK);
        pass(true, 1000, seen | SEEN_ACK);
        pass(false, 1000, answered | SEEN_ACK);
        look();
        assertEquals(hasRecord, recordOf(toPeer(1000)) != null, why);
        assertEquals(hasRecord ? 0 : 1, node.count(ConntrackCounter.OPENED_AND_CLOSED), why);
    }

    @Test
    void shouldGiveAConnectionTimeToBeOver() {
        learn();
        node.advanceMs(OpenedFlows.WAIT_MS);
        node.idle();
        assertTrue(opens(1000));
        for (int waitedMs = 1; waitedMs < OpenedFlows.WAIT_MS; waitedMs++) {
            node.advanceMs(1);
            node.idle();
            assertEquals("none", stateOf(1000), waitedMs + " ms");
        }
        for (int waitedMs = OpenedFlows.WAIT_MS; waitedMs <= 2 * OpenedFlows.WAIT_MS; waitedMs++) {
            node.advanceMs(1);
            node.idle();
        }
        assertEquals("SYN_SENT", stateOf(1000));
        assertOpened(1, 0);
    }

    @Test
    void shouldNotWaitWhereTheListGetsFull() throws IOException {
        directory = Files.createDirectory(directory.resolve("large"));
        reopen(TrackedNode.config(8000), new MemoryOffload(1 << 14));
        final int count = 1500;
        learnAndOpen(count);
        node.idle();
        final long adopted = node.count(ConntrackCounter.OPENED_BY_KERNEL);
        assertTrue(adopted > 0, "some of them, at once");
        assertEquals(0, node.burst.sleepMaxMs, "and more before it sleeps");
        assertOpened(count, 0);
    }

    @Test
    void shouldMakeTheRecordOfAPacketsConnectionAlone() {
        learnAndOpen(4);
        pass(false, 1000, SEEN_SYN_ACK);
        assertEquals("established", node.send(POD, tcp(true, 1000, ACK, 101, 501)));
        assertEquals("established", node.send(PEER, tcp(false, 1001, SYN | ACK, 500, 101)));
        assertEquals("SYN_RECV", stateOf(1001));
        assertEquals("none", stateOf(1002));
        assertEquals("new", node.send(POD, syn(2)), "of none of them");
        assertEquals("none", stateOf(1002));
        assertEquals("none", stateOf(1003));
        assertOpened(4, 0);
    }

    @Test
    void shouldMakeTheRecordOfWhatTheHostSendsToABackend() {
        assertEquals("new", node.begin().forwarded(POD, PEER, syn(1)).run().outcome(0));
        assertTrue(kernel.open(PEER | OUT, toPeer(1000), LENGTH, node.nowNs));
        assertTrue(kernel.open(PEER | OUT, toPeer(1001), LENGTH, node.nowNs));
        assertEquals("established", node.begin().forwarded(POD, PEER, syn(1000)).run().outcome(0), "once more");
        assertEquals("SYN_SENT", stateOf(1000));
        assertEquals("none", stateOf(1001));
        assertEquals("established", node.send(PEER, tcp(false, 1001, SYN | ACK, 500, 101)));
        assertOpened(2, 0);
    }

    /** Policy decides about it: nobody has looked at the one before. */
    @Test
    void shouldBeginAnewWhereTheLastConnectionOfAPortIsOver() {
        learnAndOpen(1);
        converse(1000);
        assertFalse(opens(1000), "it has entries");
        assertEquals("new", node.send(POD, syn(1000)));
        assertEquals("SYN_SENT", stateOf(1000));
        assertEquals(1, node.count(ConntrackCounter.OPENED_AND_CLOSED));
        assertNotNull(entry(true, 1000));
        assertOpened(0, 0);
        assertEquals("new", node.send(POD, syn(2)));
        assertTrue(opens(1001));
        converse(1001);
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.POLICY_DENY);
        assertEquals(DropReason.POLICY_DENY.label(), node.send(POD, syn(1001)));
        assertGone(1001);
    }

    /** Its entries are Java's, which name no other; those of another connection are in the first slot. */
    @Test
    void shouldNotTakeAnotherConnectionForTheOneThatAPortHadBefore() {
        learn();
        pass(false, 1, SEEN_SYN_ACK | SEEN_ACK | SEEN_FIN);
        pass(true, 1, SEEN_ACK | SEEN_FIN);
        node.send(POD, tcp(true, 1, ACK, 101, 501));
        assertEquals("TIME_WAIT", stateOf(1));
        int port = 1000;
        while (!kernel.isOpened(0)) {
            assertTrue(opens(port++), "port " + port);
        }
        final long before = node.conntrack.ipv4Table().flowCount();
        node.send(POD, syn(1));
        assertEquals(before, node.conntrack.ipv4Table().flowCount());
        assertTrue(kernel.isOpened(0), "nobody has looked at it");
    }

    @Test
    void shouldEndAtOnceWhatAnEndpointHasLeft() {
        learnAndOpen(2);
        converse(1000);
        assertEquals(0, node.conntrack.removeEndpoint(POD, 100));
        assertEquals(0, kernel.usedCount());
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
        assertOpened(1, 0);
    }

    @Test
    void shouldKnowIpv6ConnectionsByTheirWholeAddress() {
        final Ipv6Tuple tuple = learnAndOpenIpv6();
        assertEquals("established",
            node.send(PEER, IpPackets.ipv6(IpProtocol.TCP, 9, 1, IpPackets.tcp(80, 1000, SYN | ACK, 5, 101))));
        assertNotNull(recordOf(node.conntrack.ipv6Table(), tuple));
        assertOpened(1, 0);
    }
}
