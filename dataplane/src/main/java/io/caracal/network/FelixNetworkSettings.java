package io.caracal.network;

import io.caracal.kernel.HostPart;
import io.caracal.policy.model.Prefix;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

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
 * @param host those of this host.
 */
record FelixNetworkSettings(int vxlanPort, int vxlanVni, int vxlanMtu, int vxlanMtuIpv6, Pattern mtuInterfaces,
                            boolean vxlanFromWorkloads, boolean ipipFromWorkloads, boolean natExcludesHosts,
                            Optional<Prefix> natAddress, int natFirstPort, int natLastPort,
                            boolean programsClusterRoutes, List<Prefix> externalNodes, FelixHostSettings host) {
    static final FelixNetworkSettings DEFAULT = of(Map.of());

    /** What a packet's length field can say. */
    private static final int MTU_MAX = 0xFFFF;
    private static final int VNI_MAX = 0xFF_FFFF;

    /**
     * Reads the settings.
     *
     * @param settings as Felix wrote them; others are left alone.
     * @throws IllegalArgumentException naming the setting and its value.
     */
    static FelixNetworkSettings of(final Map<String, String> settings) {
        final FelixSettingReader read = new FelixSettingReader(settings);
        final int[] ports = read.ports("NATPortRange");
        return new FelixNetworkSettings(read.number("VXLANPort", 4789, 1, FelixSettingReader.PORT_MAX),
            read.number("VXLANVNI", 4096, 0, VNI_MAX), read.number("VXLANMTU", 0, 0, MTU_MAX),
            read.number("VXLANMTUV6", 0, 0, MTU_MAX), read.pattern("MTUIfacePattern"),
            read.isTrue("AllowVXLANPacketsFromWorkloads"), read.isTrue("AllowIPIPPacketsFromWorkloads"),
            "IPPoolsAndHostIPs".equalsIgnoreCase(settings.get("NATOutgoingExclusions")),
            read.prefixes("NATOutgoingAddress").stream().findFirst(), ports[0], ports[1],
            "Enabled".equalsIgnoreCase(settings.get("ProgramClusterRoutes")), read.prefixes("ExternalNodesCIDRList"),
            host(read));
    }

    private static FelixHostSettings host(final FelixSettingReader read) {
        return new FelixHostSettings(
            new HostPart("enabled".equals(read.word("IPForwarding", "enabled", "disabled")),
                "true".equals(read.word("Ipv6Support", "true", "false")),
                read.address("DeviceRouteSourceAddress", false), read.address("DeviceRouteSourceAddressIPv6", true)),
            read.interfaceName("IptablesNATOutgoingInterfaceFilter"), read.isTrue("RequireMTUFile"),
            ServiceLoops.valueOf(read.word("ServiceLoopPrevention", "drop", "reject", "disabled")
                .toUpperCase(Locale.ROOT)));
    }
}
