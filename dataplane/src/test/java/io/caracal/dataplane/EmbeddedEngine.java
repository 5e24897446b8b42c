package io.caracal.dataplane;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.control.ControlSource;
import io.caracal.control.ManifestSource;
import io.caracal.lab.LabNode;

/** An engine in the test's own JVM, on a node of a lab; small, and quick to see a changed manifest. */
final class EmbeddedEngine implements AutoCloseable {
    private static final int POLL_INTERVAL_MS = 50;

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final LabNode node;
    private final DataplaneConfig config;
    private final ControlSource source;
    private final Dataplane dataplane;

    private EmbeddedEngine(final LabNode node, final ControlSource source, final DataplaneConfig config) {
        this.node = node;
        this.config = config;
        this.source = source;
        dataplane = node.call(this::start);
    }

    private Dataplane start() {
        try {
            return Dataplane.launch(config, source, new EngineLog(new PrintStream(logged, true)));
        } catch (final RuntimeException failure) {
            source.close();
            throw failure;
        }
    }

    static EmbeddedEngine launch(final LabNode node, final String... settings) {
        return new EmbeddedEngine(node,
            new ManifestSource(node.manifests(), node.name(), POLL_INTERVAL_MS), config(node, settings));
    }

    /** Listens for Felix at {@link #felixSocket}, and keeps nothing of what it said. */
    static EmbeddedEngine launchForFelix(final LabNode node, final String... settings) {
        final List<String> all = new ArrayList<>(List.of("felix=" + felixSocket(node), "felix-state=none"));
        all.addAll(List.of(settings));
        final DataplaneConfig config = config(node, all.toArray(String[]::new));
        return new EmbeddedEngine(node, ControlSources.open(config), config);
    }

    /** Of a test's word such as {@code native-copy by 3 workers}: 1 unless it says how many. */
    static int workers(final String words) {
        return words.contains(" by ") ? Integer.parseInt(words.split(" by ")[1].split(" ")[0]) : 1;
    }

    static Path felixSocket(final LabNode node) {
        return node.adminSocket().resolveSibling("felix.sock");
    }

    Dataplane dataplane() {
        return dataplane;
    }

    /** @param settings {@code key=value} each. */
    static DataplaneConfig config(final LabNode node, final String... settings) {
        final DataplaneConfig.Builder builder = DataplaneConfig.builder()
            .set(ConfigKey.NODE, node.name())
            .set(ConfigKey.STATE_DIRECTORY, node.state().toString())
            .set(ConfigKey.ADMIN_SOCKET, node.adminSocket().toString())
            .set(ConfigKey.BPF_FILE_SYSTEM, node.bpfFileSystem().toString())
            .set(ConfigKey.MTU_FILE, node.state().resolve("mtu").toString())
            .set(ConfigKey.WARM_UP_MS, "50")
            .set(ConfigKey.FRAME_COUNT, "4096")
            .set(ConfigKey.RING_DEPTH, "512");
        for (final String setting : settings) {
            builder.set(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        return builder.conclude();
    }

    String log() {
        return logged.toString();
    }

    /** {@code caracal cleanup}, on the node. */
    List<String> cleanUp() {
        return node.call(() -> Cleanup.run(config));
    }

    @Override
    public void close() {
        dataplane.close();
        source.close();
    }
}
