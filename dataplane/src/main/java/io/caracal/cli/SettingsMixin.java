package io.caracal.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
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
    @Option(names = "--config", paramLabel = "FILE", description = "YAML file of 'setting: value' lines")
    private Path configFile;
    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "one setting; wins over the file")
    private Map<String, String> settings = new LinkedHashMap<>();

    /** File first, then the short options, then {@code --set}. */
    DataplaneConfig.Builder builder() {
        final DataplaneConfig.Builder builder = DataplaneConfig.builder();
        if (configFile != null) {
            builder.file(configFile);
        }
        setIfGiven(builder, ConfigKey.NODE, node);
        setIfGiven(builder, ConfigKey.STATE_DIRECTORY, state);
        setIfGiven(builder, ConfigKey.ADMIN_SOCKET, admin);
        settings.forEach(builder::set);
        return builder;
    }

    DataplaneConfig conclude() {
        return builder().conclude();
    }

    static void setIfGiven(final DataplaneConfig.Builder builder, final ConfigKey key, final String value) {
        if (value != null) {
            builder.set(key, value);
        }
    }
}
