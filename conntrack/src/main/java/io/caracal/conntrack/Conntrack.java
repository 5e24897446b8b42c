package io.caracal.conntrack;

import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatConfig;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.stage.WorkloadTable;
import io.caracal.stage.WorkloadTablePublisher;
import java.security.SecureRandom;

/**
 * Connection tracking of one worker: the tables of both families and the two stages on them.
 *
 * <p>Opened by any thread, then its worker's; other threads read {@link #counters()} and {@link #natExhaustion()}, and
 * ask the rest through the worker's commands. Closes its tables; the images are the caller's, closed afterwards.</p>
 *
 * <pre>{@code
 * final Conntrack conntrack = Conntrack.open(config, ipv4Image, ipv6Image, BootClock.read(), workloads, listener);
 * chain = new ForwardingChain(hash, pool, workloads, tables).withNat(conntrack.openNat(natConfig, uplinks))
 *     .withDecisions(conntrack.stage(), policy(conntrack.approvals())).withCommits(conntrack.commitStage()).build();
 * }</pre>
 */
public final class Conntrack implements AutoCloseable, FlowRemovalListener {
    private final ConntrackConfig config;
    private final BootClock clock;
    private final WorkloadTablePublisher workloads;
    private final FlowRemovalListener listener;
    private final FlowApprovals approvals = new FlowApprovals();
    private final ConntrackCounters counters = new ConntrackCounters();
    private final NatExhaustion natExhaustion = new NatExhaustion();
    private final Ipv4FlowTable ipv4Table;
    private final Ipv6FlowTable ipv6Table;
    private final FamilyTracking ipv4;
    private final FamilyTracking ipv6;
    private final ConntrackStage stage;
    private final FlowCommitStage commitStage;
    private final int[] refused = new int[2 * PacketBurst.MAX_PACKETS];
    private final FamilyTracking[] refusedFamily = new FamilyTracking[2 * PacketBurst.MAX_PACKETS];
    private int refusedCount;
    private PacketBurst burst;
    private int policyGeneration;
    /** Null: nobody has asked for NAT, or its addresses are not known. */
    private FlowNat nat;
    private NatBindingListener natListener;
    private LateNatBindings natBindings;
    /** Null: no flow is given to the kernel. */
    private OffloadedFlows offloaded;
    /** Null as that. */
    private OpenedFlows opened;

    private Conntrack(final ConntrackConfig config, final FlowImage ipv4Image, final FlowImage ipv6Image,
        final BootClock clock, final WorkloadTablePublisher workloads, final FlowRemovalListener listener) {
        this.config = config;
        this.clock = clock;
        this.workloads = workloads;
        this.listener = listener;
        final SecureRandom random = new SecureRandom();
        final long nowMs = nowMs();
        ipv4Table = Ipv4FlowTable.open(ipv4Image, tableConfig(random), this, nowMs);
        ipv6Table = Ipv6FlowTable.open(ipv6Image, tableConfig(random), this, nowMs);
        ipv4 = new Ipv4Tracking(ipv4Table, config);
        ipv6 = new Ipv6Tracking(ipv6Table, config);
        stage = new ConntrackStage(this, workloads);
        commitStage = new FlowCommitStage(this);
    }

    private FlowTableConfig tableConfig(final SecureRandom random) {
        return new FlowTableConfig(config.timeouts(), config.endpointsMax(), random.nextLong());
    }

    /**
     * Opens tables on two images and takes over the flows that are in them.
     *
     * @param config settings.
     * @param ipv4Image where IPv4 flows live; outlives this.
     * @param ipv6Image where IPv6 flows live; outlives this.
     * @param clock the time of records.
     * @param workloads which interface has which address.
     * @param listener hears of flows that end, on the worker's thread.
     * @return connection tracking; the caller closes it after its worker has stopped.
     */
    public static Conntrack open(final ConntrackConfig config, final FlowImage ipv4Image, final FlowImage ipv6Image,
        final BootClock clock, final WorkloadTablePublisher workloads, final FlowRemovalListener listener) {
        return new Conntrack(config, ipv4Image, ipv6Image, clock, workloads, listener);
    }

    /**
     * The stage that finds flows.
     *
     * @return before policy in the chain.
     */
    public ConntrackStage stage() {
        return stage;
    }

