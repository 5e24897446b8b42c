package io.caracal.port;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The descriptors of this process that the packet path opens: the virtual machine opens and closes files of its own.
 */
public final class OpenDescriptors {
    private OpenDescriptors() {
    }

    /**
     * Counts sockets, eventfds, BPF objects and memory files.
     *
     * @return how many are open now.
     * @throws IOException if /proc cannot be read.
     */
    public static int count() throws IOException {
        int count = 0;
        try (DirectoryStream<Path> links = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (final Path link : links) {
                count += isOurs(link) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isOurs(final Path link) {
        try {
            final String target = Files.readSymbolicLink(link).toString();
            return target.startsWith("socket:") || target.startsWith("anon_inode:") || target.startsWith("/memfd:");
        } catch (final IOException closedMeanwhile) {
            return false;
        }
    }
}
