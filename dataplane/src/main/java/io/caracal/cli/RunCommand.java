package io.caracal.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import io.caracal.dataplane.ConfigKey;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code caracal run}: the engine, in the foreground, until SIGTERM or SIGINT. */
@Command(name = "run", mixinStandardHelpOptions = true, sortOptions = false,
    description = "The engine, in the foreground. Its last start-up line is \"ready\".",
    footer = {
        "", "Example:",
        "  caracal run --node node-1",
        "  caracal run --node node-1 --manifests /etc/caracal/manifests --manifests pods.yaml",
        "  caracal run --manifests lab/ --set workers=2 --set on-engine-loss=pass",
        "  caracal run --node node-1 --replace", "",
        "Settings for --config and --set: caracal run --settings"
    })
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private SettingsMixin settings;
    @Option(names = "--felix", paramLabel = "SOCKET", description = {
        "socket that caracal-felix, started by Felix, connects to", "(default: /run/caracal/felix.sock)"})
    private String felix;
    @Option(names = RunArguments.MANIFESTS, paramLabel = "PATH", description = {
        "Calico v3 and Kubernetes YAML instead of Felix: a file or a folder;", "may be repeated"})
    private List<String> manifests = new ArrayList<>();
    @Option(names = "--workers", paramLabel = "N", description = "packet workers (default: 1)")
    private String workers;
    @Option(names = "--offload", paramLabel = "auto|off", description = {
        "whether packets of established flows pass in eBPF, by a", "cache that the engine writes (default: auto)"})
    private String offload;
    @Option(names = RunArguments.ALLOW_UNENFORCED, description = {
        "be ready although policy of host endpoints is not enforced", "on packets from and to the host itself"})
    private boolean allowUnenforced;
    @Option(names = RunArguments.REPLACE, description = {
        "take the place of the engine that runs here: it serves until", "this one is warm, and ends then"})
    private boolean replace;
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
        return EngineRun.run(arguments());
    }

    /** What was typed. */
    RunArguments arguments() {
        final Map<ConfigKey, String> shorthands = settings.shorthands();
        putIfGiven(shorthands, ConfigKey.FELIX, felix);
        manifests.forEach(path -> shorthands.merge(ConfigKey.MANIFESTS, path, RunArguments::joined));
        putIfGiven(shorthands, ConfigKey.ALLOW_UNENFORCED_HOST_ENDPOINTS, allowUnenforced ? "true" : null);
        putIfGiven(shorthands, ConfigKey.REPLACE, replace ? "true" : null);
        putIfGiven(shorthands, ConfigKey.WORKERS, workers);
        putIfGiven(shorthands, ConfigKey.OFFLOAD, offload);
        return new RunArguments(settings.configFile(), shorthands, settings.settings(), exitOnStdinClose);
    }

    private static void putIfGiven(final Map<ConfigKey, String> shorthands, final ConfigKey key, final String value) {
        if (value != null) {
            shorthands.put(key, value);
        }
    }

    private void printSettings() {
        for (final ConfigKey key : ConfigKey.values()) {
            spec.commandLine().getOut().printf("%-20s %-24s %s%n", key.key(),
                key.defaultValue().isEmpty() ? "-" : key.defaultValue(), key.sentence());
        }
    }
}
