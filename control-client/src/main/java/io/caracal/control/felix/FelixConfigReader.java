package io.caracal.control.felix;

import io.caracal.policy.model.EndpointToHostAction;
import io.caracal.policy.model.FailsafePort;
import io.caracal.policy.model.FailsafePorts;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.WorkloadGuard;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Felix's settings that decide about packets, read from the texts of {@code ConfigUpdate.config} as Felix reads them
 * (felix/config/param_types.go). What is not set has Felix's default.
 */
final class FelixConfigReader {
    private static final String NONE = "none";

    private final Map<String, String> settings;

    FelixConfigReader(final Map<String, String> settings) {
        this.settings = settings;
    }

    /** @throws PolicyException naming the key and what it may be. */
    PolicyConfig policyConfig() {
        final PolicyConfig defaults = PolicyConfig.DEFAULTS;
        final FailsafePorts failsafes = new FailsafePorts(
            read("FailsafeInboundHostPorts", defaults.failsafes().inbound(), FelixConfigReader::failsafes),
            read("FailsafeOutboundHostPorts", defaults.failsafes().outbound(), FelixConfigReader::failsafes));
        final WorkloadGuard guard = new WorkloadGuard(
            read("VXLANPort", defaults.guard().vxlanPort(), FelixConfigReader::port),
            read("AllowVXLANPacketsFromWorkloads", defaults.guard().allowVxlan(), FelixConfigReader::flag),
            read("AllowIPIPPacketsFromWorkloads", defaults.guard().allowIpip(), FelixConfigReader::flag));
        return new PolicyConfig(
            read("InterfacePrefix", defaults.interfacePrefixes(), FelixConfigReader::words),
            read("DefaultEndpointToHostAction", defaults.endpointToHost(), EndpointToHostAction::parse),
            failsafes, guard, !read("DisableConntrackInvalidCheck", !defaults.denyInvalid(), FelixConfigReader::flag));
    }

    private <T> T read(final String key, final T unset, final Function<String, T> parser) {
        final String text = settings.getOrDefault(key, "").strip();
        if (text.isEmpty()) {
            return unset;
        }
        try {
            return parser.apply(text);
        } catch (final PolicyException e) {
            throw e.within(key);
        }
    }

    private static List<FailsafePort> failsafes(final String text) {
        return FailsafePorts.parse(text);
    }

    private static List<String> words(final String text) {
        return Arrays.stream(text.split(",")).map(String::strip).filter(word -> !word.isEmpty()).toList();
    }

    private static int port(final String text) {
        try {
            final int port = Integer.parseInt(text);
            if (port > 0 && port <= 65_535) {
                return port;
            }
        } catch (final NumberFormatException e) {
            throw new PolicyException("port " + text, "is not a number from 1 to 65535");
        }
        throw new PolicyException("port " + text, "is not a number from 1 to 65535");
    }

    private static boolean flag(final String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "1", "yes", "y", "t" -> true;
            case "false", "0", "no", "n", "f", NONE -> false;
            default -> throw new PolicyException("value " + text, "is neither true nor false");
        };
    }
}
