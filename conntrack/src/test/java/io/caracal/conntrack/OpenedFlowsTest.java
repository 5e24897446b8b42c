package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.route.RouteKind;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;
import org.junit.jupiter.api.Test;

/** What becomes of the connections that the kernel opens. */
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

    @Test
    void shouldRefuseWhatAPodHasOpenedThatIsGone() {
        learnAndOpen(2);
        publish(false, true);
        look();
        assertEquals("none", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1001));
        assertOpened(0, 2);
    }

    @Test
    void shouldRefuseWhatLeadsToAPodThatIsGone() {
        learnAndOpen(2);
        publish(true, false);
        look();
        assertEquals("none", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1001));
        assertOpened(0, 2);
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

    private void learnBackend() {
        assertEquals("new", node.begin().forwarded(POD, PEER, syn(1)).run().outcome(0));
        assertEquals("pass 12 mtu " + Integer.MAX_VALUE + " by 13 outwards", way(onlyKind().way()));
        assertEquals("host 0 mtu " + Integer.MAX_VALUE + " by 13", way(onlyKind().reply()));
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
