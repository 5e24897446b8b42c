package io.caracal.policy.model;

import java.util.Arrays;
import java.util.List;

/**
 * The failsafe ports of the host, both ways (Felix's {@code FailsafeInboundHostPorts} and
 * {@code FailsafeOutboundHostPorts}).
 *
 * @param inbound ports of the host that others may reach.
 * @param outbound ports of others that the host may reach.
 */
public record FailsafePorts(List<FailsafePort> inbound, List<FailsafePort> outbound) {
    private static final String BOTH = "tcp:179,tcp:2379,tcp:2380,tcp:5473,tcp:6443,tcp:6666,tcp:6667";

    /** Felix's defaults (felix/docs/config-params.json): SSH, DHCP, DNS, BGP, etcd, Typha, the API server. */
    public static final FailsafePorts DEFAULTS =
        new FailsafePorts(parse("tcp:22,udp:68," + BOTH), parse("udp:53,udp:67," + BOTH));

    /** Copies the lists. */
    public FailsafePorts {
        inbound = List.copyOf(inbound);
        outbound = List.copyOf(outbound);
    }

    /**
     * Reads a configuration value.
     *
     * @param value ports with commas between, or {@code none}.
     * @return the ports.
     * @throws PolicyException naming the port that cannot be read.
     */
    public static List<FailsafePort> parse(final String value) {
        return value.equalsIgnoreCase("none")
            ? List.of()
            : Arrays.stream(value.split(",")).map(String::trim).map(FailsafePort::parse).toList();
    }
}
