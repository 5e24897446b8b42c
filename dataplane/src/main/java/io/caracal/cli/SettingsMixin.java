package io.caracal.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.caracal.dataplane.ConfigKey;
import io.caracal.dataplane.DataplaneConfig;
import picocli.CommandLine.Option;

/**
 * {@code --config}, {@code --set} and the options that are short for a setting; shared by the commands that need one.
 */
final class SettingsMixin {
    @Option(names = "--node", paramLabel = "NAME", description = "name of this node (default: the host name)")
    private String node;
    @Option(names = "--state", paramLabel = "DIR", description = "state directory (default: /var/lib/caracal)")
    private String state;
    @Option(names = "--admin", paramLabel = "SOCKET", description = "admin socket (default: /run/caracal/admin.sock)")
    private String admin;
    @Option(names = "--uplink", paramLabel = "IF", description = "an interface that leads out of the node; may be given"
        + " more than once (default: those of default routes; none: none)")
    private List<String> uplinks = new ArrayList<>();
    @Option(names = "--config", paramLabel = "FILE", description = "YAML file of 'setting: value' lines")
    private Path configFile;
    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "one setting; wins over the file")
    private Map<String, String> settings = new LinkedHashMap<>();

    Path configFile() {
        return configFile;
    }

    Map<String, String> settings() {
        return settings;
    }

    /** Of those options that were given. */
    Map<ConfigKey, String> shorthands() {
        final Map<ConfigKey, String> given = new LinkedHashMap<>();
        put(given, ConfigKey.NODE, node);
        put(given, ConfigKey.STATE_DIRECTORY, state);
        put(given, ConfigKey.ADMIN_SOCKET, admin);
        put(given, ConfigKey.UPLINKS, uplinks.isEmpty() ? null : String.join(",", uplinks));
        return given;
    }

    private static void put(final Map<ConfigKey, String> given, final ConfigKey key, final String value) {
        if (value != null) {
            given.put(key, value);
        }
    }

    /** File first, then the short options, then {@code --set}. */
    DataplaneConfig conclude() {
        final DataplaneConfig.Builder builder = DataplaneConfig.builder();
        if (configFile != null) {
            builder.file(configFile);
        }
        shorthands().forEach(builder::set);
        settings.forEach(builder::set);
        return builder.conclude();
    }
}
