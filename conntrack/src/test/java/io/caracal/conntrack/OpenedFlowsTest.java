package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;
import org.junit.jupiter.api.Test;

/** Records of the connections that the kernel opens. */
class OpenedFlowsTest extends OpeningNode {
    @Test
    void shouldMakeARecordOfWhatTheKernelHasOpened() {
        learnAndOpen(1);
        assertNull(recordOf(toPeer(1000)));
        look();
        final FlowSnapshot record = recordOf(toPeer(1000));
        assertTrue(record.original.sameAs(toPeer(1000)));
        assertTrue(record.reply.sameAs(new Ipv6Tuple().setInverse(toPeer(1000))));
        assertEquals("12 generation 1 rule 7, 13 generation 1 rule 8", ends(record));
        assertEquals(FlowState.TCP_SYN_SENT, record.state);
        assertEquals(1, record.originalPackets);
        assertEquals(LENGTH, record.originalBytes);
        assertEquals(0, record.replyPackets);
        assertEquals(2, node.count(ConntrackCounter.OFFLOADED_FLOWS));
        assertEquals(2, node.count(ConntrackCounter.CREATED));
        assertEquals(2, node.conntrack.ipv4Table().flowCount(POD));
        assertEquals(2, node.conntrack.ipv4Table().flowCount(PEER));
        assertOpened(1, 0);
    }

