package io.caracal.worker;

import io.caracal.bindings.CpuAffinity;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.ThreadNice;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.AgentRunner;

/**
 * Runs a {@link PacketWorker} on a platform thread of its own, pinned if its configuration says so. A cycle that throws
 * is reported, its frames are recovered, and the worker goes on after a pause that grows while it keeps failing; other
 * workers are not touched.
 *
 * <p>To end an engine: detach its XDP programs (or clear the XSKMAP), close the worker threads (each closes its ports,
 * so the sockets), close the {@link io.caracal.xsk.UmemAnchor}, close the {@link io.caracal.umem.Umem}.</p>
 */
public final class WorkerThread implements AutoCloseable {
    private static final long FIRST_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_PAUSE_NS = TimeUnit.SECONDS.toNanos(1);
    /** A worker that ran this long without failing starts with the shortest pause again. */
    private static final long FORGIVE_NS = TimeUnit.SECONDS.toNanos(10);
    /**
     * A worker sleeps as soon as there is nothing to do, but when a packet wakes it, it must not wait until a compiler
     * or a control thread has used up its slice: at 0 the first packets of an engine waited up to 14 ms for that. Ten
     * times the weight of a usual thread; not more, for pods' own processes need that CPU, too.
     */
    private static final int NICE = -10;
    /** The least that can be asked for: a burst takes some 10 us, and the first packet of a flow waits for its turn. */
    private static final long SLICE_NS = TimeUnit.MICROSECONDS.toNanos(100);

    private final PacketWorker worker;
    private final WorkerPoll poll;
    private final WorkerIdle idle;
    private final AgentRunner runner;
    private final Thread thread;

    private WorkerThread(final PacketWorker worker, final ErrorHandler errorHandler) {
        this.worker = worker;
        poll = new WorkerPoll(worker, worker.config().pollTimeoutMs());
        idle = new WorkerIdle(worker, poll);
        worker.proxy().wakeBy(poll::wake, poll::ring);
        runner = new AgentRunner(idle, new FailureHandler(worker, errorHandler), null, worker);
        final CompletableFuture<Void> pinned = new CompletableFuture<>();
        thread = Thread.ofPlatform().name("caracal-" + worker.roleName()).daemon().start(() ->
            pinAndRun(pinned, errorHandler));
        awaitPinning(pinned);
    }

    /**
     * Starts a worker.
     *
     * @param worker not running yet.
     * @param errorHandler told, on the worker's thread, what a cycle throws; must not throw.
     * @return its running thread.
     * @throws io.caracal.bindings.NativeCallException EINVAL if the configured CPU does not exist or is not allowed.
     */
    public static WorkerThread start(final PacketWorker worker, final ErrorHandler errorHandler) {
        return new WorkerThread(worker, errorHandler);
    }

    private void pinAndRun(final CompletableFuture<Void> pinned, final ErrorHandler errorHandler) {
        try {
            if (worker.config().cpu() != WorkerConfig.ANY_CPU) {
                CpuAffinity.pin(worker.config().cpu());
            }
        } catch (final RuntimeException failure) {
            pinned.completeExceptionally(failure);
            return;
        }
        pinned.complete(null);
        favour(errorHandler);
        runner.run();
    }

    /** Without the right to it, a worker works on as others do. */
    private static void favour(final ErrorHandler errorHandler) {
        try {
            ThreadNice.set(NICE, SLICE_NS);
        } catch (final NativeCallException refused) {
            errorHandler.onError(refused);
        }
    }

    private void awaitPinning(final CompletableFuture<Void> pinned) {
        try {
            pinned.join();
        } catch (final CompletionException failure) {
            poll.close();
            throw failure.getCause() instanceof final RuntimeException cause ? cause : failure;
        }
    }

    /**
     * The worker that this thread runs.
     *
     * @return as given.
     */
    public PacketWorker worker() {
        return worker;
    }

    /**
     * Whether the worker still runs.
     *
     * @return false after {@link #close()}.
     */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /**
     * Probes what this worker's thread allocates from now on.
     *
     * @return a new probe; 0 bytes a cycle once the worker is warm.
     */
    public AllocationProbe allocationProbe() {
        return new AllocationProbe(thread.threadId());
    }

    /**
     * Ends the worker after its cycle and waits for it; its ports are closed then. What others wake it by stays until
     * {@link #close}: workers that hand packets over to each other end all before one of them is closed.
     */
    public void end() {
        idle.stayAwake();
        worker.proxy().wake();
        runner.close();
    }

    /** The same, and gives everything back. Further calls do nothing. */
    @Override
    public void close() {
        end();
        poll.close();
    }

    /** What happens to a worker whose cycle threw. Runs on the worker's thread. */
    private static final class FailureHandler implements ErrorHandler {
        private final PacketWorker worker;
        private final ErrorHandler errorHandler;
        private long pauseNs = FIRST_PAUSE_NS;
        private long lastFailureNs = System.nanoTime();

        FailureHandler(final PacketWorker worker, final ErrorHandler errorHandler) {
            this.worker = worker;
            this.errorHandler = errorHandler;
        }

        @Override
        public void onError(final Throwable thrown) {
            final long nowNs = System.nanoTime();
            pauseNs = nowNs - lastFailureNs > FORGIVE_NS ? FIRST_PAUSE_NS : Math.min(2 * pauseNs, LONGEST_PAUSE_NS);
            lastFailureNs = nowNs;
            worker.recover();
            errorHandler.onError(thrown);
            LockSupport.parkNanos(pauseNs);
        }
    }
}
