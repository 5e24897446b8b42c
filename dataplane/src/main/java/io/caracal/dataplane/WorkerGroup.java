package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.caracal.conntrack.Conntrack;
import io.caracal.conntrack.ConntrackCounter;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowSteering;
import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatConfig;
import io.caracal.network.UplinkWorkers;
import io.caracal.policy.PolicyLogFormat;
import io.caracal.policy.PolicyLogThread;
import io.caracal.policy.PolicyWay;
import io.caracal.route.ForwardingTables;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.HandOverWorkers;
import io.caracal.xdp.XskMap;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.SleepingMillisIdleStrategy;

/** The packet workers together: their start and end, and what is wanted of all of them. */
final class WorkerGroup implements AutoCloseable {
    /** A worker wakes nobody: this long a line waits, and this often an idle engine looks. */
    private static final long POLICY_LOG_PAUSE_MS = 250;
    /** About a tenth of a millisecond that packets wait. */
    private static final int FLOWS_PER_COMMAND = 1024;
    /** Packets under way from one worker to one other: several bursts of both. */
    private static final int LANE_DEPTH = 512;

    private final List<EngineWorker> members = new ArrayList<>();
    private final DataplaneConfig config;
    private final PublishedTables tables;
    private final FlowDirectory flowDirectory;
    private final SymmetricFlowHash flowHash;
    private final WorkerMemory memory;
    private final EngineLog log;
    /** Control begins before the workers run; what it wants of them waits. */
    private final CompletableFuture<Void> running = new CompletableFuture<>();
    /** Flows taken back from the cache by routes, as far as the control thread has waited for it. */
    private long rerouted;
    private AgentRunner policyLogRunner;
    private ClientLookup clientLookup;

    /**
     * No workers yet.
     *
     * @param config how many, and how they idle.
     * @param tables what the control thread publishes.
     * @param flowDirectory where flows are kept.
     * @param flowHash the same for all workers.
     * @param memory what each worker needs beside the punt pair's rings.
     * @param log where a failing worker is told.
     */
    WorkerGroup(final DataplaneConfig config, final PublishedTables tables, final FlowDirectory flowDirectory,
                final SymmetricFlowHash flowHash, final WorkerMemory memory, final EngineLog log) {
        this.config = config;
        this.memory = memory;
        this.tables = tables;
        this.flowDirectory = flowDirectory;
        this.flowHash = flowHash;
        this.log = log;
    }

    /**
     * Makes the workers' memory and opens their flows; takes nothing of the network.
     */
    void prepare() {
        flowDirectory.migrate();
        final int frameCount = config.frameCount() + memory.uplinkFrameCount().getAsInt()
            + (config.workers() - 1) * LANE_DEPTH;
        for (int index = 0; index < config.workers(); index++) {
            final int allFrameCount = frameCount + memory.blockCount() * FrameLedger.BLOCK_FRAMES;
            final Umem umem = Umem.create("caracal-" + index, allFrameCount);
            final FramePool pool =
                new FramePool(new FrameLedger(allFrameCount), 0, frameCount, memory.blockCount());
            final EngineWorker member = new EngineWorker(config, index, umem, pool, log);
            members.add(member);
            member.own(flowDirectory.openShard(index, tables.workloads()));
        }
    }

    /**
     * Binds the sockets, starts the threads and enters the sockets into the map, in this order: a socket takes packets
     * as soon as it is in the map.
     *
     * @param pair whose queues the sockets are bound to.
     * @param sockets the map of the program on its engine side.
     * @param way the interface of packets that leave this node.
     * @param natListeners what each worker tells its NAT bindings to.
     * @param offload where each worker gives flows to the kernel.
     */
    void start(final PuntPair pair, final XskMap sockets, final PolicyWay way,
               final IntFunction<NatBindingListener> natListeners, final Offload offload) {
        final WorkerChain chain = new WorkerChain(tables, flowHash, way, flowDirectory.placement());
        clientLookup = ClientLookup.start(log);
        final HandOverWorkers together = new HandOverWorkers(members.size(), LANE_DEPTH);
        members.forEach(member -> member.open(pair, chain, natListeners.apply(member.index()),
            offload.part(member.index()), together, clientLookup));
        members.forEach(member -> member.start(sockets));
        offload.begin();
        startPolicyLog();
        running.complete(null);
    }

    /** Puts memory under the flows to come; packets pass meanwhile. Any thread, while the workers are there. */
    void populate() {
        members.forEach(member -> member.conntrack().populate());
    }

    /** Lets go of who waits for workers that will not run: their start has failed. Does nothing once they run. */
    void abandon() {
        running.cancel(false);
    }

    /** Whether the workers take packets. Any thread. */
    boolean isRunning() {
        return running.isDone() && !running.isCancelled();
    }

    private void startPolicyLog() {
        final PolicyLogThread agent = new PolicyLogThread(members.stream().map(EngineWorker::policyLog).toList(),
            new PolicyLogFormat(config.text(ConfigKey.POLICY_LOG_PREFIX)), new PolicyLogThread.Limit(
                config.number(ConfigKey.POLICY_LOG_RATE), (int)config.number(ConfigKey.POLICY_LOG_BURST)), log::info);
        policyLogRunner = new AgentRunner(new SleepingMillisIdleStrategy(POLICY_LOG_PAUSE_MS),
            failure -> log.error("write the policy log", failure), null, agent);
        AgentRunner.startOnThread(policyLogRunner, task ->
            Thread.ofPlatform().name("caracal-policy-log").daemon(true).unstarted(task));
    }

    /**
     * Ends the flows of a workload that is in no table any more; returns when they have ended, so not before the
     * workers run. Packets pass meanwhile.
     *
     * @param ifindex its interface.
     */
    void endFlows(final int ifindex) {
        running.join();
        inPortions(conntrack -> conntrack.removeEndpoint(ifindex, FLOWS_PER_COMMAND) == 0);
    }

