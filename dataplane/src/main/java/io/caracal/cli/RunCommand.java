package io.caracal.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

import io.caracal.control.ControlSource;
import io.caracal.control.ManifestSource;
import io.caracal.dataplane.ConfigKey;
import io.caracal.dataplane.Dataplane;
import io.caracal.dataplane.DataplaneConfig;
import io.caracal.dataplane.EngineLog;
import io.caracal.dataplane.ServiceNotification;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code caracal run}: the engine, in the foreground, until SIGTERM or SIGINT. */
@Command(name = "run", mixinStandardHelpOptions = true, sortOptions = false,
    description = "The engine, in the foreground. Its last start-up line is \"ready\".",
    footer = {
        "", "Example:",
        "  caracal run --node node-1 --manifests /etc/caracal/manifests",
        "  caracal run --manifests lab/ --set workers=2 --set on-engine-loss=pass", "",
        "Settings for --config and --set: caracal run --settings"
    })
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private SettingsMixin settings;
    @Option(names = "--manifests", paramLabel = "DIR", description = "Calico v3 YAML instead of a cluster")
    private String manifests;
    @Option(names = "--workers", paramLabel = "N", description = "packet workers (default: 1)")
    private String workers;
    @Option(names = "--settings", description = "list every setting and its default, then exit")
    private boolean listSettings;
    @Option(names = "--exit-on-stdin-close",
        description = "end when standard input closes, so that the engine cannot outlive who started it")
    private boolean exitOnStdinClose;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (listSettings) {
            printSettings();
            return ExitCode.OK;
        }
        final DataplaneConfig config = config();
        final Path directory = config.path(ConfigKey.MANIFESTS).orElseThrow(() -> new ParameterException(
            spec.commandLine(), "nothing says what runs on this node: give --manifests DIR"));
        if (!Files.exists(directory)) {
            throw new ParameterException(spec.commandLine(), "setting manifests=" + directory + " is not there");
        }
        final EngineLog log = new EngineLog(System.err);
        final CountDownLatch stop = new CountDownLatch(1);
        final CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(stop, closed), "caracal-shutdown"));
        try (ControlSource source = new ManifestSource(directory, config.node());
            Dataplane dataplane = Dataplane.launch(config, source, log)) {
            if (exitOnStdinClose) {
                Thread.ofPlatform().name("caracal-stdin").daemon(true).start(() -> awaitEndOfInput(stop, log));
            }
            log.info(dataplane.attachedCount() + " workloads attached");
            System.out.println("ready");
            ServiceNotification.ready(log);
            stop.await();
            log.info("stopping");
        } finally {
            closed.countDown();
        }
        return ExitCode.OK;
    }

    private DataplaneConfig config() {
        final DataplaneConfig.Builder builder = settings.builder();
        SettingsMixin.setIfGiven(builder, ConfigKey.MANIFESTS, manifests);
        SettingsMixin.setIfGiven(builder, ConfigKey.WORKERS, workers);
        return builder.conclude();
    }

    private void printSettings() {
        for (final ConfigKey key : ConfigKey.values()) {
            spec.commandLine().getOut().printf("%-20s %-24s %s%n", key.key(),
                key.defaultValue().isEmpty() ? "-" : key.defaultValue(), key.sentence());
        }
    }

    /** Runs as shutdown hook: the JVM halts when hooks return, so it waits until the engine is closed. */
    private static void stopAndWait(final CountDownLatch stop, final CountDownLatch closed) {
        stop.countDown();
        try {
            closed.await();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitEndOfInput(final CountDownLatch stop, final EngineLog log) {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (final IOException broken) {
            log.error("read standard input", broken);
        }
        stop.countDown();
    }
}
