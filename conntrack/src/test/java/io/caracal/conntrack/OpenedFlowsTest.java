package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
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
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.TcpHeader;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which kinds of connections the kernel is told, and what becomes of the connections that it opens by them. */
class OpenedFlowsTest {
    private static final int POD = TrackedNode.POD;
    private static final int PEER = TrackedNode.PEER;
    private static final int POD_IPV4 = TrackedNode.POD_IPV4;
    private static final int PEER_IPV4 = TrackedNode.PEER_IPV4;
    private static final int FAR_IPV4 = 0xc0000201;
    private static final int OVERLAY = 40;
    private static final int OUT = FlowOffload.EGRESS;
    private static final int SYN = TcpHeader.SYN;
    private static final int ACK = TcpHeader.ACK;
    private static final int SEEN_SYN_ACK = FlowOffload.SEEN_SYN_ACK;
    private static final int SEEN_ACK = FlowOffload.SEEN_ACK;
    private static final int SEEN_FIN = FlowOffload.SEEN_FIN;
    private static final int LENGTH = 60;
    /** Records of more connections than this are not made in one go. */
    private static final int BUDGET = 32;
    private static final int RULES = 7 + 8;
    private static final TrackedNode.Policy ANY_PORT = (burst, row, conntrack) -> {
        TrackedNode.ALLOW.judge(burst, row, conntrack);
        conntrack.approvals().isOfAnyPort[row] = true;
    };

    @TempDir
    Path directory;

    private MemoryOffload kernel;
    private TrackedNode node;

