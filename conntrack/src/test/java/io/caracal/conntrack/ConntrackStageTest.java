package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.route.RouteTarget;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.TcpHeader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bursts through parse, tracking, policy and commit: what each packet is called, and what flows there are after it. */
class ConntrackStageTest {
    private static final int POD = TrackedNode.POD;
    private static final int PEER = TrackedNode.PEER;
    private static final int MORE_FRAGMENTS = 0x2000;

    @TempDir
    Path directory;

    private TrackedNode node;

    @BeforeEach
    void openNode() {
        node = new TrackedNode(directory, TrackedNode.config(100));
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    private void reopen(final ConntrackConfig config) {
        node.close();
        FlowImage.delete(directory.resolve("flows4"));
        FlowImage.delete(directory.resolve("flows6"));
        node = new TrackedNode(directory, config);
    }

    private static byte[] udp(final int source, final int destination, final int sourcePort, final int port) {
        return IpPackets.ipv4(IpProtocol.UDP, source, destination, IpPackets.udp(sourcePort, port, 4));
    }

    private static byte[] request() {
        return udp(TrackedNode.POD_IPV4, TrackedNode.HOST_SIDE_IPV4, 1000, 53);
    }

    private static byte[] answer() {
        return udp(TrackedNode.HOST_SIDE_IPV4, TrackedNode.POD_IPV4, 53, 1000);
    }

    private static byte[] tcp(final boolean fromPod, final int flags, final int sequence, final int acknowledgement) {
        return IpPackets.ipv4(IpProtocol.TCP, fromPod ? TrackedNode.POD_IPV4 : TrackedNode.HOST_SIDE_IPV4,
            fromPod ? TrackedNode.HOST_SIDE_IPV4 : TrackedNode.POD_IPV4,
            IpPackets.tcp(fromPod ? 1000 : 80, fromPod ? 80 : 1000, flags, sequence, acknowledgement));
    }

    @Test
    void shouldAskPolicyForTheFirstPacketOnly() {
        assertEquals("new", node.send(POD, request()));
        assertEquals(0, node.burst.flow(0) & 1);
        assertEquals("established", node.deliver(POD, answer()));
        assertEquals(1, node.burst.flow(0) & 1);
        assertEquals("established", node.send(POD, request()));
        assertEquals(1, node.conntrack.ipv4Table().flowCount(POD));
        assertEquals(1, node.count(ConntrackCounter.CREATED));
        assertEquals(2, node.count(ConntrackCounter.HITS));
        assertEquals(1, node.count(ConntrackCounter.MISSES));
    }

    @Test
    void shouldMakeOneFlowOfTwoFirstPacketsInABurst() {
        node.begin().from(POD, request()).from(POD, request()).run();
        assertEquals("new", node.outcome(1));
        assertEquals(node.burst.flow(0), node.burst.flow(1));
        assertEquals(1, node.conntrack.ipv4Table().flowCount());
    }

    @Test
    void shouldMakeNoFlowForWhatPolicyDrops() {
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.UNDECIDED);
        assertEquals("undecided", node.send(POD, request()));
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
        node.policy = TrackedNode.ALLOW;
        assertEquals("new", node.deliver(POD, answer()), "the answer to what was dropped is a flow of its own");
    }

    @Test
    void shouldNameBothLegsOfAFlowBetweenTwoPodsAndNeedBoth() {
        final byte[] packet = udp(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 1, 2);
        node.policy = (burst, row, conntrack) -> {
            assertEquals(POD, conntrack.approvals().sourceIfindex[row]);
            assertEquals(PEER, conntrack.approvals().destinationIfindex[row]);
            conntrack.approvals().approveSource(row, 3, 30);
        };
        assertEquals("new", node.send(POD, packet));
        assertEquals("new", node.send(POD, packet), "the destination's leg is not approved");
        node.policy = TrackedNode.ALLOW;
        assertEquals("new", node.send(POD, packet));
        assertEquals("established", node.send(POD, packet));
        assertEquals("established", node.send(PEER, udp(TrackedNode.PEER_IPV4, TrackedNode.POD_IPV4, 2, 1)));
        assertEquals(1, node.conntrack.ipv4Table().flowCount(PEER));
    }

