package io.caracal.perf.forward;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import io.caracal.bindings.CpuAffinity;
import io.caracal.port.PortCounter;
import io.caracal.port.XskPort;
import io.caracal.worker.PacketWorker;

/**
 * Runs a worker's burst cycles on a pinned thread, spinning, whenever it is told to: the counterpart of the twin's loop
 * in {@code cfwd.c}, with the same two clocks around a cycle and its kick. Between two runs the thread is parked.
 */
final class ForwardLoop {
    private enum Mode { PAUSED, RUNNING, MEASURING, ENDED }

    private static final int CLOCK_CALLS = 1_000_000;

    private final PacketWorker worker;
    private final ObservedPort ingress;
    private final ObservedPort egress;
    private final XskPort transmitter;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile Mode mode = Mode.PAUSED;
    private boolean parked;
    private long busyNs;
    private long idleKickNs;
    private long cycleCount;
    private Totals before = new Totals(0, 0, 0);

    ForwardLoop(final PacketWorker worker, final ObservedPort ingress, final ObservedPort egress,
                final XskPort transmitter, final int cpu) {
        this.worker = worker;
        this.ingress = ingress;
        this.egress = egress;
        this.transmitter = transmitter;
        thread = Thread.ofPlatform().name("forward").start(() -> forwardUntilEnded(cpu));
    }

    void run(final boolean measured) {
        setMode(measured ? Mode.MEASURING : Mode.RUNNING);
    }

    /** Stops and tells what was counted since {@link #run}. */
    ForwarderCounters pause() {
        setMode(Mode.PAUSED);
        final Totals now = totals();
        return new ForwarderCounters(ingress.receivedCount(), now.transmitted - before.transmitted,
            now.dropped - before.dropped, cycleCount, now.kicks - before.kicks, busyNs,
            egress.kickNs() - idleKickNs, clockCostNs());
    }

    void end() throws InterruptedException {
        setMode(Mode.ENDED);
        thread.join();
    }

    private Totals totals() {
        return new Totals(worker.counters().txPackets(), worker.counters().drops(),
            transmitter.counters().get(PortCounter.TX_WAKEUPS.ordinal()));
    }

    private void setMode(final Mode wanted) {
        lock.lock();
        try {
            mode = wanted;
            changed.signalAll();
            while (wanted == Mode.PAUSED && !parked) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private void forwardUntilEnded(final int cpu) {
        CpuAffinity.pin(cpu);
        lock.lock();
        try {
            while (mode != Mode.ENDED) {
                if (mode == Mode.PAUSED) {
                    parked = true;
                    changed.signalAll();
                    changed.awaitUninterruptibly();
                } else {
                    forwardUnlocked();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void forwardUnlocked() {
        parked = false;
        lock.unlock();
        try {
            forwardUntilTold();
        } finally {
            lock.lock();
        }
    }

    private void forwardUntilTold() {
        before = totals();
        busyNs = 0;
        cycleCount = 0;
        idleKickNs = 0;
        /* Only transmission goes into the kernel; the kick of the receiving side is Java. */
        ingress.reset(false);
        egress.reset(mode == Mode.MEASURING);
        while (mode == Mode.RUNNING) {
            runCycle();
        }
        while (mode == Mode.MEASURING) {
            measureCycle();
        }
    }

    private void runCycle() {
        final long receivedBefore = ingress.receivedCount();
        worker.doWork();
        if (ingress.receivedCount() != receivedBefore) {
            cycleCount++;
        }
    }

    private void measureCycle() {
        final long startNs = System.nanoTime();
        final long receivedBefore = ingress.receivedCount();
        final long kickBeforeNs = egress.kickNs();
        worker.doWork();
        if (ingress.receivedCount() != receivedBefore) {
            busyNs += System.nanoTime() - startNs;
            cycleCount++;
        } else {
            idleKickNs += egress.kickNs() - kickBeforeNs;
        }
    }

    /** What one look at the clock costs; the reader subtracts it as often as clocks stand in the measured time. */
    private static long clockCostNs() {
        final long startNs = System.nanoTime();
        for (int call = 1; call < CLOCK_CALLS; call++) {
            System.nanoTime();
        }
        return Math.round((double)(System.nanoTime() - startNs) / CLOCK_CALLS);
    }

    /** What the path itself counts, since its start. */
    private record Totals(long transmitted, long dropped, long kicks) {
    }
}
