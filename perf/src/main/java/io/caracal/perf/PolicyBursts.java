package io.caracal.perf;

import io.caracal.burst.Direction;
import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.perf.policy.PodRules;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
import io.caracal.policy.PolicyStage;
import io.caracal.policy.PolicyWay;
import io.caracal.route.RouteTarget;
import io.caracal.stage.ParseStage;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.SymmetricFlowHash;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A pod's policy, packets to it, and which comes next. */
@State(Scope.Thread)
public class PolicyBursts {
    private static final int BURST = PolicyBenchmark.BURST;
    private static final int PROTOCOL_TCP = 6;
    private static final int PACKETS = 4096;
    private static final int PORT_MASK = 0xffff;
    private static final int FRAME = 256;

    /** Number of rules. */
    @Param("10")
    public int rules;

    private final UnsafeBuffer umem = new UnsafeBuffer(ByteBuffer.allocateDirect(FRAME * BURST));
    private final PacketBurst burst = new PacketBurst(umem);
    private final FrameWriter frames = new FrameWriter(umem);
    private final FlowApprovals approvals = new FlowApprovals();
    private final ParseStage parse = new ParseStage(new SymmetricFlowHash(1));
    private final long route = RouteTarget.localWorkload(PodRules.POD, 0).word();
    /* Words, not packets: what hands packets over shall not push the policy out of the caches. */
    private final int[] sources = new int[PACKETS];
    private final int[] ports = new int[PACKETS];
    private final boolean[] tcp = new boolean[PACKETS];
    private int destination;
    private PolicyStage stage;
    private int next;

    /** JMH makes it. */
    public PolicyBursts() {
    }

    /** Makes rules, compiles them, makes packets. */
    @Setup(Level.Trial)
    public void setUp() {
        final PodRules pod = new PodRules(rules);
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(pod.policySet());
        compiler.publish();
        stage = new PolicyStage(compiler, new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null), approvals,
            new PolicyWay(PodRules.UPLINK));
        keep(pod.packets(PACKETS, 1));
        checkVerdicts();
    }

    private void keep(final PolicyPacket[] packets) {
        destination = (int)(packets[0].destinationHigh >>> Integer.SIZE);
        for (int i = 0; i < PACKETS; i++) {
            sources[i] = (int)(packets[i].sourceHigh >>> Integer.SIZE);
            ports[i] = packets[i].sourcePort << Character.SIZE | packets[i].destinationPort;
            tcp[i] = packets[i].protocol == PROTOCOL_TCP;
        }
    }

    /** Most packets are aimed at rules that allow: a burst of denials would be packets that are read wrongly. */
    private void checkVerdicts() {
        arrive();
        stage.process(burst, 0);
        int approved = 0;
        for (int row = 0; row < BURST; row++) {
            approved += burst.verdict(row) == Verdict.UNDECIDED && approvals.destinationRule[row] != 0 ? 1 : 0;
        }
        if (approved < BURST / 4 || approved == BURST) {
            throw new IllegalStateException(approved + " of " + BURST + " packets are allowed; the first: "
                + Integer.toHexString(sources[0]) + ", drop reason " + burst.dropReason(0));
        }
    }

    /** The burst's verdicts; returns what keeps the work alive. */
    byte decide() {
        stage.process(burst, 0);
        return burst.verdict(BURST - 1);
    }

    /** What happens before a burst comes. */
    void beforeArrival() {
    }

    /** The next burst comes by the uplink, is parsed, routed, and found to begin flows. */
    @Setup(Level.Invocation)
    public void arrive() {
        beforeArrival();
        burst.clear();
        for (int row = 0; row < BURST; row++) {
            final int packet = next++ & PACKETS - 1;
            final int source = ports[packet] >>> Character.SIZE;
            final int port = ports[packet] & PORT_MASK;
            frames.at(row * FRAME).fromWorkload(PodRules.UPLINK).ipv4(sources[packet], destination);
            burst.add(row * FRAME, tcp[packet] ? frames.tcp(source, port, 2, 0) : frames.udp(source, port, 0));
            burst.direction(row, Direction.FROM_UPLINK);
        }
        parse.process(burst, 0);
        for (int row = 0; row < BURST; row++) {
            burst.tracking(row, Tracking.NEW);
            burst.route(row, route);
            approvals.begin(row, FlowApprovals.NO_WORKLOAD, PodRules.POD);
        }
    }
}
