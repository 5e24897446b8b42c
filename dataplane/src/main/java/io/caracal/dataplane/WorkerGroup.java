package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

import io.caracal.bindings.CpuAffinity;
import io.caracal.port.PortSpec;
import io.caracal.port.PuntPort;
import io.caracal.port.XskPort;
import io.caracal.stage.ForwardStage;
import io.caracal.stage.NeighbourStage;
import io.caracal.stage.PacketStage;
import io.caracal.stage.ParseStage;
import io.caracal.stage.StageChain;
import io.caracal.stage.SyntheticTraffic;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.AllocationProbe;
import io.caracal.worker.IdleMode;
import io.caracal.worker.PacketWorker;
import io.caracal.worker.SystemCallWarmup;
import io.caracal.worker.WorkerConfig;
import io.caracal.worker.WorkerCounters;
import io.caracal.worker.WorkerThread;
import io.caracal.worker.WorkerWarmup;
import io.caracal.xdp.XskMap;
import io.caracal.xsk.RingDepths;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskSocket;

/**
 * The packet workers: each with a UMEM, a socket on its queue of the punt pair, and a thread. They are warmed with
 * synthetic packets before a socket is bound, so that the first real packet meets compiled code.
 */
final class WorkerGroup implements AutoCloseable {
    private static final long WARM_UP_SEED = 25;
    private static final int WARM_UP_PODS = 16;
    private static final int WARM_UP_CYCLES = 32;
    private static final long CPU_COUNT_UNPINNED = 1;

    private final List<Member> members = new ArrayList<>();
    private final DataplaneConfig config;
    private final WorkloadTablePublisher tables;
    private final SymmetricFlowHash flowHash;
    private final EngineLog log;

    /**
     * No workers yet.
     *
     * @param config how many, and how they idle.
     * @param tables which workload is where; read once per burst.
     * @param flowHash the same for all workers.
     * @param log where a failing worker is told.
     */
    WorkerGroup(final DataplaneConfig config, final WorkloadTablePublisher tables, final SymmetricFlowHash flowHash,
                final EngineLog log) {
        this.config = config;
        this.tables = tables;
        this.flowHash = flowHash;
        this.log = log;
    }

    /** Makes the workers and runs synthetic packets through each; needs nothing of the kernel but memory. */
    void prepare() {
        for (int index = 0; index < config.workers(); index++) {
            final Umem umem = Umem.create("caracal-" + index, config.frameCount());
            final FramePool pool = new FramePool(new FrameLedger(config.frameCount()), 0, config.frameCount());
            members.add(new Member(index, umem, pool, new WorkerCounters()));
            warmUp(umem, pool);
        }
    }

    private void warmUp(final Umem umem, final FramePool pool) {
        final SyntheticTraffic traffic = new SyntheticTraffic(WARM_UP_SEED, WARM_UP_PODS);
        final WorkloadTablePublisher synthetic = new WorkloadTablePublisher();
        synthetic.publish(traffic.workloads());
        final WorkerWarmup warmup = new WorkerWarmup(pool, umem.buffer(), chain(synthetic));
        final long deadlineNs = System.nanoTime() + config.number(ConfigKey.WARM_UP_MS) * 1_000_000L;
        while (System.nanoTime() - deadlineNs < 0) {
            warmup.run(traffic::nextFrame, WARM_UP_CYCLES);
        }
    }

    private PacketStage chain(final WorkloadTablePublisher workloads) {
        return new StageChain(
            new ParseStage(flowHash), new NeighbourStage(workloads), new ForwardStage(workloads));
    }

    /**
     * Binds the sockets, starts the threads and enters the sockets into the map, in this order: a socket takes packets
     * as soon as it is in the map.
     *
     * @param pair whose queues the sockets are bound to.
     * @param sockets the map of the program on its engine side.
     */
    void start(final PuntPair pair, final XskMap sockets) {
        for (final Member member : members) {
            member.start(pair, chain(tables));
            sockets.set(member.index, member.socket.fd());
        }
    }

    /** Calls for each worker. Any thread, after {@link #start}. */
    void forEach(final Consumer<Member> visitor) {
        members.forEach(visitor);
    }

    @Override
    public void close() {
        members.forEach(Member::close);
    }

    private WorkerConfig workerConfig(final int index) {
        final WorkerConfig defaults = WorkerConfig.of(index);
        return new WorkerConfig(index, cpu(index), IdleMode.valueOf(config.text(ConfigKey.IDLE).toUpperCase(
            Locale.ROOT)), config.number(ConfigKey.IDLE_SPIN_NS), defaults.pollTimeoutMs(),
            defaults.commandQueueDepth());
    }

    /** The last CPUs by default: device interrupts and the system's daemons tend to the first. */
    private int cpu(final int index) {
        final int[] allowed = CpuAffinity.allowed().stream().toArray();
        final int firstCpu = (int)config.number(ConfigKey.FIRST_CPU);
        if (firstCpu >= 0) {
            return firstCpu + index;
        }
        if (allowed.length <= CPU_COUNT_UNPINNED || config.workers() > allowed.length) {
            return WorkerConfig.ANY_CPU;
        }
        return allowed[allowed.length - config.workers() + index];
    }

    /** One worker with what it owns. */
    final class Member {
        private final int index;
        private final Umem umem;
        private final FramePool pool;
        private final WorkerCounters counters;
        private XskSocket socket;
        private WorkerThread thread;
        private AllocationProbe allocation;
        private long allocatedBytes;

        private Member(final int index, final Umem umem, final FramePool pool, final WorkerCounters counters) {
            this.index = index;
            this.umem = umem;
            this.pool = pool;
            this.counters = counters;
        }

        private void start(final PuntPair pair, final PacketStage chain) {
            final int depth = config.ringDepth();
            socket = XskSocket.open(umem, XskConfig.of(pair.engineDevice(), pair.engineIfindex(), index)
                .withDepths(new RingDepths(depth, depth, depth, depth)));
            final PacketWorker worker =
                new PacketWorker(workerConfig(index), pool, umem.buffer(), chain, counters);
            worker.addPort(new PuntPort(new XskPort(
                new PortSpec(pair.engineDevice() + " queue " + index, PuntPort.EGRESS_ACTIONS, PuntPair.MTU),
                socket.rings(), socket, pool)));
            thread = WorkerThread.start(worker, failure -> log.error("worker " + index, failure));
            allocation = thread.allocationProbe();
        }

        int index() {
            return index;
        }

        WorkerCounters counters() {
            return counters;
        }

        int frameCount() {
            return pool.ledger().frameCount();
        }

        /** What its thread has allocated on the Java heap since it runs: constant while packets flow, or a defect. */
        synchronized long allocatedBytes() {
            allocatedBytes += allocation.bytesSinceLast();
            return allocatedBytes;
        }

        private void close() {
            if (thread != null) {
                thread.close();
            } else if (socket != null) {
                socket.close();
            }
            umem.close();
        }
    }
}