    @Test
    void shouldDropTcpOfAConnectionThatOneLegHasNotApproved() {
        node.policy = (burst, row, conntrack) -> { };
        assertEquals("new", node.send(POD, tcp(true, TcpHeader.SYN, 100, 0)));
        assertEquals("flow-not-approved", node.deliver(POD, tcp(false, TcpHeader.SYN | TcpHeader.ACK, 500, 101)));
        assertEquals("new", node.send(POD, tcp(true, TcpHeader.SYN, 100, 0)));
    }

    @Test
    void shouldNotLetAPodUseOrDisturbAnothersFlow() {
        node.send(POD, tcp(true, TcpHeader.SYN, 100, 0));
        assertEquals("flow-from-wrong-interface", node.send(PEER, tcp(true, TcpHeader.RST, 101, 0)));
        assertEquals("flow-from-wrong-interface", node.send(PEER, tcp(false, TcpHeader.RST | TcpHeader.ACK, 0, 101)));
        assertEquals("established", node.deliver(POD, tcp(false, TcpHeader.SYN | TcpHeader.ACK, 500, 101)));
    }

    @Test
    void shouldReplaceAConnectionThatIsOverByANewOneInTheSameBurst() {
        final int[][] exchange = {{1, TcpHeader.SYN, 100, 0}, {0, TcpHeader.SYN | TcpHeader.ACK, 500, 101},
            {1, TcpHeader.ACK, 101, 501}, {1, TcpHeader.FIN | TcpHeader.ACK, 101, 501},
            {0, TcpHeader.FIN | TcpHeader.ACK, 501, 102}};
        for (final int[] step : exchange) {
            final byte[] packet = tcp(step[0] == 1, step[1], step[2], step[3]);
            assertNotEquals("invalid", step[0] == 1 ? node.send(POD, packet) : node.deliver(POD, packet));
        }
        node.begin().from(POD, tcp(true, TcpHeader.ACK, 102, 502)).from(POD, tcp(true, TcpHeader.SYN, 9000, 0)).run();
        assertEquals("established", node.outcome(0));
        assertEquals("new", node.outcome(1));
        assertEquals(PacketBurst.NO_FLOW, node.burst.flow(0), "its flow has ended in this burst");
        assertEquals(1, node.conntrack.ipv4Table().flowCount());
        assertEquals(1, node.count(ConntrackCounter.REOPENED));
        assertEquals(FlowState.TCP_SYN_SENT, node.conntrack.ipv4Table().state(node.burst.flow(1) >> 1));
    }

    @Test
    void shouldEndARefusedConnectionAfterTheBurstThatCarriesTheReset() {
        node.send(POD, tcp(true, TcpHeader.SYN, 100, 0));
        assertEquals("established", node.deliver(POD, tcp(false, TcpHeader.RST | TcpHeader.ACK, 0, 101)));
        assertEquals(1, node.burst.flow(0) & 1, "the reset can still be translated");
        node.idle();
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
        assertEquals(1, node.count(ConntrackCounter.REFUSED));
    }

    @Test
    void shouldTellTwoPingsWithOneIdentifierApart() {
        final byte[] ping = IpPackets.ipv4(IpProtocol.ICMP, TrackedNode.POD_IPV4, TrackedNode.HOST_SIDE_IPV4,
            IpPackets.icmp(8, 0, 77));
        final byte[] pingBack = IpPackets.ipv4(IpProtocol.ICMP, TrackedNode.HOST_SIDE_IPV4, TrackedNode.POD_IPV4,
            IpPackets.icmp(8, 0, 77));
        final byte[] pong = IpPackets.ipv4(IpProtocol.ICMP, TrackedNode.HOST_SIDE_IPV4, TrackedNode.POD_IPV4,
            IpPackets.icmp(0, 0, 77));
        assertEquals("icmp-reply-unrequested", node.deliver(POD, pong));
        assertEquals("new", node.send(POD, ping));
        assertEquals("established", node.deliver(POD, pong));
        assertEquals("new", node.deliver(POD, pingBack));
        assertEquals(2, node.conntrack.ipv4Table().flowCount());
    }

