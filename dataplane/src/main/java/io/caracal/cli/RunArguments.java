package io.caracal.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.caracal.dataplane.ConfigKey;
import io.caracal.dataplane.DataplaneConfig;

/**
 * What {@code caracal run} was told. {@link RunCommand} declares the options, with their help;
 * {@link #plain} reads the same ones where each is written as {@code --name value}.
 *
 * @param configFile YAML file of settings, or null.
 * @param shorthands value by setting, of the options that are short for one.
 * @param settings value by key; wins over the others.
 * @param exitOnStdinClose end when standard input closes.
 */
record RunArguments(Path configFile, Map<ConfigKey, String> shorthands, Map<String, String> settings,
                    boolean exitOnStdinClose) {
    static final String COMMAND = "run";
    static final String CONFIG = "--config";
    static final String SET = "--set";
    static final String EXIT_ON_STDIN_CLOSE = "--exit-on-stdin-close";
    static final String ALLOW_UNENFORCED = "--allow-unenforced-host-endpoints";
    static final String REPLACE = "--replace";
    static final String MANIFESTS = "--manifests";
    /** Options that are short for a setting. */
    static final Map<String, ConfigKey> SHORTHANDS = Map.of("--node", ConfigKey.NODE, "--state",
        ConfigKey.STATE_DIRECTORY, "--admin", ConfigKey.ADMIN_SOCKET, MANIFESTS, ConfigKey.MANIFESTS,
        "--felix", ConfigKey.FELIX, "--workers", ConfigKey.WORKERS, "--uplink", ConfigKey.UPLINKS,
        "--offload", ConfigKey.OFFLOAD);
    /** Options without a value that are short for {@code true}. */
    private static final Map<String, ConfigKey> FLAGS = Map.of(
        ALLOW_UNENFORCED, ConfigKey.ALLOW_UNENFORCED_HOST_ENDPOINTS, REPLACE, ConfigKey.REPLACE);

    /**
     * Reads the command and its options, if they are of the plain kind.
     *
     * @param words as typed.
     * @return nothing if it is another command, or if a word is not {@code --name value}, or twice there.
     */
    static Optional<RunArguments> plain(final List<String> words) {
        if (words.isEmpty() || !COMMAND.equals(words.getFirst())) {
            return Optional.empty();
        }
        final Map<String, String> values = new LinkedHashMap<>();
        final Map<String, String> settings = new LinkedHashMap<>();
        final Map<ConfigKey, String> shorthands = new LinkedHashMap<>();
        boolean exitOnStdinClose = false;
        final List<String> rest = new ArrayList<>(words.subList(1, words.size()));
        while (!rest.isEmpty()) {
            final String name = rest.removeFirst();
            if (EXIT_ON_STDIN_CLOSE.equals(name) && !exitOnStdinClose) {
                exitOnStdinClose = true;
            } else if (FLAGS.containsKey(name)) {
                if (shorthands.put(FLAGS.get(name), "true") != null) {
                    return Optional.empty();
                }
            } else if (rest.isEmpty() || !take(name, rest.removeFirst(), values, settings)) {
                return Optional.empty();
            }
        }
        final String configFile = values.remove(CONFIG);
        values.forEach((name, value) -> shorthands.put(SHORTHANDS.get(name), value));
        return Optional.of(new RunArguments(
            configFile == null ? null : Path.of(configFile), shorthands, settings, exitOnStdinClose));
    }

    private static boolean take(final String name, final String value, final Map<String, String> values,
                                final Map<String, String> settings) {
        if (value.startsWith("-")) {
            return false;
        }
        if (SET.equals(name)) {
            final int equals = value.indexOf('=');
            return equals > 0 && settings.put(value.substring(0, equals), value.substring(equals + 1)) == null;
        }
        if (MANIFESTS.equals(name)) {
            values.merge(name, value, RunArguments::joined);
            return true;
        }
        return (CONFIG.equals(name) || SHORTHANDS.containsKey(name)) && values.put(name, value) == null;
    }

    /** A list of paths as the setting has it. */
    static String joined(final String paths, final String path) {
        return paths + ',' + path;
    }

    /**
     * File first, then the short options, then {@code --set}.
     *
     * @return checked.
     * @throws IllegalArgumentException naming what is wrong.
     */
    DataplaneConfig conclude() {
        final DataplaneConfig.Builder builder = DataplaneConfig.builder();
        if (configFile != null) {
            builder.file(configFile);
        }
        shorthands.forEach(builder::set);
        settings.forEach(builder::set);
        final DataplaneConfig config = builder.conclude();
        for (final Path path : config.paths(ConfigKey.MANIFESTS)) {
            if (!Files.exists(path)) {
                throw new IllegalArgumentException(
                    "setting manifests=" + config.text(ConfigKey.MANIFESTS) + ": " + path + " is not there");
            }
        }
        return config;
    }
}