    @Test
    void shouldFollowAConnectionThatTheKernelHasOpened() {
        learnAndOpen(1);
        look();
        pass(false, 1000, SEEN_SYN_ACK);
        round();
        assertEquals("SYN_RECV", stateOf(1000));
        pass(true, 1000, SEEN_ACK);
        round();
        assertEquals("ESTABLISHED", stateOf(1000));
        assertEquals(FlowFlags.ASSURED | FlowFlags.SEEN_REPLY,
            recordOf(toPeer(1000)).flags & (FlowFlags.ASSURED | FlowFlags.SEEN_REPLY));
        pass(true, 1000, SEEN_FIN | SEEN_ACK);
        pass(false, 1000, SEEN_FIN | SEEN_ACK);
        round();
        assertEquals("TIME_WAIT", stateOf(1000));
        assertEquals(3, recordOf(toPeer(1000)).originalPackets);
        assertEquals(2, recordOf(toPeer(1000)).replyPackets);
        node.advanceMs(OffloadedFlows.CLOSED_AFTER_MS + 1);
        look();
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1000));
        assertOpened(1, 0);
        node.advanceMs(10 * 60_000);
        look();
        assertEquals("none", stateOf(1000));
    }

    @Test
    void shouldEndWhatWasOverBeforeAnybodyLooked() {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK);
        pass(true, 1000, SEEN_ACK);
        pass(true, 1000, SEEN_ACK | SEEN_FIN);
        pass(false, 1000, SEEN_ACK | SEEN_FIN);
        look();
        assertEquals("TIME_WAIT", stateOf(1000));
        node.advanceMs(OffloadedFlows.CLOSED_AFTER_MS + 1);
        look();
        assertNull(entry(true, 1000));
        assertOpened(1, 0);
        assertTrue(opens(1000), "the client uses the port again");
        look();
        assertEquals("SYN_SENT", stateOf(1000));
        assertEquals(1, node.count(ConntrackCounter.REOPENED));
        assertOpened(2, 0);
    }

    @Test
    void shouldForgetWhatWasRefused() {
        learnAndOpen(1);
        pass(false, 1000, FlowOffload.SEEN_RST);
        look();
        assertEquals("none", stateOf(1000));
        assertNull(entry(true, 1000));
        assertEquals(1, node.count(ConntrackCounter.REFUSED));
        assertEquals(RULES, node.hits, "a rule has let it through, though");
        assertOpened(1, 0);
        assertTrue(opens(1000));
    }

    @Test
    void shouldCountRulesOncePerConnection() {
        learnAndOpen(5);
        assertEquals(0, node.hits, "what Java judges is counted by policy");
        look();
        assertEquals(5 * RULES, node.hits);
        pass(true, 1000, SEEN_ACK);
        round();
        assertEquals(5 * RULES, node.hits);
        assertTrue(opens(2000));
        assertEquals("established", node.send(PEER, tcp(false, 2000, SYN | ACK, 5, 101)));
        assertEquals(6 * RULES, node.hits);
        assertOpened(6, 0);
    }

    @Test
    void shouldMakeRecordsOfIpv6Connections() {
        final Ipv6Tuple tuple = learnAndOpenIpv6();
        look();
        final FlowSnapshot record = recordOf(node.conntrack.ipv6Table(), tuple);
        assertTrue(record.original.sameAs(tuple));
        assertEquals("12 generation 1 rule 7, 13 generation 1 rule 8", ends(record));
        assertOpened(1, 0);
        assertEquals(0, node.conntrack.removeEndpoint(PEER, 10));
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldFindTheRecordOfAPacketThatComesToJava() {
        learnAndOpen(3);
        pass(false, 1000, SEEN_SYN_ACK);
        assertEquals("established", node.send(POD, tcp(true, 1000, ACK, 101, 501)));
        assertEquals("established", node.send(POD, syn(1001)), "once more, since its answer was lost");
        assertEquals("established", node.send(PEER, tcp(false, 1002, SYN | ACK, 500, 101)));
        assertEquals(4, node.conntrack.ipv4Table().flowCount());
        assertEquals(4, node.count(ConntrackCounter.OFFLOADED_FLOWS));
        assertOpened(3, 0);
    }

    @Test
    void shouldFindTheRecordOfAnErrorAboutAConnection() {
        learnAndOpen(1);
        assertEquals("related", node.send(PEER, IpPackets.ipv4(IpProtocol.ICMP, PEER_IPV4, POD_IPV4,
            IpPackets.icmpError(3, 3, syn(1000)))));
        assertOpened(1, 0);
    }

    @Test
    void shouldFindTheRecordBehindManyOthers() {
        final int count = 3 * BUDGET;
        learnAndOpen(count);
        pass(false, 1000 + count - 1, SEEN_SYN_ACK);
        assertEquals("established", node.send(POD, tcp(true, 1000 + count - 1, ACK, 101, 501)));
        assertOpened(count, 0);
    }

    @Test
    void shouldFindTheRecordOfAnErrorBehindManyOthers() {
        final int count = 3 * BUDGET;
        learnAndOpen(count);
        pass(false, 1000 + count - 2, SEEN_SYN_ACK);
        node.begin().from(PEER, IpPackets.ipv4(IpProtocol.ICMP, PEER_IPV4, POD_IPV4,
            IpPackets.icmpError(3, 3, syn(1000 + count - 1))));
        node.from(POD, tcp(true, 1000 + count - 2, ACK, 101, 501));
        node.from(POD, syn(1)).run();
        assertEquals("related", node.outcome(0));
        assertEquals("established", node.outcome(1));
        assertEquals("established", node.outcome(2));
        assertOpened(count, 0);
    }

    /** In the worst case all that came are of no flow: each is looked for once behind the last that was opened. */
    @Test
    void shouldMakeRecordsBeforeItBeginsOthers() {
        final int count = 2 * BUDGET;
        learnAndOpen(count);
        assertEquals("new", node.send(POD, syn(9)));
        assertOpened(count, 0);
    }

    @Test
    void shouldMakeAllRecordsWithoutAPacket() {
        learnAndOpen(100);
        for (int cycle = 0; cycle < 100 && kernel.hasOpened(); cycle++) {
            look();
            assertNoLeak();
        }
        assertOpened(100, 0);
    }

    private void closeInTimeWait() {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK | SEEN_FIN | SEEN_ACK);
        pass(true, 1000, SEEN_FIN | SEEN_ACK);
        look();
        node.advanceMs(OffloadedFlows.CLOSED_AFTER_MS + 1);
        look();
        assertEquals("TIME_WAIT", stateOf(1000));
        assertNull(entry(true, 1000));
    }

    @Test
    void shouldReopenATupleThatIsOver() {
        closeInTimeWait();
        assertTrue(opens(1000));
        assertEquals("established", node.send(PEER, tcp(false, 1000, SYN | ACK, 9000, 101)));
        assertEquals(1, node.count(ConntrackCounter.REOPENED));
        assertEquals("SYN_RECV", stateOf(1000));
        assertEquals(2, node.conntrack.ipv4Table().flowCount());
        assertOpened(2, 0);
    }

    /** A SYN that Java has in hand comes to the program once more, which knows the kind by now. */
    @Test
    void shouldKeepTheRecordOfAConnectionThatBothHaveOpened() {
        learn();
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            assertTrue(opens(1000));
        };
        assertEquals("new", node.send(POD, syn(1000)));
        assertEquals(6, kernel.usedCount(), "two of each");
        look();
        assertEquals("SYN_SENT", stateOf(1000));
        assertNotNull(entry(true, 1000));
        assertNotNull(entry(false, 1000));
        assertEquals(4, kernel.usedCount());
        assertEquals(0, node.hits);
        assertOpened(0, 1);
        pass(false, 1000, SEEN_SYN_ACK);
        pass(true, 1000, SEEN_ACK);
        round();
        assertEquals("ESTABLISHED", stateOf(1000));
    }

    /** Not offloaded now, and made while another pod had the address. */
    @Test
    void shouldKeepTheRecordOfAConnectionWithOtherEnds() {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK);
        pass(true, 1000, SEEN_ACK);
        look();
        assertEquals("ESTABLISHED", stateOf(1000));
        node.workloads.publish(new WorkloadTable.Builder().put(Workload.of(POD, "10.0.0.1"))
            .put(Workload.of(PEER, "10.0.0.10")).put(Workload.of(PEER + 1, "10.0.0.9")).build());
        kernel.epoch++;
        assertTrue(node.conntrack.withdrawEndpoint(PEER, 10));
        look();
        assertEquals("new", node.send(POD, syn(2)));
        assertTrue(opens(1000));
        assertEquals(PEER + 1, entry(true, 1000).targetIfindex);
        look();
        assertEquals("ESTABLISHED", stateOf(1000));
        assertEquals("12 generation 1 rule 7, 13 generation 1 rule 8", ends(recordOf(toPeer(1000))));
        assertNull(entry(true, 1000));
        assertOpened(1, 1);
        assertEquals("new", node.send(POD, syn(1000)), "Java ends the old one");
        assertEquals(1, node.count(ConntrackCounter.ENDPOINT_ARRIVED));
    }

    /** Its tuple is that of an established flow's answers. */
    @Test
    void shouldKeepTheRecordOfTheOtherDirection() {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK);
        pass(true, 1000, SEEN_ACK);
        look();
        assertTrue(node.conntrack.withdrawEndpoint(PEER, 10));
        assertEquals("new", node.send(PEER, IpPackets.ipv4(IpProtocol.TCP, PEER_IPV4, POD_IPV4,
            IpPackets.tcp(81, 1000, SYN, 1, 0))));
        assertTrue(kernel.open(PEER, new Ipv6Tuple().setInverse(toPeer(1000)), LENGTH, node.nowNs));
        look();
        assertEquals("ESTABLISHED", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1000));
        assertOpened(1, 1);
    }

    @Test
    void shouldJoinTheRecordThatTheKernelDoesNotHave() {
        learnAndOpen(1);
        look();
        assertTrue(node.conntrack.withdrawEndpoint(PEER, 10));
        assertEquals(0, kernel.usedCount());
        assertTrue(opens(1000));
        look();
        assertEquals(2, kernel.usedCount());
        assertEquals(2, recordOf(toPeer(1000)).originalPackets);
        assertOpened(2, 0);
    }
}
