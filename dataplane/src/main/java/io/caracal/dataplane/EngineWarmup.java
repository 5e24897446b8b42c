package io.caracal.dataplane;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.caracal.bindings.ThreadNice;
import io.caracal.network.TaskEnd;
import io.caracal.worker.SystemCallWarmup;

/**
 * Makes the packet path's code fast, on a thread of its own, in two parts. First two thousand synthetic packets, so
 * that a real one meets linked classes and code that is compiled once, for else it would wait for milliseconds; the
 * workers wait for that. Then, once they run, packets for as long as the configuration says, so that the optimising
 * compiler has its work behind it before there is load. That second part is most of the work, takes what others leave
 * of the processors, and no pod waits for it.
 *
 * <p>Begun and closed by the starting thread.</p>
 */
final class EngineWarmup implements AutoCloseable {
    /** The JVM compiles at first what was called 200 times, or 24 times with 2000 rounds of its loops: a burst's. */
    private static final int FIRST_CYCLES = 14;
    /** New flows are what comes first, and the longest way through the stages. */
    private static final int OPENING_CYCLES = 14;
    /** Of each call. */
    private static final int FIRST_SYSTEM_CALLS = 500;
    /** About a millisecond of compiled code, after which it looks whether it is to end. */
    private static final int CYCLES = 32;
    /** A tenth of a usual thread's weight. */
    private static final int NICE = 10;
    /** The first packets have the processors to themselves; under load they are what the compiler learns from. */
    private static final int PAUSE_MS = 500;

    private final Path directory;
    private final long durationMs;
    private final EngineLog log;
    private final CompletableFuture<Void> first = new CompletableFuture<>();
    private final CompletableFuture<Void> goOn = new CompletableFuture<>();
    private final StartTask task;
    private final CountDownLatch ended = new CountDownLatch(1);

    private EngineWarmup(final Path directory, final long durationMs, final EngineLog log) {
        this.directory = directory;
        this.durationMs = durationMs;
        this.log = log;
        task = StartTask.begin("warm-up", this::run);
    }

    /**
     * Begins.
     *
     * @param directory where flows may be for a moment.
     * @param durationMs of the second part; 0 = no warm-up at all.
     * @param log where a failure of the second part goes; one of the first is {@link #awaitFirst}'s.
     * @return to be closed by the caller; it ends by itself when all is done.
     */
    static EngineWarmup begin(final Path directory, final long durationMs, final EngineLog log) {
        return new EngineWarmup(directory, durationMs, log);
    }

    private void run() {
        try {
            if (durationMs > 0) {
                warmUp();
            }
            first.complete(null);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (final RuntimeException | Error failure) {
            if (!first.completeExceptionally(failure)) {
                log.error("warm the packet path up (it is compiled while packets pass)", failure);
            }
        }
    }

    private void warmUp() throws InterruptedException {
        SystemCallWarmup.runPlain(FIRST_SYSTEM_CALLS);
        try (PathWarmup path = new PathWarmup(directory)) {
            path.run(FIRST_CYCLES);
            path.runOpenings(OPENING_CYCLES);
            first.complete(null);
            goOn.join();
            ThreadNice.set(NICE);
            /* Links the call of a kick that fails, which no first packet makes. */
            SystemCallWarmup.run(1);
            if (ended.await(PAUSE_MS, TimeUnit.MILLISECONDS)) {
                return;
            }
            SystemCallWarmup.run(SystemCallWarmup.CALL_COUNT);
            final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(durationMs);
            while (ended.getCount() > 0 && System.nanoTime() - deadlineNs < 0) {
                path.run(CYCLES);
            }
        }
    }

    /** Waits for the first part. */
    void awaitFirst() {
        TaskEnd.await(first);
    }

    /** The workers run, and the rest may begin. */
    void goOn() {
        goOn.complete(null);
    }

    /** Ends it, and waits for that. */
    @Override
    public void close() {
        ended.countDown();
        goOn.complete(null);
        task.close();
    }
}