    /**
     * The stage that makes flows.
     *
     * @return behind policy and routing in the chain.
     */
    public FlowCommitStage commitStage() {
        return commitStage;
    }

    /**
     * What policy and routing tell the commit stage.
     *
     * @return the columns, shared by the stages of this worker.
     */
    public FlowApprovals approvals() {
        return approvals;
    }

    /**
     * What it counts. Any thread.
     *
     * @return the counters.
     */
    public ConntrackCounters counters() {
        return counters;
    }

    /**
     * NAT addresses that ran out of ports. Any thread.
     *
     * @return the counts.
     */
    public NatExhaustion natExhaustion() {
        return natExhaustion;
    }

    /**
     * NAT-outgoing on these flows. Before the worker begins, once: tells the listener of the bindings that an earlier
     * process has left.
     *
     * @param natConfig addresses and ports.
     * @param bindingListener hears of bindings as they come and go, on the worker's thread; here on the caller's.
     * @return the bindings, for the stages that undo and do NAT; this worker's.
     * @throws IllegalStateException when they have been opened already.
     */
    public NatBindings openNat(final NatConfig natConfig, final NatBindingListener bindingListener) {
        final NatBindings opened = openNat(bindingListener);
        configureNat(natConfig);
        return opened;
    }

    /**
     * NAT-outgoing on these flows, whose addresses and ports are told later by {@link #configureNat}. Before the worker
     * begins, once. Until then nothing is translated, and flows that an earlier process has translated stay.
     *
     * @param bindingListener hears of bindings as they come and go, on the worker's thread.
     * @return the bindings, for the stages that undo and do NAT; this worker's.
     * @throws IllegalStateException when they have been opened already.
     */
    public NatBindings openNat(final NatBindingListener bindingListener) {
        if (natBindings != null) {
            throw new IllegalStateException("the NAT bindings of this worker are open already");
        }
        natListener = bindingListener;
        natBindings = new LateNatBindings();
        return natBindings;
    }

    /**
     * Gives NAT-outgoing its addresses and ports, the first ones or others: the listener is told of each binding that
     * goes on, and flows that could not have been translated so end. By a command of the worker's thread: it takes as
     * long as the flows are many.
     *
     * @param natConfig addresses and ports from now on.
     */
    public void configureNat(final NatConfig natConfig) {
        final FlowNat configured = new FlowNat(this, natConfig, natListener, new SecureRandom().nextLong());
        /* Of flows that end now the bindings before are told. */
        configured.restore();
        nat = configured;
        natBindings.use(configured);
    }

    /**
     * Gives flows between workloads to the kernel from now on, and takes over those that an earlier process has given
     * it; with {@link EstablishedFlows#RECHECK} they come here instead. Before the worker begins, once.
     *
     * @param offload the worker's part of the kernel's table.
     * @param forwarding where addresses lead, and how long packets may be.
     * @param hits hears of connections that the kernel has opened.
     * @return the stage that gives them, behind {@link #commitStage()} in the chain.
     */
    public OffloadStage openOffload(final FlowOffload offload, final ForwardingPublisher forwarding,
        final RuleHits hits) {
        offloaded = new OffloadedFlows(offload, this, forwarding.current());
        opened = new OpenedFlows(offload, offloaded, this, hits);
        if (config.establishedFlows() == EstablishedFlows.RECHECK) {
            /* The policy that they were made under may be none of this process's: each is judged again. */
            offload.clear();
        } else {
            offloaded.adopt(opened, nowMs());
        }
        ipv4Table.followBy(offloaded::follow);
        ipv6Table.followBy(offloaded::follow);
        return new OffloadStage(this, offloaded, opened, forwarding);
    }

    /**
     * Takes flows back from the kernel whose workload has other addresses now: their next packets are looked at. A
     * worker command, repeated until it says yes.
     *
     * @param ifindex kernel index of its interface.
     * @param budget flows to take back, at most.
     * @return whether none is left.
     */
    public boolean withdrawEndpoint(final int ifindex, final int budget) {
        final long nowMs = nowMs();
        return offloaded == null || !opened.adopt(nowMs, budget) && offloaded.withdrawEndpoint(ifindex, budget, nowMs);
    }

