package io.caracal.dataplane;

import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;

import io.caracal.bindings.CpuAffinity;
import io.caracal.conntrack.Conntrack;
import io.caracal.conntrack.ConntrackCounters;
import io.caracal.conntrack.FlowOffload;
import io.caracal.nat.NatBindingListener;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyLog;
import io.caracal.port.PortSpec;
import io.caracal.port.PuntPort;
import io.caracal.port.XskPort;
import io.caracal.stage.ClientQuestions;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.EthernetHeader;
import io.caracal.worker.AllocationProbe;
import io.caracal.worker.HandOverPort;
import io.caracal.worker.HandOverWorkers;
import io.caracal.worker.IdleMode;
import io.caracal.worker.PacketWorker;
import io.caracal.worker.WorkerCommand;
import io.caracal.worker.WorkerConfig;
import io.caracal.worker.WorkerCounters;
import io.caracal.worker.WorkerThread;
import io.caracal.xdp.XskMap;
import io.caracal.xsk.RingDepths;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskSocket;

/**
 * One worker of the engine with what it owns: packet memory, flows, the socket on its queue of the punt pair, and a
 * thread. Made, opened, started and closed by the starting thread, in this order; what it counts is any thread's.
 */
final class EngineWorker implements AutoCloseable {
    /** Packets that log rules match between two looks of the log thread, 8000 a second. */
    private static final int POLICY_LOG_DEPTH = 2048;
    private static final int CPU_COUNT_UNPINNED = 1;

    private final DataplaneConfig config;
    private final int index;
    private final Umem umem;
    private final FramePool pool;
    private final EngineLog log;
    private final WorkerCounters counters = new WorkerCounters();
    private final PolicyLog policyLog = new PolicyLog(POLICY_LOG_DEPTH);
    private WorkerFlows flows;
    private XskSocket socket;
    private WorkerThread thread;
    private HandOverPort handOver;
    private PacketWorker worker;
    private AllocationProbe allocation;
    private long allocatedBytes;

    /**
     * Takes nothing of the network yet.
     *
     * @param config how it idles, and on which processor.
     * @param index its number, from 0 on, which is that of its queue.
     * @param umem its memory; closed with it.
     * @param pool the memory's frames.
     * @param log where its failure is told.
     */
    EngineWorker(final DataplaneConfig config, final int index, final Umem umem, final FramePool pool,
                 final EngineLog log) {
        this.config = config;
        this.index = index;
        this.umem = umem;
        this.pool = pool;
        this.log = log;
    }

    /** Its flows are these from now on; closed with it. */
    void own(final WorkerFlows opened) {
        flows = opened;
    }

    /**
     * Binds its socket and makes its stages.
     *
     * @param pair whose queue the socket is bound to.
     * @param stages what all workers' chains have in common.
     * @param natListener what it tells its NAT bindings to.
     * @param offload where it gives flows to the kernel; null for nowhere.
     * @param together the workers among which packets are handed over.
     * @param clients who asks the kernel for its masqueraded clients.
     */
    void open(final PuntPair pair, final WorkerChain stages, final NatBindingListener natListener,
              final FlowOffload offload, final HandOverWorkers together, final ClientLookup clients) {
        final int depth = config.ringDepth();
        socket = XskSocket.open(umem, XskConfig.of(pair.engineDevice(), pair.engineIfindex(), index)
            .withDepths(new RingDepths(depth, depth, depth, depth)).withMultiBuffer(pair.isJumbo()));
        handOver = new HandOverPort(index, together, pool);
        final ClientQuestions questions = clients.questions();
        final PacketStage chain = stages.withHandOver(index, config.workers(), handOver).build(pool,
            flows.conntrack(), flows.conntrack().openNat(natListener),
            new PolicyEvaluator(index, PolicyEvaluator.Room.DEFAULT, policyLog), questions, offload);
        worker = new PacketWorker(workerConfig(), pool, umem.buffer(), chain, counters);
        together.join(index, worker.proxy(), umem.buffer());
        worker.addPort(new PuntPort(new XskPort(new PortSpec(pair.engineDevice() + " queue " + index,
            PuntPort.EGRESS_ACTIONS, pair.mtu() + EthernetHeader.LENGTH), socket.rings(), socket, pool)));
        if (config.workers() > 1) {
            worker.addPort(handOver);
        }
        clients.serve(questions, () -> worker.proxy().submit(WorkerCommand.NOTHING));
    }

    private WorkerConfig workerConfig() {
        final WorkerConfig defaults = WorkerConfig.of(index);
        return new WorkerConfig(index, cpu(), IdleMode.valueOf(config.text(ConfigKey.IDLE).toUpperCase(Locale.ROOT)),
            config.number(ConfigKey.IDLE_SPIN_NS), defaults.pollTimeoutMs(), defaults.commandQueueDepth());
    }

    /** The last CPUs by default: device interrupts and the system's daemons tend to the first. */
    private int cpu() {
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

    /** Starts its thread, then lets packets come: a socket takes them as soon as it is in the map. */
    void start(final XskMap sockets) {
        thread = WorkerThread.start(worker, failure -> log.error("worker " + index, failure));
        allocation = thread.allocationProbe();
        /* It runs its cycles when it answers: a packet that is let in before would wait for its first ones. */
        run(begun -> { });
        sockets.set(index, socket.fd());
    }

    /** Runs a command between two bursts and waits for it; does nothing when the worker has ended. */
    void run(final WorkerCommand command) {
        try {
            thread.worker().proxy().submit(command).get();
        } catch (final ExecutionException failure) {
            throw new IllegalStateException("command to worker " + index, failure.getCause());
        } catch (final CancellationException ended) {
            log.info("worker " + index + " has ended before a command reached it");
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    int index() {
        return index;
    }

    Umem umem() {
        return umem;
    }

    FramePool pool() {
        return pool;
    }

    PolicyLog policyLog() {
        return policyLog;
    }

    /** Its own thread's while it runs, in a command; but what is any thread's. */
    Conntrack conntrack() {
        return flows.conntrack();
    }

    /** Its own thread's while it runs: in a command. */
    HandOverPort handOver() {
        return handOver;
    }

    /** Whether no engine before has left flows. */
    boolean areFlowsNew() {
        return flows.areNew();
    }

    ConntrackCounters conntrackCounters() {
        return flows.conntrack().counters();
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

    /** Has its thread end; {@link #stop} waits for that. */
    void end() {
        if (thread != null) {
            thread.end();
        }
    }

    /** Its thread has ended, and its ports with it; what it counted, its flows and its memory stay. */
    void stop() {
        if (thread != null) {
            thread.close();
        } else if (socket != null) {
            socket.close();
        }
    }

    @Override
    public void close() {
        stop();
        if (flows != null) {
            flows.close();
        }
        umem.close();
    }
}