    /** Goes through each worker's flows by one command after the other, until it says true; packets pass between. */
    private void inPortions(final Predicate<Conntrack> portion) {
        for (final EngineWorker member : members) {
            final AtomicBoolean done = new AtomicBoolean();
            do {
                /* A worker that has ended runs no command. */
                done.set(true);
                member.run(worker -> done.set(portion.test(member.conntrack())));
            } while (!done.get());
        }
    }

    /** Whether no engine before has left flows; returns when the workers run. */
    boolean areFlowsNew() {
        running.join();
        return members.stream().allMatch(EngineWorker::areFlowsNew);
    }

    /**
     * Goes on with flows that were tracked elsewhere; returns when all workers do, so not before they run.
     *
     * @param flows what is to be tracked.
     * @param steering which worker each is of.
     * @return how many found room.
     */
    int adoptFlows(final List<FlowSnapshot> flows, final FlowSteering steering) {
        running.join();
        final AtomicInteger adopted = new AtomicInteger();
        final Map<Integer, List<FlowSnapshot>> byWorker =
            flows.stream().collect(Collectors.groupingBy(steering::shardOf));
        byWorker.forEach((worker, own) -> {
            final EngineWorker member = members.get(worker);
            for (int first = 0; first < own.size(); first += FLOWS_PER_COMMAND) {
                final List<FlowSnapshot> some = own.subList(first, Math.min(first + FLOWS_PER_COMMAND, own.size()));
                member.run(packetWorker -> some.forEach(flow ->
                    adopted.addAndGet(member.conntrack().adopt(flow) ? 1 : 0)));
            }
        });
        return adopted.get();
    }

    /**
     * Has the flows of a workload come to Java again; returns when the kernel has none of them, so not before the
     * workers run.
     *
     * @param ifindex its interface.
     */
    void withdrawFlows(final int ifindex) {
        running.join();
        inPortions(conntrack -> conntrack.withdrawEndpoint(ifindex, FLOWS_PER_COMMAND));
    }

    /** Waits until no worker is within a burst that it began before; does nothing before the workers run. */
    void endBursts() {
        if (running.isDone() && !running.isCompletedExceptionally()) {
            members.forEach(member -> member.run(worker -> { }));
        }
    }

    /**
     * How many flows a workload has, of both families and on all workers. Any thread; waits for the workers.
     *
     * @param ifindex its interface.
     * @return a gauge.
     */
    long flowCount(final int ifindex) {
        final AtomicLong count = new AtomicLong();
        for (final EngineWorker member : members) {
            final Conntrack conntrack = member.conntrack();
            member.run(worker -> {
                conntrack.catchUp();
                count.addAndGet(
                    (long)conntrack.ipv4Table().flowCount(ifindex) + conntrack.ipv6Table().flowCount(ifindex));
            });
        }
        return count.get();
    }

    /**
     * Has flows judged again that an older policy has approved; returns when every worker runs and knows.
     *
     * @param generation of the policy in force.
     */
    void recheckFlows(final int generation) {
        running.join();
        members.forEach(member -> member.run(worker -> member.conntrack().policyGeneration(generation)));
    }

    /** Takes back offloaded flows that would be offloaded otherwise by these routes; whether there were any. */
    private boolean reviewFlows(final ForwardingTables tables) {
        inPortions(conntrack -> conntrack.reviewOffload(tables, FLOWS_PER_COMMAND));
        /* Some may have been taken back since the publication, before the command came. */
        final long count = reroutedCount();
        final boolean hasMoved = count != rerouted;
        rerouted = count;
        return hasMoved;
    }

    private long reroutedCount() {
        return members.stream()
            .mapToLong(member -> member.conntrackCounters().get(ConntrackCounter.OFFLOAD_REROUTED)).sum();
    }

    /**
     * The workers as uplinks need them; what is wanted of them waits until they run.
     *
     * @param offload what a change has to wait for.
     */
    UplinkWorkers asUplinkWorkers(final Offload offload) {
        return new UplinkWorkers() {
            @Override
            public int count() {
                return config.workers();
            }

            @Override
            public Umem umem(final int worker) {
                running.join();
                return members.get(worker).umem();
            }

            @Override
            public void run(final int worker, final Task task) {
                running.join();
                final EngineWorker member = members.get(worker);
                member.run(packetWorker -> task.run(packetWorker, member.pool()));
            }

            @Override
            public void relay(final int worker, final int ifindex, final int by) {
                running.join();
                final EngineWorker member = members.get(worker);
                member.run(packetWorker -> member.handOver().relay(ifindex, by));
            }

            @Override
            public void follow(final ForwardingTables tables) {
                offload.beginEpoch();
                if (isRunning() && reviewFlows(tables)) {
                    offload.settle();
                }
            }

            @Override
            public void configureNat(final int worker, final NatConfig natConfig) {
                running.join();
                final EngineWorker member = members.get(worker);
                member.run(packetWorker -> member.conntrack().configureNat(natConfig));
            }
        };
    }

    /** Ends the threads, and their ports with them; what they counted, their flows and their memory stay. */
    void stop() {
        members.forEach(EngineWorker::end);
        members.forEach(EngineWorker::stop);
    }

    /** Calls for each worker. Any thread, after {@link #start}. */
    void forEach(final Consumer<EngineWorker> visitor) {
        members.forEach(visitor);
    }

    @Override
    public void close() {
        members.forEach(EngineWorker::close);
        if (clientLookup != null) {
            clientLookup.close();
        }
        if (policyLogRunner != null) {
            policyLogRunner.close();
        }
    }
}
