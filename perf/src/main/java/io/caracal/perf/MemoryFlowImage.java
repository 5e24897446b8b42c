package io.caracal.perf;

import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowImageSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A benchmark's flow tables: files in memory without a name, so that none is left where a benchmark is ended. */
final class MemoryFlowImage {
    private static final Path MEMORY = Path.of("/dev/shm");

    private MemoryFlowImage() {
    }

    /**
     * Makes a table's file; it is gone when the image is closed.
     *
     * @param ipVersion 4 or 6.
     * @param capacity flows.
     * @throws IOException if it cannot be made.
     */
    static FlowImage open(final int ipVersion, final int capacity) throws IOException {
        final Path file = Files.isWritable(MEMORY) ? Files.createTempFile(MEMORY, "caracal-bench-", "")
            : Files.createTempFile("caracal-bench-", "");
        try {
            return FlowImage.open(file, new FlowImageSpec(ipVersion, capacity, 0, 1), BootIdentity.current());
        } finally {
            Files.delete(file);
        }
    }
}
