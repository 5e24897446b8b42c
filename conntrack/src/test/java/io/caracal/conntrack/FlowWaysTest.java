package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.burst.Direction;
import io.caracal.burst.FlowApprovals;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTarget;
import io.caracal.route.RouteWord;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.TcpHeader;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flows by uplinks and through the host's stack: whose policy is asked, and which way their answers take. */
class FlowWaysTest {
    private static final int POD = TrackedNode.POD;
    private static final int UPLINK = 2;
    private static final int REMOTE_IPV4 = 0x0a00_0102;
    private static final int SERVICE_IPV4 = 0x0a60_0001;
    private static final int NODE_IPV4 = 0xc000_0201;

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

    private static byte[] udp(final int source, final int destination) {
        return IpPackets.ipv4(IpProtocol.UDP, source, destination, IpPackets.udp(5000, 5000, 4));
    }

    /** A packet by an uplink's hook; the route column is as routing would leave it. */
    private String pass(final byte direction, final int ifindex, final int originIfindex, final RouteTarget route,
        final byte[] packet) {
        node.begin().from(ifindex, packet);
        node.burst.direction(0, direction);
        node.burst.ingressIfindex(0, ifindex);
        node.burst.route(0, route.word());
        PuntHeader.write(node.burst.umem(), node.burst.offset(0), direction, ifindex);
        PuntHeader.writeOrigin(node.burst.umem(), node.burst.offset(0), originIfindex);
        return node.run().outcome(0);
    }

    private void expectLegs(final int source, final int destination) {
        node.policy = (burst, row, conntrack) -> {
            final FlowApprovals approvals = conntrack.approvals();
            assertEquals(source, approvals.sourceIfindex[row], "source");
            assertEquals(destination, approvals.destinationIfindex[row], "destination");
            TrackedNode.ALLOW.judge(burst, row, conntrack);
        };
    }

    private int routeKind() {
        return RouteWord.kind(node.burst.route(0));
    }

