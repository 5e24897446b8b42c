package io.caracal.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

import io.caracal.bindings.NetNamespace;
import io.caracal.control.ControlSource;
import io.caracal.control.ManifestSource;
import io.caracal.dataplane.Cleanup;
import io.caracal.dataplane.ConfigKey;
import io.caracal.dataplane.Dataplane;
import io.caracal.dataplane.DataplaneConfig;
import io.caracal.dataplane.EngineLog;
import picocli.CommandLine.Command;

/**
 * {@code caracal rehearse}: starts and stops an engine in a network namespace of its own. The build runs it once, so
 * that the JVM's ahead-of-time cache holds what a start-up needs.
 */
@Command(name = "rehearse", hidden = true, mixinStandardHelpOptions = true,
    description = "Start and stop an engine in a network namespace of its own (the build does, for the AOT cache).")
final class RehearseCommand implements Callable<Integer> {
    private static final int WARM_UP_MS = 1500;

    @Override
    public Integer call() throws IOException {
        final Path directory = Files.createTempDirectory("caracal-rehearsal");
        final String name = "caracal-rehearsal-" + ProcessHandle.current().pid();
        try (NetNamespace namespace = NetNamespace.create(name)) {
            try {
                namespace.call(() -> rehearse(directory));
            } finally {
                namespace.delete();
            }
        } finally {
            remove(directory);
        }
        return ExitCode.OK;
    }

    private static Void rehearse(final Path directory) throws IOException {
        final Path manifests = Files.createDirectory(directory.resolve("manifests"));
        Files.writeString(manifests.resolve("pod.yaml"), """
            apiVersion: projectcalico.org/v3
            kind: WorkloadEndpoint
            metadata:
              name: rehearsal-k8s-pod-eth0
              namespace: default
            spec:
              node: rehearsal
              orchestrator: k8s
              pod: pod
              endpoint: eth0
              interfaceName: calirehearsal
              mac: 02:00:00:00:00:01
              ipNetworks: [10.65.0.1/32, "fd00::1/128"]
              profiles: [kns.default]
            ---
            apiVersion: v1
            kind: Namespace
            metadata:
              name: default
            """);
        final EngineLog log = new EngineLog(System.err);
        final DataplaneConfig config = DataplaneConfig.builder()
            .set(ConfigKey.NODE, "rehearsal")
            .set(ConfigKey.STATE_DIRECTORY, directory.resolve("state").toString())
            .set(ConfigKey.ADMIN_SOCKET, directory.resolve("admin.sock").toString())
            .set(ConfigKey.BPF_FILE_SYSTEM, directory.resolve("bpf").toString())
            .set(ConfigKey.WARM_UP_MS, String.valueOf(WARM_UP_MS))
            .conclude();
        try (ControlSource source = new ManifestSource(manifests, config.node());
            Dataplane dataplane = Dataplane.launch(config, source, log);
            AdminClient client = AdminClient.connect(directory.resolve("admin.sock"))) {
            client.ask("status");
            client.ask("counters");
            log.info("rehearsed with " + dataplane.attachedCount() + " workloads");
        } finally {
            Cleanup.run(config).forEach(each -> log.info("removed " + each));
        }
        return null;
    }

    private static void remove(final Path directory) throws IOException {
        final List<Path> files;
        try (Stream<Path> walk = Files.walk(directory)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path file : files) {
            Files.delete(file);
        }
    }
}
