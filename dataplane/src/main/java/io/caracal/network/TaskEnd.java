package io.caracal.network;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** The end of what another thread does. Any thread. */
public final class TaskEnd {
    private TaskEnd() {
    }

    /**
     * Waits for it. What the task has thrown is thrown here as it is: whoever waits need not know that it was done
     * elsewhere.
     *
     * @param end of the task.
     * @param <T> what it makes.
     * @return what it has made.
     * @throws RuntimeException what it has thrown; CompletionException with the cause for what is none.
     */
    public static <T> T await(final CompletableFuture<T> end) {
        try {
            return end.join();
        } catch (final CompletionException failure) {
            if (failure.getCause() instanceof final RuntimeException cause) {
                throw cause;
            }
            throw failure;
        }
    }
}
