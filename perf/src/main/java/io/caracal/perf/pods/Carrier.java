package io.caracal.perf.pods;

import java.io.Closeable;
import java.io.IOException;

/** What carries a path's packets. Closed with the path. */
interface Carrier extends Closeable {
    /** The kernel: there as long as the pods are, idle without packets. */
    Carrier KERNEL = () -> { };

    /** Lets it carry. */
    default void resume() throws IOException, InterruptedException {
    }

    /** Stops what would poll a processor away from whoever is measured. */
    default void pause() throws IOException, InterruptedException {
    }
}