    @Test
    void shouldRelateAnIcmpErrorToTheFlowItIsAbout() {
        node.send(POD, request());
        final byte[] error = IpPackets.ipv4(IpProtocol.ICMP, 0x0a000063, TrackedNode.POD_IPV4,
            IpPackets.icmpError(3, 1, request()));
        assertEquals("related", node.deliver(POD, error));
        assertEquals(1, node.burst.flow(0) & 1);
        final byte[] aboutNothing = IpPackets.ipv4(IpProtocol.ICMP, 0x0a000063, TrackedNode.POD_IPV4,
            IpPackets.icmpError(3, 1, udp(TrackedNode.POD_IPV4, 5, 6, 7)));
        assertEquals("icmp-error-unrelated", node.deliver(POD, aboutNothing));
        final byte[] toSomebodyElse = IpPackets.ipv4(IpProtocol.ICMP, 0x0a000063, TrackedNode.PEER_IPV4,
            IpPackets.icmpError(3, 1, request()));
        assertEquals("icmp-error-unrelated", node.deliver(PEER, toSomebodyElse));
    }

    @Test
    void shouldTrackIpv6AsIpv4() {
        final byte[] ping = IpPackets.ipv6(IpProtocol.ICMPV6, 1, 2, IpPackets.icmp(128, 0, 5));
        final byte[] pong = IpPackets.ipv6(IpProtocol.ICMPV6, 2, 1, IpPackets.icmp(129, 0, 5));
        assertEquals("icmp-reply-unrequested", node.deliver(POD, pong));
        assertEquals("new", node.send(POD, ping));
        assertEquals("established", node.deliver(POD, pong));
        final byte[] query = IpPackets.ipv6(IpProtocol.UDP, 1, 2, IpPackets.udp(1000, 53, 0));
        assertEquals("new", node.send(POD, query));
        assertEquals("related", node.deliver(POD,
            IpPackets.ipv6(IpProtocol.ICMPV6, 3, 1, IpPackets.icmpError(1, 4, query))));
        assertEquals(2, node.conntrack.ipv6Table().flowCount());
    }

    @Test
    void shouldLetLaterFragmentsFollowTheirFirst() {
        node.begin().from(POD, first(9)).from(POD, later(9)).run();
        assertEquals("new", node.outcome(0));
        assertEquals("new", node.outcome(1));
        assertEquals(node.burst.flow(0), node.burst.flow(1));
        assertEquals(53, node.burst.destinationPort(1), "policy sees the first fragment's ports");
        node.send(POD, first(10));
        node.conntrack.removeEndpoint(POD, 10);
        assertEquals("fragment-without-first", node.send(POD, later(10)), "its flow has ended");
    }

    private static byte[] first(final int identification) {
        return IpPackets.ipv4(IpProtocol.UDP, TrackedNode.POD_IPV4, TrackedNode.HOST_SIDE_IPV4,
            java.util.Arrays.copyOf(IpPackets.udp(1000, 53, 1992), 1000), identification, MORE_FRAGMENTS);
    }

    private static byte[] later(final int identification) {
        return IpPackets.ipv4(IpProtocol.UDP, TrackedNode.POD_IPV4, TrackedNode.HOST_SIDE_IPV4, new byte[1000],
            identification, 1000 / 8);
    }

