package io.caracal.dataplane;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * That the node is this engine's: the lock of its state directory, from when it is had until the close. What changes
 * anything on the node waits for it; what only prepares does not, so that an engine that takes another's place prepares
 * while that one serves.
 */
final class NodeHold implements AutoCloseable {
    private final CompletableFuture<EngineLock> lock = new CompletableFuture<>();

    /** No other engine runs here any more. The starting thread; once. */
    void take(final EngineLock taken) {
        lock.complete(taken);
    }

    /**
     * Begins a part of the start that waits for the node.
     *
     * @param name of its thread.
     * @param work what it does then.
     * @return to be closed by the caller, after {@link #giveUp}.
     */
    StartTask begin(final String name, final Runnable work) {
        return StartTask.begin(name, () -> {
            lock.join();
            work.run();
        });
    }

    /** Lets go of who waits: the start has failed. Does nothing once the node is taken. */
    void giveUp() {
        lock.cancel(false);
    }

    /** The node is anybody's. */
    @Override
    public void close() {
        try {
            lock.join().close();
        } catch (final CancellationException neverTaken) {
            return;
        }
    }
}
