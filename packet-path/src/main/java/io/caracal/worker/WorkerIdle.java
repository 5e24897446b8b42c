package io.caracal.worker;

import org.agrona.concurrent.IdleStrategy;

/**
 * What a worker does between cycles that find nothing: spin where that has paid ({@link SpinGovernor}), else sleep. It
 * does not yield: a packet wakes a sleeper at once, but who yields waits for the others' slices to end. The worker's
 * thread, but for {@link #stayAwake()}.
 */
final class WorkerIdle implements IdleStrategy {
    private final IdleMode mode;
    private final SpinGovernor governor;
    private final WorkerPoll poll;
    private final WorkerProxy proxy;
    private final PacketWorker worker;
    private volatile boolean stayAwake;
    private boolean idling;
    private long idleSinceNs;

    WorkerIdle(final PacketWorker worker, final WorkerPoll poll) {
        mode = worker.config().idle();
        governor = new SpinGovernor(worker.config().idleSpinNs());
        proxy = worker.proxy();
        this.worker = worker;
        this.poll = poll;
    }

    @Override
    public void idle(final int workCount) {
        if (workCount > 0) {
            reset();
        } else {
            idle();
        }
    }

    @Override
    public void idle() {
        if (!idling) {
            idling = true;
            idleSinceNs = System.nanoTime();
        }
        if (mode == IdleMode.SPIN || governor.allows(System.nanoTime() - idleSinceNs)) {
            Thread.onSpinWait();
        } else {
            sleep();
        }
    }

    private void sleep() {
        final SleepGate gate = proxy.gate();
        gate.announceSleep();
        if (!proxy.hasCommands() && !stayAwake && !worker.hasWaiting()) {
            poll.sleep();
        }
        gate.awake();
    }

    @Override
    public void reset() {
        if (idling) {
            idling = false;
            governor.ended(System.nanoTime() - idleSinceNs);
        }
    }

    /** Makes the worker sleep no more, so that it sees that it shall end. Any thread. */
    void stayAwake() {
        stayAwake = true;
    }
}