    @Test
    void shouldLetLaterIpv6FragmentsFollowTheirFirst() {
        final byte[] first = IpPackets.ipv6(44, 1, 2, fragment(0, true, IpPackets.udp(1000, 53, 1992)));
        final byte[] later = IpPackets.ipv6(44, 1, 2, fragment(1000, false, new byte[1000]));
        assertEquals("new", node.send(POD, first));
        assertEquals("established", node.send(POD, later));
    }

    private static byte[] fragment(final int offset, final boolean more, final byte[] payload) {
        return ByteBuffer.allocate(8 + 1000).put((byte)IpProtocol.UDP).put((byte)0)
            .putShort((short)(offset | (more ? 1 : 0))).putInt(0x12345678).put(payload, 0, 1000).array();
    }

    @Test
    void shouldExpireByStateAndKeepWhatCarriesTraffic() {
        node.send(POD, request());
        for (int second = 0; second < 130; second += 10) {
            node.advanceMs(10_000);
            assertEquals("established", node.deliver(POD, answer()));
        }
        node.advanceMs(59_000);
        node.idle();
        assertEquals(1, node.conntrack.ipv4Table().flowCount());
        node.advanceMs(1_500);
        node.idle();
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
        assertEquals(1, node.count(ConntrackCounter.EXPIRED));
    }