    /**
     * Takes flows back from the kernel that would be given to it otherwise now, since routes, devices or sizes have
     * changed. A worker command, repeated until it says yes; the offload stage does the same, a few in each cycle.
     *
     * @param tables the newest.
     * @param budget flows to look at, at most.
     * @return whether none is left.
     */
    public boolean reviewOffload(final ForwardingTables tables, final int budget) {
        final long nowMs = nowMs();
        return offloaded == null || !opened.adopt(nowMs, budget) && offloaded.review(tables, budget, nowMs);
    }

    /**
     * The IPv4 flows, for NAT rewriting and offload. The worker's thread.
     *
     * @return the table.
     */
    public Ipv4FlowTable ipv4Table() {
        return ipv4Table;
    }

    /**
     * The IPv6 flows, for NAT rewriting and offload. The worker's thread.
     *
     * @return the table.
     */
    public Ipv6FlowTable ipv6Table() {
        return ipv6Table;
    }

    /**
     * Ends flows of a workload that has gone, both families. A worker command, repeated until it returns 0: flows are
     * ended in pieces, so that packets pass meanwhile. The workload is no longer in the table of workloads.
     *
     * @param ifindex kernel index of its interface.
     * @param budget flows to end, at most; a thousand cost a tenth to a third of a millisecond.
     * @return flows that it still has, or may have.
     */
    public int removeEndpoint(final int ifindex, final int budget) {
        /* What the kernel has opened for it is taken out there, or gets a record that ends below. */
        if (opened != null && opened.adopt(nowMs(), budget)) {
            return 1;
        }
        final int left = ipv4Table.removeEndpoint(ifindex, budget);
        return left > 0 ? left + ipv6Table.flowCount(ifindex) : ipv6Table.removeEndpoint(ifindex, budget);
    }

    /**
     * Goes on with a flow that was tracked elsewhere until now, by the kernel as a rule. Its windows are not known, so
     * none of its segments is dropped for them. A worker command.
     *
     * @param flow tuples, protocol, state, flags and legs; as if it had been seen just now.
     * @return false when another flow has one of its tuples, or there is no room.
     */
    public boolean adopt(final FlowSnapshot flow) {
        final long nowMs = nowMs();
        final FamilyTracking family = family(flow.ipVersion);
        final FlowSpec spec = family.beginSpec(flow);
        spec.state = flow.state;
        spec.flags = flow.flags;
        spec.sourceIfindex = flow.sourceIfindex;
        spec.destinationIfindex = flow.destinationIfindex;
        spec.sourceGeneration = flow.sourceGeneration;
        spec.destinationGeneration = flow.destinationGeneration;
        spec.nowMs = nowMs;
        if (family.isOriginalInUse() || family.isReplyInUse()
            || family.admission.admit(flow.sourceIfindex, flow.destinationIfindex, nowMs) != null) {
            return false;
        }
        final int slot = family.create();
        if (slot == FlowTable.MISS) {
            return false;
        }
        family.tracker.loosen(slot);
        counters.add(ConntrackCounter.ADOPTED, 1);
        return true;
    }

    /**
     * Tells which policy is in force: with {@link EstablishedFlows#RECHECK}, flows that an earlier one approved are
     * judged again. A worker command.
     *
     * @param generation of the policy, growing; compared by difference.
     */
    public void policyGeneration(final int generation) {
        policyGeneration = generation;
    }

    int policyGeneration() {
        return policyGeneration;
    }

    /** Of a command: a burst has the time of its cycle. */
    private long nowMs() {
        return clock.bootMs(System.nanoTime());
    }

    ConntrackConfig config() {
        return config;
    }

    WorkloadTable workloads() {
        return workloads.current();
    }

    BootClock clock() {
        return clock;
    }

    FamilyTracking ipv4() {
        return ipv4;
    }

    FamilyTracking ipv6() {
        return ipv6;
    }

    FamilyTracking family(final int ipVersion) {
        return ipVersion == 4 ? ipv4 : ipv6;
    }

    /**
     * Brings a flow up to date that the kernel carries on, before a packet of it is looked at here. One that opens a
     * connection anew, or whose flow policy will judge again, takes it back.
     *
     * @return whether the flow has ended by that: the packet is of none.
     */
    boolean endsUpToDate(final FamilyTracking family, final int slot, final boolean takesBack, final long nowMs) {
        if (offloaded == null || !offloaded.isOffloaded(family.table, slot)) {
            return false;
        }
        if (offloaded.follow(family.table, slot, nowMs)) {
            family.table.remove(slot, RemovalCause.REFUSED);
            return true;
        }
        if (takesBack) {
            offloaded.withdraw(family.table, slot);
        }
        return false;
    }

