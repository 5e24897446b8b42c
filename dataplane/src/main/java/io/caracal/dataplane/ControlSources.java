package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.caracal.control.ControlSource;
import io.caracal.control.ManifestSource;
import io.caracal.control.felix.FelixSource;
import io.caracal.control.felix.FelixSourceConfig;

/** What a configuration says control comes from: Felix, or manifests. */
public final class ControlSources {
    private static final String STATE_FILE = "felix-state.bin";

    private ControlSources() {
    }

    /**
     * Opens the source; nothing is read before the engine starts it. Makes the directory of Felix's socket where there
     * is none.
     *
     * @param config of the engine.
     * @return not started; the caller closes it.
     */
    public static ControlSource open(final DataplaneConfig config) {
        final List<Path> manifests = config.paths(ConfigKey.MANIFESTS);
        if (!manifests.isEmpty()) {
            return new ManifestSource(manifests, config.node(), Map.of(), ManifestSource.POLL_INTERVAL_MS_DEFAULT);
        }
        final Path socket = config.path(ConfigKey.FELIX).orElse(FelixSourceConfig.SOCKET_DEFAULT).toAbsolutePath();
        try {
            Files.createDirectories(socket.getParent());
        } catch (final IOException failure) {
            throw new UncheckedIOException("make the directory of Felix's socket " + socket, failure);
        }
        return new FelixSource(new FelixSourceConfig(socket, felixState(config),
            config.number(ConfigKey.FELIX_FRAME_MAX_BYTES), FelixSourceConfig.COALESCE_MS_DEFAULT));
    }

    /** Files that an engine of this configuration may have left: what Felix said, and its socket after a kill. */
    static List<Path> leftovers(final DataplaneConfig config) {
        final Path state = config.path(ConfigKey.STATE_DIRECTORY).orElseThrow().resolve(STATE_FILE);
        return List.of(state, state.resolveSibling(STATE_FILE + ".new"),
            config.path(ConfigKey.FELIX).orElse(FelixSourceConfig.SOCKET_DEFAULT));
    }

    /** Where what Felix said is kept; absent where it is not. */
    static Optional<Path> felixState(final DataplaneConfig config) {
        return "keep".equals(config.text(ConfigKey.FELIX_STATE))
            ? config.path(ConfigKey.STATE_DIRECTORY).map(directory -> directory.resolve(STATE_FILE))
            : Optional.empty();
    }
}
