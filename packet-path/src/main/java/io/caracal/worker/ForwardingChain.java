package io.caracal.worker;

import io.caracal.nat.NatBindings;
import io.caracal.nat.NatOutgoingStage;
import io.caracal.nat.NatReturnStage;
import io.caracal.route.ForwardingPublisher;
import io.caracal.stage.ChecksumStage;
import io.caracal.stage.FragmentStage;
import io.caracal.stage.HopStage;
import io.caracal.stage.IcmpErrorLimit;
import io.caracal.stage.IcmpResponder;
import io.caracal.stage.MasqueradedClients;
import io.caracal.stage.NeighbourStage;
import io.caracal.stage.PacketStage;
import io.caracal.stage.ParseStage;
import io.caracal.stage.RouteStage;
import io.caracal.stage.StageChain;
import io.caracal.stage.TransmitStage;
import io.caracal.stage.VxlanDecapStage;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FramePool;
import io.caracal.wire.SymmetricFlowHash;
import java.util.ArrayList;
import java.util.List;

/**
 * The stages of a worker in their order, with what other modules decide about connections and policy between them:
 *
 * <pre>
 *  parse ► decapsulate ► (finish checksums) ► follow fragments ► (hand over) ► undo NAT ► answer ARP and ND
 *        ► route and check source ► decisions: connections, policy ► hop: TTL, size, errors ► commits ► NAT-outgoing
 *        ► transmit: fragment, encapsulate
 * </pre>
 *
 * <p>Belongs to the thread that makes the worker. One builder makes one worker's chain: stages are not shared.</p>
 *
 * <pre>{@code
 * final PacketStage chain = new ForwardingChain(flowHash, pool, workloadTables, forwardingTables)
 *     .withNat(bindings).withDecisions(conntrack, policy).withCommits(flowCommit).build();
 * }</pre>
 */
public final class ForwardingChain {
    /** Frames that the stages may hold, for the sum that sizes the pool. */
    public static final int HELD_FRAMES_MAX = FragmentStage.WAITING_MAX + TransmitStage.WAITING_MAX
        + MasqueradedClients.WAITING_MAX;

    private final SymmetricFlowHash hash;
    private final FramePool pool;
    private final WorkloadTablePublisher workloadTables;
    private final ForwardingPublisher forwardingTables;
    private final List<PacketStage> decisions = new ArrayList<>();
    private final List<PacketStage> commits = new ArrayList<>();
    private IcmpErrorLimit errorLimit = IcmpErrorLimit.ofDefaults();
    private NatBindings bindings;
    private HandOverStage handOver;
    private boolean verifiesOuterChecksums;
    private boolean completesChecksums;

    /**
     * Begins a chain.
     *
     * @param hash the same for all workers.
     * @param pool the worker's frames.
     * @param workloadTables which interface has which address.
     * @param forwardingTables where packets go.
     */
    public ForwardingChain(
        final SymmetricFlowHash hash, final FramePool pool, final WorkloadTablePublisher workloadTables,
        final ForwardingPublisher forwardingTables) {
        this.hash = hash;
        this.pool = pool;
        this.workloadTables = workloadTables;
        this.forwardingTables = forwardingTables;
    }

    /**
     * Adds NAT-outgoing.
     *
     * @param natBindings the worker's.
     * @return this.
     */
    public ForwardingChain withNat(final NatBindings natBindings) {
        bindings = natBindings;
        return this;
    }

    /**
     * Adds what decides about connections and policy.
     *
     * @param stages first to last; they see routed rows and drop what may not pass.
     * @return this.
     */
    public ForwardingChain withDecisions(final PacketStage... stages) {
        decisions.addAll(List.of(stages));
        return this;
    }

    /**
     * Adds what remembers the packets that nothing has dropped, before their addresses change.
     *
     * @param stages first to last; they drop only for want of room.
     * @return this.
     */
    public ForwardingChain withCommits(final PacketStage... stages) {
        commits.addAll(List.of(stages));
        return this;
    }

    /**
     * Has packets of flows that other workers own given to these.
     *
     * @param stage the worker's.
     * @return this.
     */
    public ForwardingChain withHandOver(final HandOverStage stage) {
        handOver = stage;
        return this;
    }

    /**
     * Sets how many ICMP errors the worker may make.
     *
     * @param limit the worker's own.
     * @return this.
     */
    public ForwardingChain withErrorLimit(final IcmpErrorLimit limit) {
        errorLimit = limit;
        return this;
    }

    /**
     * Has outer UDP checksums of VXLAN packets verified.
     *
     * @return this.
     */
    public ForwardingChain verifyingOuterChecksums() {
        verifiesOuterChecksums = true;
        return this;
    }

    /**
     * Has checksums finished that an uplink without the hardware for it brings unfinished: a veth.
     *
     * @return this.
     */
    public ForwardingChain completingChecksums() {
        completesChecksums = true;
        return this;
    }

    /**
     * Makes the stages.
     *
     * @return all of them as one.
     */
    public PacketStage build() {
        final List<PacketStage> stages = new ArrayList<>();
        stages.add(new ParseStage(hash));
        if (handOver != null) {
            stages.add(handOver::mark);
        }
        stages.add(new VxlanDecapStage(forwardingTables, hash, verifiesOuterChecksums));
        if (completesChecksums) {
            stages.add(new ChecksumStage());
        }
        stages.add(new FragmentStage(pool.ledger(), hash.seed()));
        if (handOver != null) {
            stages.add(handOver);
        }
        if (bindings != null) {
            stages.add(new NatReturnStage(bindings, hash));
        }
        stages.add(new NeighbourStage(workloadTables));
        stages.add(new RouteStage(workloadTables, forwardingTables));
        stages.addAll(decisions);
        stages.add(new HopStage(forwardingTables, new IcmpResponder(errorLimit)));
        stages.addAll(commits);
        if (bindings != null) {
            stages.add(new NatOutgoingStage(forwardingTables, bindings));
        }
        stages.add(new TransmitStage(forwardingTables, pool));
        return new StageChain(stages.toArray(PacketStage[]::new));
    }
}