    /**
     * Makes records of all connections that the kernel has opened until now, so that flows can be counted. A worker
     * command.
     */
    public void catchUp() {
        if (opened != null) {
            opened.adopt(nowMs(), opened.count());
        }
    }

    /** Makes records of connections that the kernel has opened, some of them; where {@link #isBehind}. */
    void adoptOpened(final long nowMs, final int budget) {
        opened.adopt(nowMs, budget);
    }

    /** The same of those that have waited for it, where there are any. */
    void adoptDue(final long nowMs, final int budget) {
        if (opened != null) {
            opened.adoptDue(nowMs, budget);
        }
    }

    /** See {@link OpenedFlows#adoptOf}; where {@link #isBehind}. */
    boolean adoptOpenedOf(final FamilyTracking family, final PacketBurst packets, final int row, final long nowMs) {
        return opened.adoptOf(family, packets, row, nowMs);
    }

    /** Whether there may be connections without a record. */
    boolean isBehind() {
        return opened != null && opened.isBehind();
    }

    /** Steps a flow's state by a packet of it; returns one of {@link TcpTracker}'s constants. */
    int step(final PacketBurst packets, final int row, final FamilyTracking family, final int found,
        final long nowMs) {
        final int packetLength = packets.length(row) - packets.l3Offset(row);
        if ((packets.flags(row) & PacketFlags.LATER_FRAGMENT) != 0) {
            family.tracker.count(found, packetLength, nowMs);
            return TcpTracker.ACCEPTED;
        }
        final int result = family.tracker.update(found, packets.umem(),
            packets.offset(row) + packets.l4Offset(row), packets.length(row) - packets.l4Offset(row), packetLength,
            nowMs);
        if (result == TcpTracker.REFUSED) {
            refusedFamily[refusedCount] = family;
            refused[refusedCount++] = found >> 1;
        } else if ((packets.flags(row) & PacketFlags.FRAGMENT) != 0) {
            family.tracker.loosen(found >> 1);
        }
        return result;
    }

    /** Flows that end from here on take themselves out of this burst's fields. */
    void beginBurst(final PacketBurst packets) {
        burst = packets;
    }

    /**
     * Ends the flows that the last cycle saw refused: only now, since that cycle still had to translate the RST. A slot
     * that has gone another way meanwhile is not in that state.
     */
    void endRefused() {
        for (int i = 0; i < refusedCount; i++) {
            final FlowTable table = refusedFamily[i].table;
            if (FlowRecord.state(table.record(refused[i])) == FlowState.TCP_CLOSED) {
                table.remove(refused[i], RemovalCause.REFUSED);
            }
        }
        refusedCount = 0;
    }

    void endBurst() {
        burst = null;
    }

    @Override
    public void onRemoval(final FlowTable table, final int slot, final RemovalCause cause) {
        counters.removed(cause);
        if (burst != null) {
            forget(table.ipVersion(), slot);
        }
        if (nat != null) {
            nat.released(table, slot);
        }
        if (offloaded != null) {
            offloaded.onRemoval(table, slot);
        }
        listener.onRemoval(table, slot, cause);
    }

    private void forget(final int ipVersion, final int slot) {
        for (int row = 0; row < burst.count; row++) {
            if (burst.flow(row) >> 1 == slot && burst.ipVersion(row) == ipVersion) {
                burst.flow(row, PacketBurst.NO_FLOW);
            }
        }
    }

    /**
     * Puts pages under everything that is not in the images, huge ones where the kernel gives them: some 10 ms for each
     * 64 MiB. Until then each page comes when it is first touched. Any thread, also while packets pass, but not beside
     * {@link #close}.
     */
    public void populate() {
        ipv4.populate();
        ipv6.populate();
        if (offloaded != null) {
            offloaded.populate();
        }
    }

    @Override
    public void close() {
        if (offloaded != null) {
            offloaded.close();
        }
        ipv4.close();
        ipv6.close();
    }
}
