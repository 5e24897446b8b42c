package io.caracal.control.felix;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * How Felix is listened to.
 *
 * @param socket        path of the unix socket, which {@code caracal-felix} connects to.
 * @param stateFile     where what Felix said is kept for the next start; absent to keep nothing.
 * @param frameMaxBytes longest frame that is taken.
 * @param coalesceMs    how long changes are gathered after in-sync before they are told, 0 to 1000 ms.
 */
public record FelixSourceConfig(Path socket, Optional<Path> stateFile, long frameMaxBytes, int coalesceMs) {
    /** The default of {@code caracal-felix}. */
    public static final Path SOCKET_DEFAULT = Path.of("/run/caracal/felix.sock");
    /**
     * Felix gathers changes for 10 ms itself; a few more let one flush of it be one change of ours. More would delay a
     * new pod's first packet, less would publish a policy several times for one flush.
     */
    public static final int COALESCE_MS_DEFAULT = 3;

    private static final int COALESCE_MS_MAX = 1000;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the value that cannot be.
     */
    public FelixSourceConfig {
        Objects.requireNonNull(socket, "socket");
        Objects.requireNonNull(stateFile, "stateFile");
        if (frameMaxBytes < 1 || frameMaxBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("frameMaxBytes " + frameMaxBytes + " is not 1 to " + Integer.MAX_VALUE);
        }
        if (coalesceMs < 0 || coalesceMs > COALESCE_MS_MAX) {
            throw new IllegalArgumentException("coalesceMs " + coalesceMs + " is not 0 to " + COALESCE_MS_MAX);
        }
    }

    /**
     * The defaults for a socket.
     *
     * @param socket path of the unix socket.
     * @return with nothing kept.
     */
    public static FelixSourceConfig of(final Path socket) {
        return new FelixSourceConfig(socket, Optional.empty(), FelixFrameReader.FRAME_MAX_BYTES_DEFAULT,
            COALESCE_MS_DEFAULT);
    }

    /**
     * The same with a file for the state.
     *
     * @param file where it is kept.
     * @return a changed copy.
     */
    public FelixSourceConfig withStateFile(final Path file) {
        return new FelixSourceConfig(socket, Optional.of(file), frameMaxBytes, coalesceMs);
    }
}
