package io.caracal.control;

/** Waits for the end of a thread that has been told to end. Stateless; any thread but that one. */
public final class ThreadEnd {
    private ThreadEnd() {
    }

    /**
     * Waits as long as it takes; an interrupt meanwhile is kept for whoever looks for it.
     *
     * @param thread that ends.
     */
    public static void await(final Thread thread) {
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
