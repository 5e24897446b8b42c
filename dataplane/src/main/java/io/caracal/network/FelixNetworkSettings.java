package io.caracal.network;

import io.caracal.kernel.NodeMtu;
import io.caracal.nat.NatConfig;
import io.caracal.policy.model.Prefix;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Felix's settings of the network, with its defaults (felix/docs/config-params.json). Immutable; any thread.
 *
 * @param vxlanPort VXLANPort.
 * @param vxlanVni VXLANVNI.
 * @param vxlanMtu VXLANMTU; 0 is computed.
 * @param vxlanMtuIpv6 VXLANMTUV6; 0 is computed.
 * @param mtuInterfaces MTUIfacePattern.
 * @param vxlanFromWorkloads AllowVXLANPacketsFromWorkloads.
 * @param ipipFromWorkloads AllowIPIPPacketsFromWorkloads.
 * @param natExcludesHosts NATOutgoingExclusions is IPPoolsAndHostIPs.
 * @param natAddress NATOutgoingAddress.
 * @param natFirstPort lowest of NATPortRange.
 * @param natLastPort highest of NATPortRange.
 * @param programsClusterRoutes ProgramClusterRoutes is Enabled.
 * @param externalNodes ExternalNodesCIDRList.
 */
record FelixNetworkSettings(int vxlanPort, int vxlanVni, int vxlanMtu, int vxlanMtuIpv6, Pattern mtuInterfaces,
                            boolean vxlanFromWorkloads, boolean ipipFromWorkloads, boolean natExcludesHosts,
                            Optional<Prefix> natAddress, int natFirstPort, int natLastPort,
                            boolean programsClusterRoutes, List<Prefix> externalNodes) {
    static final FelixNetworkSettings DEFAULT = of(Map.of());

    private static final int PORT_MAX = 0xFFFF;
    private static final int VNI_MAX = 0xFF_FFFF;

    /**
     * Reads the settings.
     *
     * @param settings as Felix wrote them; others are left alone.
     * @throws IllegalArgumentException naming the setting and its value.
     */
    static FelixNetworkSettings of(final Map<String, String> settings) {
        final Reader read = new Reader(settings);
        final int[] ports = read.ports("NATPortRange");
        return new FelixNetworkSettings(read.number("VXLANPort", 4789, 1, PORT_MAX),
            read.number("VXLANVNI", 4096, 0, VNI_MAX), read.number("VXLANMTU", 0, 0, PORT_MAX),
            read.number("VXLANMTUV6", 0, 0, PORT_MAX), read.pattern("MTUIfacePattern"),
            read.isTrue("AllowVXLANPacketsFromWorkloads"), read.isTrue("AllowIPIPPacketsFromWorkloads"),
            "IPPoolsAndHostIPs".equalsIgnoreCase(settings.get("NATOutgoingExclusions")),
            read.prefixes("NATOutgoingAddress").stream().findFirst(), ports[0], ports[1],
            "Enabled".equalsIgnoreCase(settings.get("ProgramClusterRoutes")), read.prefixes("ExternalNodesCIDRList"));
    }

    /** Takes words apart. */
    private record Reader(Map<String, String> settings) {
        int number(final String key, final int otherwise, final int min, final int max) {
            final String text = settings.getOrDefault(key, "").strip();
            if (text.isEmpty()) {
                return otherwise;
            }
            try {
                final int number = Integer.parseInt(text);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (final NumberFormatException notANumber) {
                throw refused(key, "a number from " + min + " to " + max, notANumber);
            }
            throw refused(key, "a number from " + min + " to " + max, null);
        }

        boolean isTrue(final String key) {
            return "true".equalsIgnoreCase(settings.getOrDefault(key, "").strip());
        }

        Pattern pattern(final String key) {
            final String text = settings.getOrDefault(key, "").strip();
            try {
                return text.isEmpty() ? NodeMtu.INTERFACE_PATTERN_DEFAULT : Pattern.compile(text);
            } catch (final PatternSyntaxException malformed) {
                throw refused(key, "a regular expression", malformed);
            }
        }

        /** {@code 32768:65535}, or one port; Felix's default, 0, is any. */
        int[] ports(final String key) {
            final String text = settings.getOrDefault(key, "").strip();
            if (text.isEmpty() || "0".equals(text)) {
                return new int[] {NatConfig.DEFAULT_FIRST_PORT, NatConfig.DEFAULT_LAST_PORT};
            }
            final String[] ends = text.split(":", 2);
            try {
                final int first = Integer.parseInt(ends[0].strip());
                final int last = Integer.parseInt(ends[ends.length - 1].strip());
                if (first >= 1 && first <= last && last <= PORT_MAX) {
                    return new int[] {first, last};
                }
            } catch (final NumberFormatException notANumber) {
                throw refused(key, "a range of ports such as 32768:65535", notANumber);
            }
            throw refused(key, "a range of ports such as 32768:65535", null);
        }

        List<Prefix> prefixes(final String key) {
            return Arrays.stream(settings.getOrDefault(key, "").split(",")).map(String::strip)
                .filter(text -> !text.isEmpty()).map(Prefix::parse).toList();
        }

        private IllegalArgumentException refused(final String key, final String expected, final Exception cause) {
            return new IllegalArgumentException(
                "Felix setting " + key + "=" + settings.get(key) + " is not " + expected, cause);
        }
    }
}
