package io.caracal.dataplane;

import java.nio.file.Path;
import java.util.Locale;

import io.caracal.conntrack.ConntrackConfig;
import io.caracal.conntrack.ConntrackTimeouts;
import io.caracal.conntrack.EstablishedFlows;
import io.caracal.conntrack.TimeoutSettings;

/** What the engine's configuration says about connection tracking. */
final class ConntrackSettings {
    private static final String DIRECTORY_NAME = "conntrack";

    private ConntrackSettings() {
    }

    /** One worker's share. */
    static ConntrackConfig of(final DataplaneConfig config, final int index, final EngineLog log) {
        final ConntrackConfig defaults = ConntrackConfig.ofShard(index, config.workers());
        final int capacity = (int)(config.number(ConfigKey.CONNTRACK_CAPACITY) / config.workers());
        final TimeoutSettings timeouts = TimeoutSettings.parse(config.text(ConfigKey.CONNTRACK_TIMEOUTS));
        if (index == 0) {
            timeouts.refused().forEach(log::warn);
        }
        return with(defaults, capacity, endpointFlowsMax(config, capacity), timeouts.timeouts(),
            establishedFlows(config));
    }

    /** One worker's share of an endpoint's flows: at least one, since none at all would mean the default. */
    private static int endpointFlowsMax(final DataplaneConfig config, final int capacity) {
        final int ofAllWorkers = (int)config.number(ConfigKey.CONNTRACK_ENDPOINT_FLOWS_MAX);
        return Math.max(1, ofAllWorkers == 0 ? capacity / 4 : ofAllWorkers / config.workers());
    }

    /** The same with another size. */
    static ConntrackConfig withCapacity(final ConntrackConfig config, final int capacity) {
        return with(config, capacity, capacity, config.timeouts(), config.establishedFlows());
    }

    private static ConntrackConfig with(final ConntrackConfig config, final int capacity, final int endpointFlowsMax,
                                        final ConntrackTimeouts timeouts, final EstablishedFlows establishedFlows) {
        return new ConntrackConfig(capacity, capacity, config.endpointsMax(), endpointFlowsMax, config.evictionIdle(),
            timeouts, config.tcp(), config.dropsInvalid(), establishedFlows);
    }

    /** What a policy change means for flows that are there. */
    static EstablishedFlows establishedFlows(final DataplaneConfig config) {
        return EstablishedFlows.valueOf(config.text(ConfigKey.ESTABLISHED_FLOWS).toUpperCase(Locale.ROOT));
    }

    /** Where flows are kept: on a tmpfs, as the admin socket is, since a reboot voids them. */
    static Path directory(final DataplaneConfig config) {
        return config.path(ConfigKey.CONNTRACK_DIRECTORY).orElseGet(() ->
            config.path(ConfigKey.ADMIN_SOCKET).orElseThrow().toAbsolutePath().resolveSibling(DIRECTORY_NAME));
    }
}
