package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caracal.burst.DropReason;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingTables;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.TcpHeader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which flows the kernel is given, and what their records say of packets that only the kernel has seen. */
class OffloadStageTest extends OffloadingNode {
    @BeforeEach
    void openNode() {
        open(TrackedNode.config(1000), new MemoryOffload(64));
    }

    private static byte[] tcp(final boolean toPeer, final int flags, final int sequence, final int acknowledgement) {
        return tcp(toPeer, 1000, flags, sequence, acknowledgement);
    }

    private void pass(final boolean toPeer, final int seen, final int packets) {
        pass(entry(toPeer, IpProtocol.TCP, 1000, 80), seen, packets);
    }

    private void open() {
        assertEquals("new", node.send(POD, tcp(true, SYN, 100, 0)));
    }

    private void establish() {
        open();
        pass(false, SEEN_SYN_ACK, 1);
        pass(true, SEEN_ACK, 1);
        round();
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
            IpPackets.ipv4(IpProtocol.UDP, exempt, PEER_IPV4, IpPackets.udp(1000, 53, 4));
        assertEquals("new", node.send(POD, packet));
        assertEquals("established", node.send(POD, packet));
        assertEquals("established", node.send(PEER,
            IpPackets.ipv4(IpProtocol.UDP, PEER_IPV4, exempt, IpPackets.udp(53, 1000, 4))));
        assertEquals(0, node.count(ConntrackCounter.OFFLOADED_FLOWS));
        assertEquals(0, kernel.usedCount());
        assertEquals("new", node.send(POD, udp(true, 1000)));
        assertEquals(1, node.count(ConntrackCounter.OFFLOADED_FLOWS));
    }

    @Test
    void shouldKeepWhatTheKernelCannotCarryOn() {
        final int remote = Ipv4Address.parse("192.0.2.1");
        assertEquals("new", node.send(POD, IpPackets.ipv4(IpProtocol.ICMP, POD_IPV4, PEER_IPV4,
            IpPackets.icmp(8, 0, 7))));
        assertEquals("new", node.send(POD, IpPackets.ipv4(IpProtocol.UDP, POD_IPV4, remote,
            IpPackets.udp(1, 2, 4))));
        assertEquals("new", node.deliver(PEER, IpPackets.ipv4(IpProtocol.UDP, remote, PEER_IPV4,
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
        pass(true, SEEN_FIN | SEEN_ACK, 1);
        round();
        assertEquals(FlowState.TCP_FIN_WAIT, onlyState());
        pass(true, SEEN_FIN | SEEN_ACK, 1);
        round();
        assertEquals(FlowState.TCP_FIN_WAIT, onlyState(), "the same FIN again");
        pass(false, SEEN_FIN | SEEN_ACK, 1);
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
        pass(true, SEEN_FIN | SEEN_ACK, 1);
        pass(false, SEEN_FIN | SEEN_ACK, 1);
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
        assertEquals("new", node.send(PEER, IpPackets.ipv4(IpProtocol.UDP, PEER_IPV4, POD_IPV4,
            IpPackets.udp(4000, 53, 4))), "the other endpoint has its own");
        assertEquals(129, node.count(ConntrackCounter.OFFLOADED_FLOWS));
    }

    @Test
    void shouldEvictWhatNobodyAnswersAndKeepWhatIsAnswered() {
        reopen(TrackedNode.config(1000), new MemoryOffload(8));
        node.send(PEER, udp(false, 77));
        final MemoryOffload.Held answer = kernel.find(POD, IpProtocol.UDP, POD_IPV4,
            PEER_IPV4, 77 << 16 | 53);
        for (int port = 1000; port < 1100; port++) {
            answer.packets++;
            answer.seen = SEEN_ACK;
            answer.lastSeenNs = node.nowNs;
            node.send(POD, udp(true, port));
            node.advanceMs(10);
        }
        assertNotNull(kernel.find(POD, IpProtocol.UDP, POD_IPV4, PEER_IPV4, 77 << 16 | 53));
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
