package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caracal.burst.DropReason;
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
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.TcpHeader;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which flows the kernel is given, and what their records say of packets that only the kernel has seen. */
class OffloadStageTest {
    private static final int POD = TrackedNode.POD;
    private static final int PEER = TrackedNode.PEER;
    private static final int SYN = TcpHeader.SYN;
    private static final int ACK = TcpHeader.ACK;
    private static final int SEEN_ACK = FlowOffload.SEEN_ACK;
    private static final int FAR_IPV4 = 0xc0000201;
    private static final int OVERLAY = 40;

    @TempDir
    Path directory;

    private MemoryOffload kernel;
    private TrackedNode node;

    @BeforeEach
    void openNode() {
        kernel = new MemoryOffload(64);
        node = new TrackedNode(directory, TrackedNode.config(1000), kernel);
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    private void reopen(final ConntrackConfig config, final MemoryOffload next) {
        node.close();
        kernel = next;
        node = new TrackedNode(directory, config, next);
    }

    private static byte[] udp(final boolean toPeer, final int port) {
        return IpPackets.ipv4(IpProtocol.UDP, toPeer ? TrackedNode.POD_IPV4 : TrackedNode.PEER_IPV4,
            toPeer ? TrackedNode.PEER_IPV4 : TrackedNode.POD_IPV4,
            IpPackets.udp(toPeer ? port : 53, toPeer ? 53 : port, 4));
    }

    private static byte[] tcp(final boolean toPeer, final int flags, final int sequence, final int acknowledgement) {
        return IpPackets.ipv4(IpProtocol.TCP, toPeer ? TrackedNode.POD_IPV4 : TrackedNode.PEER_IPV4,
            toPeer ? TrackedNode.PEER_IPV4 : TrackedNode.POD_IPV4,
            IpPackets.tcp(toPeer ? 1000 : 80, toPeer ? 80 : 1000, flags, sequence, acknowledgement));
    }

    private MemoryOffload.Held entry(final boolean toPeer, final int protocol, final int port, final int server) {
        return kernel.find(toPeer ? POD : PEER, protocol, toPeer ? TrackedNode.POD_IPV4 : TrackedNode.PEER_IPV4,
            toPeer ? TrackedNode.PEER_IPV4 : TrackedNode.POD_IPV4,
            toPeer ? port << 16 | server : server << 16 | port);
    }

    /** What the kernel's program does with a packet that finds its entry. */
    private void pass(final boolean toPeer, final int seen, final int packets) {
        final MemoryOffload.Held entry = entry(toPeer, IpProtocol.TCP, 1000, 80);
        entry.packets += packets;
        entry.bytes += 40L * packets;
        entry.seen |= seen;
        entry.lastSeenNs = node.nowNs;
    }

    private void open() {
        assertEquals("new", node.send(POD, tcp(true, SYN, 100, 0)));
    }

    private void establish() {
        open();
        pass(false, FlowOffload.SEEN_SYN_ACK, 1);
        pass(true, SEEN_ACK, 1);
        round();
    }

    /** Lets the next round of looks happen. */
    private void round() {
        node.advanceMs(OffloadedFlows.ROUND_MS + 1);
        node.idle();
    }

    private int onlyState() {
        for (int slot = 0; slot < node.conntrack.ipv4Table().slotCount(); slot++) {
            if (node.conntrack.ipv4Table().state(slot) != FlowState.FREE) {
                return node.conntrack.ipv4Table().state(slot);
            }
        }
        return FlowState.FREE;
    }

    @Test
    void shouldGiveBothDirectionsWithTheFirstPacket() {
        assertEquals("new", node.send(POD, udp(true, 1000)));
        final MemoryOffload.Held there = entry(true, IpProtocol.UDP, 1000, 53);
        final MemoryOffload.Held back = entry(false, IpProtocol.UDP, 1000, 53);
        assertEquals(PEER, there.targetIfindex);
        assertEquals(POD, back.targetIfindex);
        assertEquals(1500, there.mtu);
        assertEquals(1, back.generation);
        assertEquals(1, node.count(ConntrackCounter.OFFLOADED_FLOWS));
    }

    /** Its answers do not lead back to the pod. */
    @Test
    void shouldKeepWhatAPodSendsFromAnAddressThatItIsExemptFor() {
        final int exempt = Ipv4Address.parse("203.0.113.9");
        final byte[] packet =
            IpPackets.ipv4(IpProtocol.UDP, exempt, TrackedNode.PEER_IPV4, IpPackets.udp(1000, 53, 4));
        assertEquals("new", node.send(POD, packet));
        assertEquals("established", node.send(POD, packet));
        assertEquals("established", node.send(PEER,
            IpPackets.ipv4(IpProtocol.UDP, TrackedNode.PEER_IPV4, exempt, IpPackets.udp(53, 1000, 4))));
        assertEquals(0, node.count(ConntrackCounter.OFFLOADED_FLOWS));
        assertEquals(0, kernel.usedCount());
        assertEquals("new", node.send(POD, udp(true, 1000)));
        assertEquals(1, node.count(ConntrackCounter.OFFLOADED_FLOWS));
    }

    @Test
    void shouldKeepWhatTheKernelCannotCarryOn() {
        final int remote = Ipv4Address.parse("192.0.2.1");
        assertEquals("new", node.send(POD, IpPackets.ipv4(IpProtocol.ICMP, TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4,
            IpPackets.icmp(8, 0, 7))));
        assertEquals("new", node.send(POD, IpPackets.ipv4(IpProtocol.UDP, TrackedNode.POD_IPV4, remote,
            IpPackets.udp(1, 2, 4))));
        assertEquals("new", node.deliver(PEER, IpPackets.ipv4(IpProtocol.UDP, remote, TrackedNode.PEER_IPV4,
            IpPackets.udp(1, 2, 4))));
        node.policy = (burst, row, conntrack) -> conntrack.approvals().approveSource(row, 1, 7);
        assertEquals("new", node.send(POD, udp(true, 1000)));
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.POLICY_DENY);
        assertEquals(DropReason.POLICY_DENY.label(), node.send(POD, udp(true, 1001)));
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldFollowAHandshakeAndCountItsPackets() {
        establish();
        assertEquals(FlowState.TCP_ESTABLISHED, onlyState());
        assertEquals(FlowFlags.ASSURED | FlowFlags.SEEN_REPLY, node.conntrack.ipv4Table().flags(0)
            & (FlowFlags.ASSURED | FlowFlags.SEEN_REPLY));
        final long account = node.conntrack.ipv4Table().account(0);
        assertEquals(2, OffHeap.getLong(account + FlowAccount.ORIGINAL_PACKETS_OFFSET), "SYN and ACK");
        assertEquals(1, OffHeap.getLong(account + FlowAccount.DIRECTION_STRIDE));
        assertEquals(40, OffHeap.getLong(account + FlowAccount.DIRECTION_STRIDE + 8));
    }

    @Test
    void shouldLetAFlowLiveThatOnlyTheKernelSees() {
        establish();
        for (int hour = 0; hour < 3; hour++) {
            node.advanceMs(59 * 60_000);
            pass(true, SEEN_ACK, 1);
            node.advanceMs(59 * 60_000);
            node.idle();
            assertEquals(FlowState.TCP_ESTABLISHED, onlyState(), "after " + hour + " hours");
        }
        node.advanceMs(61 * 60_000);
        node.idle();
        assertEquals(FlowState.FREE, onlyState());
        assertEquals(0, kernel.usedCount(), "its entries go with it");
    }

    @Test
    void shouldCloseWhenBothSidesHaveSentTheirFin() {
        establish();
        pass(true, FlowOffload.SEEN_FIN | SEEN_ACK, 1);
        round();
        assertEquals(FlowState.TCP_FIN_WAIT, onlyState());
        pass(true, FlowOffload.SEEN_FIN | SEEN_ACK, 1);
        round();
        assertEquals(FlowState.TCP_FIN_WAIT, onlyState(), "the same FIN again");
        pass(false, FlowOffload.SEEN_FIN | SEEN_ACK, 1);
        round();
        assertEquals(FlowState.TCP_TIME_WAIT, onlyState());
        round();
        assertEquals(0, kernel.usedCount(), "its room is free long before its timeout");
        assertEquals("new", node.send(POD, tcp(true, SYN, 70_000, 0)), "the tuple may be used again");
        assertEquals(1, node.count(ConntrackCounter.REOPENED));
        assertEquals(2, kernel.usedCount());
    }

    @Test
    void shouldReopenATupleWhoseFinsNobodyHasLookedAtYet() {
        establish();
        pass(true, FlowOffload.SEEN_FIN | SEEN_ACK, 1);
        pass(false, FlowOffload.SEEN_FIN | SEEN_ACK, 1);
        assertEquals("new", node.send(POD, tcp(true, SYN, 70_000, 0)));
        assertEquals(1, node.count(ConntrackCounter.REOPENED));
    }

    @Test
    void shouldShortenTheTimeoutByAResetAndRestoreItByLaterTraffic() {
        establish();
        pass(false, FlowOffload.SEEN_RST, 1);
        round();
        assertEquals(FlowFlags.RESET_SEEN, node.conntrack.ipv4Table().flags(0) & FlowFlags.RESET_SEEN);
        pass(true, SEEN_ACK, 1);
        round();
        assertEquals(FlowFlags.RESET_SEEN, node.conntrack.ipv4Table().flags(0) & FlowFlags.RESET_SEEN,
            "what was under way when the RST came proves nothing");
        node.advanceMs(700);
        pass(true, SEEN_ACK, 1);
        node.idle();
        node.advanceMs(700);
        pass(true, SEEN_ACK, 1);
        node.idle();
        assertEquals(0, node.conntrack.ipv4Table().flags(0) & FlowFlags.RESET_SEEN);
        pass(true, FlowOffload.SEEN_RST, 1);
        round();
        node.advanceMs(1100);
        node.idle();
        assertEquals(0, kernel.usedCount());
        node.advanceMs(120_000);
        node.idle();
        assertEquals(FlowState.FREE, onlyState());
    }

    @Test
    void shouldEndAConnectionThatWasRefusedByTheKernelsSight() {
        open();
        pass(false, FlowOffload.SEEN_RST, 1);
        round();
        assertEquals(FlowState.FREE, onlyState());
        assertEquals(1, node.count(ConntrackCounter.REFUSED));
        open();
        pass(false, FlowOffload.SEEN_RST, 1);
        assertEquals("new", node.send(POD, tcp(true, SYN, 900, 0)), "the next attempt comes before the next look");
        assertEquals(2, node.count(ConntrackCounter.REFUSED));
    }

    @Test
    void shouldTakeSegmentsThatComeBackAfterAGigabyteUnseen() {
        establish();
        pass(true, SEEN_ACK, 1_000_000);
        pass(false, SEEN_ACK, 1_000_000);
        assertEquals("established", node.send(POD, tcp(true, ACK, 1_900_000_000, -1_700_000_000)));
        assertEquals("established", node.send(PEER, tcp(false, ACK, -1_700_000_000, 1_900_000_000)));
        assertEquals("established", node.send(PEER, tcp(false, TcpHeader.RST, -1_700_000_000, 0)));
    }

    @Test
    void shouldTakeBackAConnectionOfWhichASynComes() {
        establish();
        assertEquals("established", node.send(POD, tcp(true, SYN, 70_000, 0)), "let through unexamined");
        assertEquals(0, kernel.usedCount());
        assertEquals("established", node.send(PEER, tcp(false, SYN | ACK, 9000, 70_001)));
        assertEquals("established", node.send(POD, tcp(true, ACK, 70_001, 9001)));
        assertEquals(2, kernel.usedCount(), "the new connection is given again");
    }

    @Test
    void shouldTakeBackWhatNobodyAnswersOnceItIsSilent() {
        node.send(POD, udp(true, 1000));
        round();
        assertEquals(2, kernel.usedCount());
        node.advanceMs(OffloadedFlows.UNANSWERED_AFTER_MS);
        round();
        assertEquals(0, kernel.usedCount());
        assertEquals(1, node.conntrack.ipv4Table().flowCount(), "the flow stays with Java");
        assertEquals("established", node.send(POD, udp(true, 1000)));
        assertEquals(2, kernel.usedCount());
    }

    @Test
    void shouldNotLetOneEndpointHaveMoreThanItsShare() {
        reopen(TrackedNode.config(1000), new MemoryOffload(1024));
        for (int port = 1; port <= 600; port++) {
            assertEquals("new", node.send(POD, udp(true, port)));
        }
        assertEquals(128, node.count(ConntrackCounter.OFFLOADED_FLOWS), "a quarter of 512");
        assertEquals("new", node.send(PEER, IpPackets.ipv4(IpProtocol.UDP, TrackedNode.PEER_IPV4, TrackedNode.POD_IPV4,
            IpPackets.udp(4000, 53, 4))), "the other endpoint has its own");
        assertEquals(129, node.count(ConntrackCounter.OFFLOADED_FLOWS));
    }

    @Test
    void shouldEvictWhatNobodyAnswersAndKeepWhatIsAnswered() {
        reopen(TrackedNode.config(1000), new MemoryOffload(8));
        node.send(PEER, udp(false, 77));
        final MemoryOffload.Held answer = kernel.find(POD, IpProtocol.UDP, TrackedNode.POD_IPV4,
            TrackedNode.PEER_IPV4, 77 << 16 | 53);
        for (int port = 1000; port < 1100; port++) {
            answer.packets++;
            answer.seen = SEEN_ACK;
            answer.lastSeenNs = node.nowNs;
            node.send(POD, udp(true, port));
            node.advanceMs(10);
        }
        assertNotNull(kernel.find(POD, IpProtocol.UDP, TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 77 << 16 | 53));
        assertEquals(true, node.count(ConntrackCounter.OFFLOAD_EVICTED)
            + node.count(ConntrackCounter.OFFLOAD_REFUSED) > 90);
    }

    @Test
    void shouldTakeEverythingBackWhenPacketsMayHaveAnotherLength() {
        establish();
        final ForwardingOptions old = ForwardingOptions.DEFAULT;
        node.forwarding.publish(ForwardingTables.EMPTY.withOptions(new ForwardingOptions(1400, old.errorIpv4Source(),
            old.errorIpv6Source(), old.forbiddenVxlanPort(), false, false, old.nodePorts())));
        node.idle();
        assertEquals(0, kernel.usedCount());
        assertEquals("established", node.send(POD, tcp(true, ACK, 101, 501)));
        assertEquals(1400, entry(true, IpProtocol.TCP, 1000, 80).mtu);
    }

    @Test
    void shouldTakeBackFlowsOfAnEndpointAndEndThemWithIt() {
        establish();
        assertEquals(true, node.conntrack.withdrawEndpoint(PEER, 10));
        assertEquals(0, kernel.usedCount());
        assertEquals("established", node.send(POD, tcp(true, ACK, 101, 501)));
        assertEquals(2, kernel.usedCount());
        assertEquals(0, node.conntrack.removeEndpoint(PEER, 100));
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldJudgeAgainWhatAnOlderPolicyHasApproved() {
        final ConntrackConfig keep = TrackedNode.config(1000);
        reopen(new ConntrackConfig(1000, 1000, 64, 1000, keep.evictionIdle(), keep.timeouts(), keep.tcp(), true,
            EstablishedFlows.RECHECK), new MemoryOffload(64));
        assertEquals("new", node.send(POD, udp(true, 1000)));
        node.conntrack.policyGeneration(2);
        node.policy = (burst, row, conntrack) -> {
            conntrack.approvals().approveSource(row, 2, 7);
            conntrack.approvals().approveDestination(row, 2, 8);
        };
        assertEquals("new", node.send(POD, udp(true, 1000)));
        assertEquals(2, entry(true, IpProtocol.UDP, 1000, 53).generation);
        node.conntrack.policyGeneration(3);
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.POLICY_DENY);
        assertEquals(DropReason.POLICY_DENY.label(), node.send(POD, udp(true, 1000)));
        assertEquals(0, kernel.usedCount());
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
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
        return IpPackets.ipv4(IpProtocol.UDP, toFar ? TrackedNode.POD_IPV4 : FAR_IPV4,
            toFar ? FAR_IPV4 : TrackedNode.POD_IPV4, IpPackets.udp(toFar ? port : 53, toFar ? 53 : port, 4));
    }

    private static String way(final MemoryOffload.Held held) {
        return held == null ? "none" : held.ingressIfindex + (held.action == FlowOffload.TO_DEVICE ? " device " : " pod ")
            + held.targetIfindex + " mtu " + held.mtu + " generation " + held.generation;
    }

    private MemoryOffload.Held far(final boolean toFar, final int port, final int device) {
        return toFar ? kernel.find(POD, IpProtocol.UDP, TrackedNode.POD_IPV4, FAR_IPV4 & 0xffff_ffffL, port << 16 | 53)
            : kernel.find(device, IpProtocol.UDP, FAR_IPV4 & 0xffff_ffffL, TrackedNode.POD_IPV4, 53 << 16 | port);
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
        final int out = FlowOffload.EGRESS;
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.SERVICE);
        assertEquals("new", node.send(POD, udpBetween(TrackedNode.POD_IPV4, FAR_IPV4, 1000, 53)));
        assertEquals("to the host 0", wayOf(POD, TrackedNode.POD_IPV4, FAR_IPV4, 1000 << 16 | 53));
        assertEquals("pass from -1", wayOf(POD | out, FAR_IPV4, TrackedNode.POD_IPV4, 53 << 16 | 1000));
        assertEquals("new", node.begin().forwarded(POD, PEER,
            udpBetween(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 1000, 5353)).run().outcome(0));
        assertEquals("pass from 12",
            wayOf(PEER | out, TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 1000 << 16 | 5353));
        assertEquals("to the host 0", wayOf(PEER, TrackedNode.PEER_IPV4, TrackedNode.POD_IPV4, 5353 << 16 | 1000));
        assertEquals(0, node.conntrack.removeEndpoint(PEER, 100));
        assertEquals(2, kernel.usedCount(), "the flow to the backend has gone with it");
    }

