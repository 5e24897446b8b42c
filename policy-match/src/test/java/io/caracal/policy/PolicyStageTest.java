package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.RuleFields;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTarget;
import io.caracal.stage.ParseStage;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.SymmetricFlowHash;
import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Packets in a burst, and what the stage writes into its columns. */
class PolicyStageTest {
    private static final int FRAME = 2048;
    private static final int A = Ipv4Address.parse("10.0.0.1");
    private static final int B = Ipv4Address.parse("10.0.0.2");
    private static final int OUTSIDE = Ipv4Address.parse("203.0.113.7");

    private final UnsafeBuffer umem = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAME * PacketBurst.MAX_PACKETS));
    private final FrameWriter frames = new FrameWriter(umem);
    private final PacketBurst burst = new PacketBurst(umem);
    private final FlowApprovals approvals = new FlowApprovals();
    private final PolicyCompiler compiler = new PolicyCompiler(1);
    private final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
    private final PolicyStage stage =
        new PolicyStage(compiler, evaluator, approvals, new PolicyWay(PolicyFixture.UPLINK));

    /** Pod B takes TCP to port 80, pod A may send anything. */
    private PolicyStageTest() {
        final PolicySet set = new PolicyFixture().policy("web", PolicyFixture.rule(new RuleFields().protocol("tcp", false)
            .ports(PeerSide.DESTINATION, List.of(new PortRange(80, 80)), List.of(), false)),
            PolicyFixture.rule("deny")).tierB(false, "web").profilesB("all").build();
        compiler.replaceAll(set);
        compiler.publish();
    }

    @Test
    void shouldApproveBothLegsOfWhatIsAllowed() {
        final int row = fromHost(A, B, 80, PolicyFixture.POD_A, Tracking.NEW);
        assertEquals(Verdict.UNDECIDED, burst.verdict(row));
        assertEquals(FlowApprovals.SOURCE | FlowApprovals.DESTINATION, approvals.legs[row]);
        assertEquals(compiler.current().generation(), approvals.destinationGeneration[row]);
        final RulePlace web = compiler.places(PolicyFixture.id("web")).getFirst();
        assertEquals(web.id(), approvals.destinationRule[row]);
        assertEquals(1, web.hits());
        assertTrue(approvals.isOfAnyPort[row]);
    }

    /** A connection that the kernel has opened by the verdict on another one. */
    @Test
    void shouldCountForARuleWhatItWasNotAskedAbout() {
        final RulePlace web = compiler.places(PolicyFixture.id("web")).getFirst();
        evaluator.count(compiler, 0, web.id());
        assertEquals(1, web.hits());
        evaluator.count(compiler, 1 << 20, web.id() + 1);
        assertEquals(1, web.hits(), "another rule, and one that nobody knows");
    }

    @Test
    void shouldDropWhatIsDeniedAndKeepTheRule() {
        final int row = fromHost(A, B, 81, PolicyFixture.POD_A, Tracking.NEW);
        assertEquals(Verdict.DROP, burst.verdict(row));
        assertEquals(DropReason.POLICY_DENY, DropReason.byId(burst.dropReason(row)));
        final RulePlace deny = compiler.places(PolicyFixture.id("web")).get(1);
        assertEquals(deny.id(), stage.deniedBy(row));
        assertEquals(0, approvals.legs[row]);
    }

    @Test
    void shouldNotLookAtEstablishedFlows() {
        final int row = fromHost(A, B, 81, PolicyFixture.POD_A, Tracking.ESTABLISHED);
        assertEquals(Verdict.UNDECIDED, burst.verdict(row));
        assertEquals(0, approvals.legs[row]);
    }

    @Test
    void shouldLetTheHostReachItsPods() {
        final int row = fromHost(Ipv4Address.parse("192.0.2.1"), B, 81, PolicyPacket.HOST, Tracking.NEW);
        assertEquals(Verdict.UNDECIDED, burst.verdict(row));
        assertEquals(FlowApprovals.SOURCE | FlowApprovals.DESTINATION, approvals.legs[row]);
    }

    @Test
    void shouldPoliceWhatTheHostForwardsFromOutside() {
        final int row = fromHost(OUTSIDE, B, 81, PolicyFixture.UPLINK, Tracking.NEW);
        assertEquals(DropReason.POLICY_DENY, DropReason.byId(burst.dropReason(row)));
    }

    @Test
    void shouldLetAPacketToAServiceThroughUntilItsRealDestinationIsKnown() {
        burst.clear();
        final int length = frames.at(0).fromWorkload(PolicyFixture.POD_A)
            .ipv4(A, Ipv4Address.parse("10.96.0.1")).tcp(40_000, 81, 2, 0);
        burst.add(0, length);
        new ParseStage(new SymmetricFlowHash(1)).process(burst, 0);
        burst.tracking(0, Tracking.NEW);
        burst.route(0, RouteTarget.of(RouteKind.SERVICE).word());
        approvals.begin(0, PolicyFixture.POD_A, FlowApprovals.NO_WORKLOAD);
        stage.process(burst, 0);
        assertEquals(Verdict.UNDECIDED, burst.verdict(0));
        assertEquals(FlowApprovals.SOURCE | FlowApprovals.DESTINATION, approvals.legs[0],
            "later packets of the flow are not refused for want of a verdict");
    }

    /** A packet that the host's stack sends to pod B, having received it by an interface. */
    private int fromHost(final int source, final int destination, final int port, final int origin,
        final byte tracking) {
        burst.clear();
        final int length = frames.at(0).toWorkload(PolicyFixture.POD_B, origin).ipv4(source, destination)
            .tcp(40_000, port, 2, 0);
        burst.add(0, length);
        new ParseStage(new SymmetricFlowHash(1)).process(burst, 0);
        assertEquals(Direction.TO_WORKLOAD, burst.direction(0));
        burst.tracking(0, tracking);
        approvals.begin(0, source == A ? PolicyFixture.POD_A : FlowApprovals.NO_WORKLOAD, PolicyFixture.POD_B);
        stage.process(burst, 0);
        return 0;
    }
}
