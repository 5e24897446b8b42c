package io.caracal.dataplane;

import java.util.concurrent.CompletableFuture;

import io.caracal.network.TaskEnd;

/**
 * A part of the start that runs beside the others, on a thread of its own in the caller's network namespace (the common
 * pool's threads would keep that of whoever used them first). Whoever begins it closes it, before what it uses.
 */
final class StartTask implements AutoCloseable {
    private final CompletableFuture<Void> end;

    private StartTask(final String name, final Runnable work) {
        end = CompletableFuture.runAsync(work, task ->
            Thread.ofPlatform().name("caracal-" + name).daemon(true).start(task));
    }

    /**
     * Begins.
     *
     * @param name of the thread.
     * @param work what it does.
     * @return the running task.
     */
    static StartTask begin(final String name, final Runnable work) {
        return new StartTask(name, work);
    }

    /**
     * Waits until it is done.
     *
     * @throws RuntimeException what the work has thrown.
     */
    void await() {
        TaskEnd.await(end);
    }

    /** Waits until it has ended, so that nothing is taken from under it; {@link #await} says how it ended. */
    @Override
    public void close() {
        end.exceptionally(failure -> null).join();
    }
}