    @Test
    void shouldSendFlowsOfAServiceToABackendElsewhereAndTakeThemOver() {
        final int out = FlowOffload.EGRESS;
        leadTo(new NextHop.Device(OVERLAY, 1450), RouteKind.REMOTE_WORKLOAD);
        assertEquals("new", node.begin().toUplink(udpBetween(TrackedNode.POD_IPV4, FAR_IPV4, 1000, 53)).run()
            .outcome(0));
        assertEquals("pass from 12", wayOf(OVERLAY | out, TrackedNode.POD_IPV4, FAR_IPV4, 1000 << 16 | 53));
        assertEquals("to the host 0", wayOf(OVERLAY, FAR_IPV4, TrackedNode.POD_IPV4, 53 << 16 | 1000));
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
        assertEquals("new", node.deliver(PEER, udpBetween(TrackedNode.HOST_SIDE_IPV4, TrackedNode.PEER_IPV4, 1, 2)));
        assertEquals("new", node.begin().toUplink(udpBetween(TrackedNode.HOST_SIDE_IPV4, FAR_IPV4, 1, 2)).run()
            .outcome(0));
        assertEquals(0, kernel.usedCount());
    }

    @Test
    void shouldTakeOverWhatItKnowsAndRemoveAllElse() {
        establish();
        node.send(POD, udp(true, 1000));
        final MemoryOffload.Held unknown = entry(true, IpProtocol.UDP, 1000, 53);
        unknown.tuple.ports = 4;
        pass(true, SEEN_ACK, 7);
        reopen(TrackedNode.config(1000), kernel);
        assertEquals(2, kernel.usedCount(), "a half entry goes with its other half");
        assertNull(entry(false, IpProtocol.UDP, 1000, 53));
        round();
        final long account = node.conntrack.ipv4Table().account(0);
        assertEquals(9, OffHeap.getLong(account + FlowAccount.ORIGINAL_PACKETS_OFFSET), "counted while nobody was there");
        node.advanceMs(61 * 60_000);
        node.idle();
        assertEquals(0, kernel.usedCount());
    }
}