    @BeforeEach
    void openNode() {
        open(TrackedNode.config(1000), new MemoryOffload(1024));
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    private void open(final ConntrackConfig config, final MemoryOffload next) {
        kernel = next;
        node = new TrackedNode(directory, config, next);
        node.policy = ANY_PORT;
    }

    private void reopen(final ConntrackConfig config, final MemoryOffload next) {
        node.close();
        open(config, next);
    }

    /** A process that comes after this one: it finds what is new in the table, the list is begun anew. */
    private void restart() {
        kernel.opened.clear();
        kernel.kinds.clear();
        kernel.epoch++;
        reopen(TrackedNode.config(1000), kernel);
    }

    private static byte[] tcp(final boolean toPeer, final int port, final int flags, final int sequence,
        final int acknowledgement) {
        return IpPackets.ipv4(IpProtocol.TCP, toPeer ? POD_IPV4 : PEER_IPV4, toPeer ? PEER_IPV4 : POD_IPV4,
            IpPackets.tcp(toPeer ? port : 80, toPeer ? 80 : port, flags, sequence, acknowledgement));
    }

    private static byte[] syn(final int port) {
        return tcp(true, port, SYN, 100, 0);
    }

    private static byte[] synTo(final int destination, final int port) {
        return IpPackets.ipv4(IpProtocol.TCP, POD_IPV4, destination, IpPackets.tcp(port, 80, SYN, 100, 0));
    }

    private static Ipv6Tuple tuple(final int source, final int destination, final int port) {
        final Ipv6Tuple tuple = new Ipv6Tuple();
        tuple.sourceLow = source & 0xffff_ffffL;
        tuple.destinationLow = destination & 0xffff_ffffL;
        tuple.ports = port << 16 | 80;
        return tuple;
    }

    private static Ipv6Tuple toPeer(final int port) {
        return tuple(POD_IPV4, PEER_IPV4, port);
    }

    /** What the program does with the first packet of a connection to the peer. */
    private boolean opens(final int port) {
        return kernel.open(POD, toPeer(port), LENGTH, node.nowNs);
    }

    /** Has the kernel know the kind, by a connection that Java lets through. */
    private void learn() {
        assertEquals("new", node.send(POD, syn(1)));
        assertEquals(1, kernel.kinds.size());
    }

    private void learnAndOpen(final int count) {
        learn();
        for (int port = 1000; port < 1000 + count; port++) {
            assertTrue(opens(port), "port " + port);
        }
    }

    private MemoryOffload.Held entry(final boolean toPeer, final int port) {
        return kernel.find(toPeer ? POD : PEER, IpProtocol.TCP, toPeer ? POD_IPV4 : PEER_IPV4,
            toPeer ? PEER_IPV4 : POD_IPV4, toPeer ? port << 16 | 80 : 80 << 16 | port);
    }

    /** What the program does with a packet that finds its entry. */
    private void pass(final boolean toPeer, final int port, final int seen) {
        final MemoryOffload.Held entry = entry(toPeer, port);
        entry.packets++;
        entry.bytes += 40;
        entry.seen |= seen;
        entry.lastSeenNs = node.nowNs;
    }

    /** Lets the next round of looks happen. */
    private void round() {
        node.advanceMs(OffloadedFlows.ROUND_MS + 1);
        node.idle();
    }

    private FlowSnapshot recordOf(final Ipv6Tuple tuple) {
        return recordOf(node.conntrack.ipv4Table(), tuple);
    }

    private static FlowSnapshot recordOf(final FlowTable table, final Ipv6Tuple tuple) {
        final int found = table.findTuple(tuple, IpProtocol.TCP);
        if (found == FlowTable.MISS) {
            return null;
        }
        final FlowSnapshot snapshot = new FlowSnapshot();
        snapshot.take(table.record(found >> 1), table.account(found >> 1), table.ipVersion());
        return snapshot;
    }

    private String stateOf(final int port) {
        final FlowSnapshot record = recordOf(toPeer(port));
        return record == null ? "none" : FlowState.name(record.state);
    }

    private static String ends(final FlowSnapshot record) {
        return record.sourceIfindex + " generation " + record.sourceGeneration + " rule " + record.sourceRule + ", "
            + record.destinationIfindex + " generation " + record.destinationGeneration + " rule "
            + record.destinationRule + ((record.flags & FlowFlags.THROUGH_HOST) != 0 ? ", through the host" : "")
            + ((record.flags & FlowFlags.APPROVED) == FlowFlags.APPROVED ? "" : ", unapproved");
    }

    private static String way(final MemoryOffload.Held held) {
        return switch (held.action) {
            case FlowOffload.TO_WORKLOAD -> "pod ";
            case FlowOffload.TO_DEVICE -> "device ";
            case FlowOffload.TO_HOST -> "host ";
            default -> "pass ";
        } + held.targetIfindex + " mtu " + held.mtu + " by " + (held.ingressIfindex & ~OUT)
            + (held.ingressIfindex < 0 ? " outwards" : "");
    }

    private MemoryOffload.Kind onlyKind() {
        assertEquals(1, kernel.kinds.size());
        return kernel.kinds.getFirst();
    }

    /** Each entry is of a record, or will be looked at. */
    private void assertNoLeak() {
        assertEquals(2 * (node.count(ConntrackCounter.OFFLOADED_FLOWS) + kernel.opened.size()), kernel.usedCount());
    }

    private void assertOpened(final int byKernel, final int refused) {
        assertEquals(byKernel, node.count(ConntrackCounter.OPENED_BY_KERNEL));
        assertEquals(refused, node.count(ConntrackCounter.OPENED_REFUSED));
        assertFalse(kernel.hasOpened());
        assertNoLeak();
    }

    private static ForwardingTables tables(final int kind, final int device, final int mtu, final int podMtu,
        final int podFlags) {
        final ForwardingOptions old = ForwardingOptions.DEFAULT;
        return new ForwardingTables(new RouteTable.Builder()
            .put("192.0.2.0/24", kind == RouteKind.SERVICE ? RouteTarget.of(kind) : RouteTarget.via(kind, 1, 0))
            .put("10.0.0.0/24", RouteTarget.localWorkload(POD, podFlags)).build(),
            new NextHopTable.Builder().put(1, new NextHop.Device(device, mtu)).build(), VtepTable.EMPTY,
            new ForwardingOptions(podMtu, old.errorIpv4Source(), old.errorIpv6Source(), old.forbiddenVxlanPort(),
                false, false, old.nodePorts()));
    }

    /** Where 192.0.2.0/24 is. */
    private void leadTo(final int kind, final int device) {
        node.forwarding.publish(tables(kind, device, 1450, 1500, 0));
    }

    private void limitPods(final int mtu) {
        node.forwarding.publish(tables(RouteKind.REMOTE_WORKLOAD, OVERLAY, 1450, mtu, 0));
    }

    private void publish(final boolean isPodThere, final boolean isPeerThere) {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        if (isPodThere) {
            builder.put(Workload.of(POD, "10.0.0.1", "fd00::1"));
        }
        if (isPeerThere) {
            builder.put(Workload.of(PEER, "10.0.0.9", "fd00::9"));
        }
        node.workloads.publish(builder.build());
        kernel.epoch++;
    }

    @Test
    void shouldTellTheKindOfAConnection() {
        kernel.epoch = 5;
        node.idle();
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
        node.idle();
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

    @Test
    void shouldMakeARecordOfWhatTheKernelHasOpened() {
        learnAndOpen(1);
        assertNull(recordOf(toPeer(1000)));
        node.idle();
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
        node.idle();
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
        node.idle();
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1000));
        assertOpened(1, 0);
        node.advanceMs(10 * 60_000);
        node.idle();
        assertEquals("none", stateOf(1000));
    }

