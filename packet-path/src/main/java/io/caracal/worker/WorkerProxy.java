package io.caracal.worker;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.LongAdder;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;

/**
 * How other threads talk to a worker: any thread submits commands, the worker's thread runs them between two burst
 * cycles. Submitting never blocks; a full queue is counted and the command refused.
 */
public final class WorkerProxy {
    private final PacketWorker worker;
    private final MpscVarHandleArrayQueue<FutureTask<Void>> queue;
    private final SleepGate gate = new SleepGate();
    private final LongAdder refusedCount = new LongAdder();
    private volatile Runnable waker = () -> { };
    private volatile Runnable cycleWaker = () -> { };
    private volatile boolean closed;

    WorkerProxy(final PacketWorker worker, final int depth) {
        this.worker = worker;
        queue = new MpscVarHandleArrayQueue<>(depth);
    }

    /**
     * Asks the worker to run a command.
     *
     * @param command runs on the worker's thread.
     * @return done when it has run; fails with what it threw, with {@link IllegalStateException} when the queue is
     *     full, and is cancelled when the worker ends first. Waiting for it on the worker's own thread never ends.
     */
    public Future<Void> submit(final WorkerCommand command) {
        final FutureTask<Void> task = new FutureTask<>(() -> {
            runCounted(command);
            return null;
        });
        if (closed) {
            return CompletableFuture.failedFuture(new CancellationException(worker.roleName() + " has ended"));
        }
        if (!queue.offer(task)) {
            refusedCount.increment();
            return CompletableFuture.failedFuture(new IllegalStateException("command queue of " + worker.roleName()
                + " is full (" + queue.capacity() + " wait): the worker stalls or is given too many commands"));
        }
        if (closed) {
            cancelAll();
        }
        wake();
        return task;
    }

    private void runCounted(final WorkerCommand command) throws Exception {
        boolean succeeded = false;
        try {
            command.run(worker);
            succeeded = true;
        } finally {
            worker.counters().add(succeeded ? WorkerCounter.COMMANDS : WorkerCounter.COMMANDS_FAILED, 1);
        }
    }

    /** Ends the worker's sleep, if it sleeps. Any thread. */
    public void wake() {
        if (gate.mustWake()) {
            waker.run();
        }
    }

    /** Ends the worker's sleep, if it sleeps, from another worker's cycle: no lock, no garbage. */
    void wakeFromCycle() {
        if (gate.mustWake()) {
            cycleWaker.run();
        }
    }

    /**
     * Commands refused because the queue was full. Any thread.
     *
     * @return commands.
     */
    public long refusedCount() {
        return refusedCount.sum();
    }

    /** Runs some waiting commands. The worker's thread. */
    int runCommands(final int atMost) {
        int count = 0;
        while (count < atMost) {
            final FutureTask<Void> task = queue.poll();
            if (task == null) {
                break;
            }
            task.run();
            count++;
        }
        return count;
    }

    boolean hasCommands() {
        return !queue.isEmpty();
    }

    SleepGate gate() {
        return gate;
    }

    void wakeBy(final Runnable eventWriter, final Runnable cycleEventWriter) {
        waker = eventWriter;
        cycleWaker = cycleEventWriter;
    }

    /** Refuses everything from now on. The worker's thread, at its end. */
    void close() {
        closed = true;
        waker = () -> { };
        cancelAll();
    }

    /* Synchronised because a late submitter may drain too, and the queue has a single consumer. */
    private synchronized void cancelAll() {
        for (FutureTask<Void> task = queue.poll(); task != null; task = queue.poll()) {
            task.cancel(false);
        }
    }
}