    @Test
    void shouldJudgeAgainWhatAnOlderPolicyApprovedWhereThatIsWanted() {
        final ConntrackConfig base = TrackedNode.config(10);
        reopen(new ConntrackConfig(10, 10, 4, 10, base.evictionIdle(), base.timeouts(), base.tcp(), true,
            EstablishedFlows.RECHECK));
        node.send(POD, request());
        node.conntrack.policyGeneration(2);
        assertEquals("established", node.deliver(POD, answer()), "only the opener's packets are judged again");
        node.policy = (burst, row, conntrack) -> conntrack.approvals().approveSource(row, 2, 1);
        assertEquals("new", node.send(POD, request()));
        assertEquals("established", node.send(POD, request()));
        assertEquals(1, node.count(ConntrackCounter.RECHECKED));
        node.conntrack.policyGeneration(3);
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.POLICY_DENY);
        assertEquals("policy-deny", node.send(POD, request()));
        assertEquals(PacketBurst.NO_FLOW, node.burst.flow(0));
        assertEquals(1, node.count(ConntrackCounter.DENIED));
        assertEquals("policy-deny", node.deliver(POD, answer()), "its answers are no longer of a flow");
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
    }

    @Test
    void shouldGoOnWithTcpThatPolicyHasJudgedAgain() {
        final ConntrackConfig base = TrackedNode.config(10);
        reopen(new ConntrackConfig(10, 10, 4, 10, base.evictionIdle(), base.timeouts(), base.tcp(), true,
            EstablishedFlows.RECHECK));
        node.send(POD, tcp(true, TcpHeader.SYN, 100, 0));
        node.deliver(POD, tcp(false, TcpHeader.SYN | TcpHeader.ACK, 500, 101));
        node.send(POD, tcp(true, TcpHeader.ACK, 101, 501));
        node.conntrack.policyGeneration(2);
        node.policy = (burst, row, conntrack) -> conntrack.approvals().approveSource(row, 2, 1);
        node.begin().from(POD, tcp(true, TcpHeader.ACK, 101, 501)).from(POD, tcp(true, TcpHeader.ACK, 101, 501)).run();
        assertEquals("new new", node.outcome(0) + " " + node.outcome(1));
        assertEquals(FlowState.TCP_ESTABLISHED, node.conntrack.ipv4Table().state(node.burst.flow(1) >> 1));
        assertEquals("established", node.send(POD, tcp(true, TcpHeader.ACK, 101, 501)));
        node.conntrack.policyGeneration(3);
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.POLICY_DENY);
        node.begin().from(POD, tcp(true, TcpHeader.ACK, 101, 501)).from(POD, tcp(true, TcpHeader.ACK, 101, 501)).run();
        assertEquals("policy-deny policy-deny", node.outcome(0) + " " + node.outcome(1));
        assertEquals("tcp-flow-unknown", node.deliver(POD, tcp(false, TcpHeader.RST | TcpHeader.ACK, 501, 101)));
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
    }

    @Test
    void shouldKeepWhatAnOlderPolicyApprovedUnlessToldOtherwise() {
        node.send(POD, request());
        node.conntrack.policyGeneration(2);
        node.policy = (burst, row, conntrack) -> burst.drop(row, DropReason.POLICY_DENY);
        assertEquals("established", node.send(POD, request()));
        assertEquals("established", node.deliver(POD, answer()));
        assertEquals("policy-deny", node.send(POD, udp(TrackedNode.POD_IPV4, 5, 6, 7)), "a new flow");
        assertEquals(0, node.count(ConntrackCounter.RECHECKED));
    }

    @Test
    void shouldEvictHalfOpenFlowsFirstAndTakeThemOutOfTheBurst() {
        reopen(TrackedNode.config(2));
        node.send(POD, request());
        node.advanceMs(3000);
        node.deliver(POD, answer());
        node.begin().from(POD, udp(TrackedNode.POD_IPV4, 5, 1, 1)).from(POD, udp(TrackedNode.POD_IPV4, 5, 2, 2)).run();
        assertEquals("new", node.outcome(0));
        assertEquals("new", node.outcome(1));
        assertEquals(PacketBurst.NO_FLOW, node.burst.flow(0), "evicted for the next packet of this burst");
        assertEquals("established", node.deliver(POD, answer()), "the conversation is still there");
        assertEquals(1, node.count(ConntrackCounter.EVICTED));
    }

    @Test
    void shouldRefuseFlowsBeyondAnEndpointsShare() {
        final ConntrackConfig base = TrackedNode.config(10);
        reopen(new ConntrackConfig(10, 10, 4, 1, base.evictionIdle(), base.timeouts(), base.tcp(), true,
            EstablishedFlows.KEEP));
        node.send(POD, request());
        node.advanceMs(3000);
        node.deliver(POD, answer());
        assertEquals("flow-limit-reached", node.send(POD, udp(TrackedNode.POD_IPV4, 5, 1, 1)));
        assertEquals("new", node.send(PEER, udp(TrackedNode.PEER_IPV4, 5, 1, 1)));
    }

    @Test
    void shouldEndTheFlowsOfAnEndpointInPieces() {
        for (int port = 1; port <= 30; port++) {
            node.send(POD, udp(TrackedNode.POD_IPV4, 5, port, 53));
            node.send(PEER, udp(TrackedNode.PEER_IPV4, 5, port, 53));
        }
        node.send(POD, IpPackets.ipv6(IpProtocol.UDP, 1, 2, IpPackets.udp(1, 2, 0)));
        assertEquals(21, node.conntrack.removeEndpoint(POD, 10));
        assertEquals(11, node.conntrack.removeEndpoint(POD, 10));
        assertEquals(0, node.conntrack.removeEndpoint(POD, 100));
        assertEquals(30, node.conntrack.ipv4Table().flowCount());
        assertEquals(0, node.conntrack.ipv6Table().flowCount());
        assertEquals(31, node.count(ConntrackCounter.ENDPOINT_REMOVED));
    }

    @Test
    void shouldLetInvalidPacketsPassMarkedWhereThatIsWanted() {
        final ConntrackConfig base = TrackedNode.config(10);
        reopen(new ConntrackConfig(10, 10, 4, 10, base.evictionIdle(), base.timeouts(), base.tcp(), false,
            EstablishedFlows.KEEP));
        assertEquals("invalid", node.send(POD, tcp(true, TcpHeader.RST, 1, 0)));
        assertEquals(DropReason.TCP_FLOW_UNKNOWN.id(), node.burst.dropReason(0));
        assertEquals(0, node.conntrack.ipv4Table().flowCount());
    }

    @Test
    void shouldSendTheAnswersOfWhatTheHostRoutesThroughTheHost() {
        node.send(POD, request());
        assertNotEquals(0, node.conntrack.ipv4Table().flags(node.burst.flow(0) >> 1) & FlowFlags.THROUGH_HOST);
        node.send(POD, udp(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 1, 2));
        assertEquals(0, node.conntrack.ipv4Table().flags(node.burst.flow(0) >> 1) & FlowFlags.THROUGH_HOST);
        node.deliver(PEER, udp(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 3, 4));
        final int slot = node.burst.flow(0) >> 1;
        assertNotEquals(0, node.conntrack.ipv4Table().flags(slot) & FlowFlags.THROUGH_HOST);
        assertEquals(POD, node.conntrack.ipv4Table().sourceIfindex(slot), "DNATed from a pod: its egress counts");
    }

    @Test
    void shouldAskThePolicyOfAPodThatComesToTheAddressOfAFlow() {
        final byte[] packet = udp(TrackedNode.POD_IPV4, TrackedNode.HOST_SIDE_IPV4, 1000, 53);
        node.send(POD, packet);
        assertEquals("established", node.send(POD, packet));
        node.begin().from(POD, packet);
        node.burst.route(0, RouteTarget.localWorkload(PEER, 0).word());
        node.run();
        assertEquals("new", node.outcome(0));
        assertEquals(1, node.count(ConntrackCounter.ENDPOINT_ARRIVED));

        final byte[] segment = tcp(true, TcpHeader.ACK, 1, 1);
        node.send(POD, tcp(true, TcpHeader.SYN, 0, 0));
        node.begin().from(POD, segment);
        node.burst.route(0, RouteTarget.localWorkload(PEER, 0).word());
        node.run();
        assertEquals("new", node.outcome(0), "in the middle of a connection, too");
        assertEquals(2, node.count(ConntrackCounter.ENDPOINT_ARRIVED));
    }

    @Test
    void shouldTrackWhatUplinksBringAndTake() {
        node.begin().fromUplink(answer()).run();
        assertEquals("new", node.outcome(0));
        assertEquals("0 " + POD, node.conntrack.approvals().sourceIfindex[0] + " "
            + node.conntrack.approvals().destinationIfindex[0], "legs of an outsider and a pod");
        assertEquals(0, node.conntrack.ipv4Table().flags(node.burst.flow(0) >> 1) & FlowFlags.THROUGH_HOST);
        assertEquals("established", node.send(POD, request()));
        node.begin().fromUplink(answer()).run();
        assertEquals("established", node.outcome(0));
        final byte[] service = udp(TrackedNode.POD_IPV4, 0x0b000001, 1000, 5353);
        node.begin().toUplink(service).run();
        assertEquals("new", node.outcome(0));
        assertEquals(POD + " 0", node.conntrack.approvals().sourceIfindex[0] + " "
            + node.conntrack.approvals().destinationIfindex[0], "legs of a pod and an outsider");
        node.begin().fromUplink(udp(0x0b000001, TrackedNode.POD_IPV4, 5353, 1000)).run();
        assertEquals("established", node.outcome(0));
        assertNotEquals(0, node.conntrack.ipv4Table().flags(node.burst.flow(0) >> 1) & FlowFlags.THROUGH_HOST);
    }

    @Test
    void shouldNotTakeAPodsPacketFromAnUplink() {
        node.send(POD, udp(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 1, 2));
        node.begin().fromUplink(udp(TrackedNode.PEER_IPV4, TrackedNode.POD_IPV4, 2, 1)).run();
        assertEquals("flow-from-wrong-interface", node.outcome(0));
        node.begin().fromUplink(udp(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4, 1, 2)).run();
        assertEquals("flow-from-wrong-interface", node.outcome(0));
    }
}
