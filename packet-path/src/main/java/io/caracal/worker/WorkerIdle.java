package io.caracal.worker;

import org.agrona.concurrent.IdleStrategy;

/**
 * What a worker does between cycles that find nothing: spin for a while, because the answer to what it has just sent
 * comes soon; yield, because somebody else may need the core to make it; then sleep. The worker's thread, but for
 * {@link #stayAwake()}.
 */
final class WorkerIdle implements IdleStrategy {
    /** Enough for a runnable pod on the same core to get its turn before the cost of a sleep. */
    private static final int MAX_YIELDS = 4;

    private final IdleMode mode;
    private final long spinNs;
    private final WorkerPoll poll;
    private final WorkerProxy proxy;
    private final PacketWorker worker;
    private volatile boolean stayAwake;
    private boolean idling;
    private long idleSinceNs;
    private int yieldCount;

    WorkerIdle(final PacketWorker worker, final WorkerPoll poll) {
        mode = worker.config().idle();
        spinNs = worker.config().idleSpinNs();
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
        if (mode == IdleMode.SPIN || System.nanoTime() - idleSinceNs < spinNs) {
            Thread.onSpinWait();
        } else if (yieldCount < MAX_YIELDS) {
            yieldCount++;
            Thread.yield();
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
        idling = false;
        yieldCount = 0;
    }

    /** Makes the worker sleep no more, so that it sees that it shall end. Any thread. */
    void stayAwake() {
        stayAwake = true;
    }
}