    @Test
    void shouldEndWhatWasOverBeforeAnybodyLooked() {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK);
        pass(true, 1000, SEEN_ACK);
        pass(true, 1000, SEEN_ACK | SEEN_FIN);
        pass(false, 1000, SEEN_ACK | SEEN_FIN);
        node.idle();
        assertEquals("TIME_WAIT", stateOf(1000));
        node.advanceMs(OffloadedFlows.CLOSED_AFTER_MS + 1);
        node.idle();
        assertNull(entry(true, 1000));
        assertOpened(1, 0);
        assertTrue(opens(1000), "the client uses the port again");
        node.idle();
        assertEquals("SYN_SENT", stateOf(1000));
        assertEquals(1, node.count(ConntrackCounter.REOPENED));
        assertOpened(2, 0);
    }

    @Test
    void shouldForgetWhatWasRefused() {
        learnAndOpen(1);
        pass(false, 1000, FlowOffload.SEEN_RST);
        node.idle();
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
        node.idle();
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
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            burst.route(row, RouteTarget.localWorkload(PEER, 0).word());
        };
        assertEquals("new", node.send(POD, IpPackets.ipv6(IpProtocol.TCP, 1, 9, IpPackets.tcp(1, 80, SYN, 100, 0))));
        final Ipv6Tuple tuple = tuple(1, 9, 1000);
        tuple.sourceHigh = 0xfd00L << 48;
        tuple.destinationHigh = 0xfd00L << 48;
        assertTrue(kernel.open(POD, tuple, LENGTH, node.nowNs));
        node.idle();
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
            node.idle();
            assertNoLeak();
        }
        assertOpened(100, 0);
    }

    private void closeInTimeWait() {
        learnAndOpen(1);
        pass(false, 1000, SEEN_SYN_ACK | SEEN_FIN | SEEN_ACK);
        pass(true, 1000, SEEN_FIN | SEEN_ACK);
        node.idle();
        node.advanceMs(OffloadedFlows.CLOSED_AFTER_MS + 1);
        node.idle();
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
        node.idle();
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
        node.idle();
        assertEquals("ESTABLISHED", stateOf(1000));
        node.workloads.publish(new WorkloadTable.Builder().put(Workload.of(POD, "10.0.0.1"))
            .put(Workload.of(PEER, "10.0.0.10")).put(Workload.of(PEER + 1, "10.0.0.9")).build());
        kernel.epoch++;
        assertTrue(node.conntrack.withdrawEndpoint(PEER, 10));
        node.idle();
        assertEquals("new", node.send(POD, syn(2)));
        assertTrue(opens(1000));
        assertEquals(PEER + 1, entry(true, 1000).targetIfindex);
        node.idle();
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
        node.idle();
        assertTrue(node.conntrack.withdrawEndpoint(PEER, 10));
        assertEquals("new", node.send(PEER, IpPackets.ipv4(IpProtocol.TCP, PEER_IPV4, POD_IPV4,
            IpPackets.tcp(81, 1000, SYN, 1, 0))));
        assertTrue(kernel.open(PEER, new Ipv6Tuple().setInverse(toPeer(1000)), LENGTH, node.nowNs));
        node.idle();
        assertEquals("ESTABLISHED", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1000));
        assertOpened(1, 1);
    }

    @Test
    void shouldJoinTheRecordThatTheKernelDoesNotHave() {
        learnAndOpen(1);
        node.idle();
        assertTrue(node.conntrack.withdrawEndpoint(PEER, 10));
        assertEquals(0, kernel.usedCount());
        assertTrue(opens(1000));
        node.idle();
        assertEquals(2, kernel.usedCount());
        assertEquals(2, recordOf(toPeer(1000)).originalPackets);
        assertOpened(2, 0);
    }

    @Test
    void shouldRefuseWhatAPodHasOpenedThatIsGone() {
        learnAndOpen(2);
        publish(false, true);
        node.idle();
        assertEquals("none", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1001));
        assertOpened(0, 2);
    }

    @Test
    void shouldRefuseWhatLeadsToAPodThatIsGone() {
        learnAndOpen(2);
        publish(true, false);
        node.idle();
        assertEquals("none", stateOf(1000));
        assertNull(entry(true, 1000));
        assertNull(entry(false, 1001));
        assertOpened(0, 2);
    }

    @Test
    void shouldRefuseWhatIsMoreThanAnEndpointsShare() {
        learnAndOpen(200);
        while (kernel.hasOpened()) {
            node.idle();
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
        node.idle();
        for (final int port : new int[] {1, 1000}) {
            pass(false, port, SEEN_SYN_ACK);
            pass(true, port, SEEN_ACK);
        }
        round();
        assertEquals("ESTABLISHED", stateOf(1));
        assertEquals("ESTABLISHED", stateOf(1000));
        assertTrue(opens(1001));
        node.idle();
        assertEquals("none", stateOf(1001));
        assertOpened(1, 1);
        assertEquals(4, kernel.usedCount());
    }

    @Test
    void shouldTakeBackWhatMayHaveAnotherLengthByNow() {
        learnAndOpen(2);
        limitPods(1400);
        kernel.epoch++;
        node.idle();
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
        node.idle();
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
        node.idle();
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
        node.idle();
        assertEquals("12 generation 1 rule 7, 0 generation 0 rule 0, through the host",
            ends(recordOf(tuple(POD_IPV4, FAR_IPV4, 1000))));
        assertOpened(1, 0);
        assertEquals(4, kernel.usedCount());
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY);
        node.idle();
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
        node.idle();
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
        node.idle();
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
        node.idle();
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
        node.idle();
        assertEquals(4, kernel.usedCount(), "as they were");
        assertNoLeak();
        leadTo(RouteKind.REMOTE_WORKLOAD, OVERLAY + 1);
        node.idle();
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldTakeOverWhatWasOpenedToAService() {
        leadTo(RouteKind.SERVICE, OVERLAY);
        assertEquals("new", node.send(POD, synTo(FAR_IPV4, 1)));
        assertTrue(kernel.open(POD, tuple(POD_IPV4, FAR_IPV4, 1000), LENGTH, node.nowNs));
        restart();
        leadTo(RouteKind.SERVICE, OVERLAY);
        node.idle();
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
