package io.caracal.dataplane;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Puts memory under the flows to come, behind the first packets: clearing it takes a tenth of a second and more, and
 * the first flows need a few pages, which come as they are touched. On a thread of its own; begun and closed by the
 * starting thread.
 */
final class FlowMemory implements AutoCloseable {
    /** The first packets have the processors to themselves. */
    private static final int PAUSE_MS = 300;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final StartTask task;

    private FlowMemory(final WorkerGroup workers) {
        task = StartTask.begin("flow-memory", () -> run(workers));
    }

    /**
     * Begins.
     *
     * @param workers that run, until this is closed.
     * @return to be closed by the caller; it ends by itself when all is done.
     */
    static FlowMemory begin(final WorkerGroup workers) {
        return new FlowMemory(workers);
    }

    private void run(final WorkerGroup workers) {
        try {
            if (!ended.await(PAUSE_MS, TimeUnit.MILLISECONDS)) {
                workers.populate();
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it, and waits for that. */
    @Override
    public void close() {
        ended.countDown();
        task.close();
    }
}