    @Test
    void shouldAskThePodThatAnUplinksPacketIsFor() {
        expectLegs(FlowApprovals.NO_WORKLOAD, POD);
        final RouteTarget toPod = RouteTarget.localWorkload(POD, 0);
        assertEquals("new", pass(Direction.FROM_UPLINK, UPLINK, 0, toPod, udp(REMOTE_IPV4, TrackedNode.POD_IPV4)));
        final RouteTarget toRemote = RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 1, 0);
        assertEquals("established", pass(
            Direction.FROM_WORKLOAD, POD, 0, toRemote, udp(TrackedNode.POD_IPV4, REMOTE_IPV4)));
        assertEquals(RouteKind.REMOTE_WORKLOAD, routeKind(), "the answer leaves as its route says");
        assertEquals("established", pass(
            Direction.FROM_UPLINK, UPLINK, 0, toPod, udp(REMOTE_IPV4, TrackedNode.POD_IPV4)));
    }

    @Test
    void shouldTakeAnswersByTheUplinkWhereThePodsPacketLeftByIt() {
        expectLegs(POD, FlowApprovals.NO_WORKLOAD);
        final RouteTarget toRemote = RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 1, 0);
        assertEquals("new", pass(Direction.FROM_WORKLOAD, POD, 0, toRemote, udp(TrackedNode.POD_IPV4, REMOTE_IPV4)));
        final RouteTarget toPod = RouteTarget.localWorkload(POD, 0);
        assertEquals("established", pass(
            Direction.FROM_UPLINK, UPLINK, 0, toPod, udp(REMOTE_IPV4, TrackedNode.POD_IPV4)));
        assertEquals(RouteKind.LOCAL_WORKLOAD, routeKind());
    }

    @Test
    void shouldGiveAnswersToTheHostsStackWhereItHasTranslatedTheFlow() {
        final RouteTarget toService = RouteTarget.of(RouteKind.SERVICE);
        expectLegs(POD, FlowApprovals.NO_WORKLOAD);
        assertEquals("new", pass(Direction.FROM_WORKLOAD, POD, 0, toService, udp(TrackedNode.POD_IPV4, SERVICE_IPV4)));
        final RouteTarget toRemote = RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 1, 0);
        assertEquals("new", pass(
            Direction.TO_UPLINK, UPLINK, POD, toRemote, udp(TrackedNode.POD_IPV4, REMOTE_IPV4)));
        final RouteTarget toPod = RouteTarget.localWorkload(POD, 0);
        assertEquals("established", pass(
            Direction.FROM_UPLINK, UPLINK, 0, toPod, udp(REMOTE_IPV4, TrackedNode.POD_IPV4)));
        assertEquals(RouteKind.HOST, routeKind(), "only the kernel can undo its translation");
        assertEquals("established", pass(
            Direction.TO_WORKLOAD, POD, 0, toPod, udp(SERVICE_IPV4, TrackedNode.POD_IPV4)));
        assertEquals(RouteKind.LOCAL_WORKLOAD, routeKind(), "what comes back from the host's stack is the pod's");
    }

    @Test
    void shouldGiveAnswersOfALocalBackendToTheHostsStack() {
        expectLegs(TrackedNode.PEER, POD);
        final RouteTarget toPod = RouteTarget.localWorkload(POD, 0);
        assertEquals("new", pass(Direction.TO_WORKLOAD, POD, TrackedNode.PEER, toPod,
            udp(TrackedNode.PEER_IPV4, TrackedNode.POD_IPV4)));
        assertEquals("established", pass(Direction.FROM_WORKLOAD, POD, 0, RouteTarget.localWorkload(13, 0),
            udp(TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4)));
        assertEquals(RouteKind.HOST, routeKind());
    }

    @Test
    void shouldKnowThePodBehindAnAddressThatTheHostHasHidden() {
        expectLegs(POD, FlowApprovals.NO_WORKLOAD);
        assertEquals("new", pass(Direction.TO_UPLINK, UPLINK, POD, RouteTarget.of(RouteKind.OUTSIDE),
            udp(NODE_IPV4, REMOTE_IPV4)));
    }

    private String sendHidden(final int origin, final int tcpFlags, final int sequence) {
        return pass(Direction.TO_UPLINK, UPLINK, origin, RouteTarget.of(RouteKind.OUTSIDE), IpPackets.ipv4(
            IpProtocol.TCP, NODE_IPV4, REMOTE_IPV4, IpPackets.tcp(5000, 80, tcpFlags, sequence, 1)));
    }

    /** Answers go to this node's address, so to the host's stack: half a connection is all there is to see. */
    @Test
    void shouldFollowHalfAConnectionThatTheHostHasHidden() {
        expectLegs(POD, FlowApprovals.NO_WORKLOAD);
        assertEquals("new", sendHidden(POD, TcpHeader.SYN, 100));
        assertEquals("established", sendHidden(POD, TcpHeader.SYN, 100), "sent again");
        assertEquals("established", sendHidden(POD, TcpHeader.ACK, 101), "no SYN-ACK has been seen, and none will be");
        assertEquals("established", sendHidden(POD, TcpHeader.ACK, 90_000_000), "nor windows");
        assertEquals("established", sendHidden(POD, TcpHeader.ACK | TcpHeader.FIN, 90_000_001));
        assertEquals("established", sendHidden(POD, TcpHeader.ACK, 90_000_002));
        assertEquals("new", sendHidden(POD, TcpHeader.SYN, 500), "the kernel has given the port away again");
    }

    @Test
    void shouldAskAgainWhenAHiddenPortBecomesAnotherPods() {
        assertEquals("new", sendHidden(POD, TcpHeader.SYN, 100));
        assertEquals("established", sendHidden(POD, TcpHeader.ACK, 101));
        expectLegs(TrackedNode.PEER, FlowApprovals.NO_WORKLOAD);
        assertEquals("new", sendHidden(TrackedNode.PEER, TcpHeader.SYN, 7000));
        assertEquals("established", sendHidden(TrackedNode.PEER, TcpHeader.ACK, 7001));
    }
}
