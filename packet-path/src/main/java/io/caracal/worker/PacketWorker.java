package io.caracal.worker;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.port.PacketPort;
import io.caracal.stage.PacketStage;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import java.util.Arrays;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Moves packets: one {@link #doWork} is one burst cycle of at most 64 packets. Reclaim what was sent, refill what is
 * received into, receive, let the stages decide, transmit, dispose of the rest, tell each output once.
 *
 * <p>Runs on one thread, usually a {@link WorkerThread}; other threads use {@link #proxy()} and read
 * {@link #counters()}. Owns its ports and closes them at its end. A cycle allocates nothing, takes no lock and throws
 * only for a defect; then {@link #recover} gives the burst's frames back and the worker goes on.</p>
 *
 * <pre>{@code
 * final PacketWorker worker = new PacketWorker(WorkerConfig.of(0), pool, umem, stages, new WorkerCounters());
 * worker.addPort(new PuntPort(xskPort));
 * try (WorkerThread thread = WorkerThread.start(worker, errors)) { … }
 * }</pre>
 */
public final class PacketWorker implements Agent {
    /** A cycle longer than this is a stall: 10 ms of packets at line rate is more than the rings hold. */
    public static final long STALL_THRESHOLD_NS = 10_000_000;

    /** Links are asked whether they live, and frames counted, ten times a second. */
    private static final long HOUSEKEEPING_INTERVAL_NS = 100_000_000;
    private static final long SECOND_NS = 1_000_000_000L;
    /** Commands run between two cycles: packets wait meanwhile. */
    private static final int COMMANDS_PER_CYCLE = 4;

    private final WorkerConfig config;
    private final FramePool pool;
    private final FrameLedger ledger;
    private final PacketStage chain;
    private final WorkerCounters counters;
    private final NanoClock clock;
    private final WorkerProxy proxy;
    private final PacketBurst burst;
    private PacketPort[] ports = {};
    private int portsVersion;
    private int firstPort;
    private int receivedCount;
    private int transmitWaitingCount;
    private int sleepMaxMs;
    private long cycleStartNs;
    private boolean lastCycleWorked;
    private long secondEndNs;
    private long longestOfSecondNs;
    private long housekeepingDueNs;

    /**
     * Makes a worker without ports.
     *
     * @param config its settings.
     * @param pool its free frames.
     * @param umem the region they are of; outlives the worker.
     * @param chain what decides about packets; called each cycle, also with an empty burst, for its timers.
     * @param counters what it counts with.
     */
    public PacketWorker(final WorkerConfig config, final FramePool pool, final UnsafeBuffer umem,
                        final PacketStage chain, final WorkerCounters counters) {
        this(config, pool, umem, chain, counters, SystemNanoClock.INSTANCE);
    }

    /**
     * Makes a worker with a clock of its own, for tests.
     *
     * @param config its settings.
     * @param pool its free frames.
     * @param umem the region they are of; outlives the worker.
     * @param chain what decides about packets; called each cycle, also with an empty burst, for its timers.
     * @param counters what it counts with.
     * @param clock read once a cycle.
     */
    public PacketWorker(final WorkerConfig config, final FramePool pool, final UnsafeBuffer umem,
                        final PacketStage chain, final WorkerCounters counters, final NanoClock clock) {
        this.config = config;
        this.pool = pool;
        this.chain = chain;
        this.counters = counters;
        this.clock = clock;
        ledger = pool.ledger();
        burst = new PacketBurst(umem);
        proxy = new WorkerProxy(this, config.commandQueueDepth());
        housekeepingDueNs = clock.nanoTime();
    }

    @Override
    public int doWork() {
        final long nowNs = clock.nanoTime();
        observeCycle(nowNs);
        int workCount = proxy.runCommands(COMMANDS_PER_CYCLE);
        workCount += reclaimAndRefill();
        workCount += receive();
        chain.process(burst, nowNs);
        sleepMaxMs = burst.sleepMaxMs;
        workCount += (sleepMaxMs == 0 ? 1 : 0) + transmit();
        dispose();
        transmitWaitingCount = kick();
        housekeep(nowNs);
        lastCycleWorked = workCount > 0;
        counters.add(lastCycleWorked ? WorkerCounter.CYCLES : WorkerCounter.IDLE_CYCLES, 1);
        return workCount;
    }

    private int reclaimAndRefill() {
        int workCount = 0;
        for (final PacketPort port : ports) {
            workCount += port.reclaim();
        }
        for (final PacketPort port : ports) {
            workCount += port.refill();
        }
        return workCount;
    }

    private int receive() {
        final int portCount = ports.length;
        /* Starts with another port each cycle: one that fills the burst alone must not starve the others. */
        firstPort = firstPort + 1 < portCount ? firstPort + 1 : 0;
        for (int n = 0, index = firstPort; n < portCount; n++) {
            ports[index].rxBurst(burst);
            index = index + 1 < portCount ? index + 1 : 0;
        }
        receivedCount = burst.count;
        return receivedCount;
    }

    private int transmit() {
        int takenCount = 0;
        if (burst.count > 0) {
            for (final PacketPort port : ports) {
                takenCount += port.txBurst(burst);
            }
        }
        return takenCount;
    }

    private void dispose() {
        for (int row = 0; row < burst.count; row++) {
            if (row < receivedCount) {
                counters.received(burst.direction(row), burst.receivedLength(row));
            } else {
                counters.add(WorkerCounter.LOCALLY_MADE, 1);
            }
            if (burst.replacedReason(row) != 0) {
                counters.dropped(burst.direction(row), burst.replacedReason(row));
                counters.add(WorkerCounter.LOCALLY_MADE, 1);
            }
            if (burst.verdict(row) == Verdict.SENT) {
                counters.transmitted(burst.egressAction(row), burst.length(row));
            } else {
                disposeUnsent(row);
            }
        }
        burst.clear();
    }

    private void disposeUnsent(final int row) {
        switch (burst.verdict(row)) {
            case Verdict.HELD -> {
                ledger.movePacket(
                    Umem.frameOf(burst.frameAddress(row)), FrameLedger.BURST, FrameLedger.HELD);
                counters.add(WorkerCounter.HELD, 1);
                return;
            }
            case Verdict.TRANSMIT -> burst.drop(row, DropReason.EGRESS_PORT_MISSING);
            case Verdict.UNDECIDED -> burst.drop(row, DropReason.UNDECIDED);
            default -> {
                assert burst.verdict(row) == Verdict.DROP : burst.verdict(row);
            }
        }
        counters.dropped(burst.direction(row), burst.dropReason(row));
        pool.give(burst.frameAddress(row), FrameLedger.BURST);
    }

    private int kick() {
        int waitingCount = 0;
        for (final PacketPort port : ports) {
            waitingCount += port.kick();
        }
        return waitingCount;
    }

    private void observeCycle(final long nowNs) {
        if (lastCycleWorked) {
            final long durationNs = nowNs - cycleStartNs;
            counters.cycleTimes().record(durationNs);
            longestOfSecondNs = Math.max(longestOfSecondNs, durationNs);
            if (durationNs > counters.get(WorkerCounter.CYCLE_MAX_NS)) {
                counters.set(WorkerCounter.CYCLE_MAX_NS, durationNs);
            }
            if (durationNs > STALL_THRESHOLD_NS) {
                counters.add(WorkerCounter.STALLS, 1);
            }
        }
        if (nowNs - secondEndNs >= 0) {
            counters.set(WorkerCounter.CYCLE_MAX_RECENT_NS, longestOfSecondNs);
            longestOfSecondNs = 0;
            secondEndNs = nowNs + SECOND_NS;
        }
        cycleStartNs = nowNs;
    }

    private void housekeep(final long nowNs) {
        if (nowNs - housekeepingDueNs < 0) {
            return;
        }
        housekeepingDueNs = nowNs + HOUSEKEEPING_INTERVAL_NS;
        for (final PacketPort port : ports) {
            port.housekeep();
        }
        if (miscountedFrames() > 0) {
            counters.add(WorkerCounter.FRAME_MISCOUNTS, 1);
        }
        counters.set(WorkerCounter.FRAME_VIOLATIONS, ledger.violationCount());
        counters.set(WorkerCounter.FRAMES_FREE, pool.freeCount());
        counters.set(WorkerCounter.FRAMES_OUTSTANDING, ledger.outstandingCount());
        counters.set(WorkerCounter.FRAMES_HELD, ledger.count(FrameLedger.HELD));
    }

    /**
     * Holds the law of frames against what pool, burst and rings count themselves. Between two cycles.
     *
     * @return frames that are somewhere else than the ledger says; 0 when the law holds.
     */
    public int miscountedFrames() {
        int frameCount = Math.abs(pool.freeCount() - ledger.count(FrameLedger.POOL))
            + Math.abs(burst.count - ledger.count(FrameLedger.BURST));
        for (final PacketPort port : ports) {
            frameCount += port.miscountedFrames();
        }
        return frameCount;
    }

    /**
     * Gives back every frame that a failed cycle left in the burst, and forgets the cycle. Frames that a stage has
     * taken for later stay with it.
     *
     * @return frames recovered.
     */
    public int recover() {
        for (int row = 0; row < burst.count; row++) {
            final int frame = Umem.frameOf(burst.frameAddress(row));
            if (burst.verdict(row) == Verdict.HELD && frame >= 0 && frame < ledger.frameCount()
                && ledger.holderOf(frame) == FrameLedger.BURST) {
                ledger.movePacket(frame, FrameLedger.BURST, FrameLedger.HELD);
            }
        }
        final int recoveredCount = pool.recover(FrameLedger.BURST);
        burst.clear();
        lastCycleWorked = false;
        counters.add(WorkerCounter.FAILURES, 1);
        counters.add(WorkerCounter.FRAMES_RECOVERED, recoveredCount);
        return recoveredCount;
    }

    /**
     * Starts to serve a port. Before the worker runs, or by a command.
     *
     * @param port owned by the worker from now on.
     */
    public void addPort(final PacketPort port) {
        final PacketPort[] more = Arrays.copyOf(ports, ports.length + 1);
        more[ports.length] = port;
        ports = more;
        portsVersion++;
    }

    /**
     * Closes a port; its frames come back. Before the worker runs, or by a command.
     *
     * @param port one that was added.
     * @throws IllegalArgumentException if it was not.
     */
    public void removePort(final PacketPort port) {
        final int index = Arrays.asList(ports).indexOf(port);
        if (index < 0) {
            throw new IllegalArgumentException("no port of " + roleName() + ": " + port);
        }
        final PacketPort[] fewer = new PacketPort[ports.length - 1];
        System.arraycopy(ports, 0, fewer, 0, index);
        System.arraycopy(ports, index + 1, fewer, index, fewer.length - index);
        ports = fewer;
        firstPort = 0;
        portsVersion++;
        port.close();
    }

    /**
     * How other threads talk to this worker.
     *
     * @return its proxy.
     */
    public WorkerProxy proxy() {
        return proxy;
    }

    /**
     * What it counts. Any thread.
     *
     * @return its counters.
     */
    public WorkerCounters counters() {
        return counters;
    }

    /**
     * Its settings.
     *
     * @return as given.
     */
    public WorkerConfig config() {
        return config;
    }

    /** Whether a port has something that no descriptor tells of. The worker's thread. */
    boolean hasWaiting() {
        for (final PacketPort port : ports) {
            if (port.hasWaiting()) {
                return true;
            }
        }
        return false;
    }

    /** Changes whenever the ports do. The worker's thread. */
    int portsVersion() {
        return portsVersion;
    }

    /** As the last cycle's burst has it. The worker's thread. */
    int sleepMaxMs() {
        return sleepMaxMs;
    }

    /** Packets that ports could not get rid of in the last cycle. The worker's thread. */
    int transmitWaitingCount() {
        return transmitWaitingCount;
    }

    /**
     * The ports it serves now. The worker's thread.
     *
     * @return a copy.
     */
    public PacketPort[] ports() {
        return ports.clone();
    }

    @Override
    public void onClose() {
        proxy.close();
        final PacketPort[] closing = ports;
        ports = new PacketPort[0];
        for (final PacketPort port : closing) {
            port.close();
        }
    }

    @Override
    public String roleName() {
        return "worker-" + config.workerId();
    }
}
