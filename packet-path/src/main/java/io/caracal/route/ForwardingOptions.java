package io.caracal.route;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Text;

/**
 * Settings of forwarding that may change while packets flow. Immutable; any thread.
 *
 * @param workloadMtu longest IP packet that a pod's interface takes, 1280 .. 65535.
 * @param errorIpv4Source source address of ICMP errors to other nodes and outside, host order: this node's tunnel
 *     address. To its own pods the gateway's is used.
 * @param errorIpv6Source the same for ICMPv6.
 * @param forbiddenVxlanPort UDP port to which pods may send nothing, the overlay's; 0 where they may (Felix:
 *     VXLANPort, AllowVXLANPacketsFromWorkloads).
 * @param ipipFromWorkloads whether pods may send IP in IP (Felix: AllowIPIPPacketsFromWorkloads).
 * @param natExcludesHosts whether packets to nodes keep the pod's address (Felix: NATOutgoingExclusions =
 *     IPPoolsAndHostIPs).
 * @param nodePorts ports of the node's addresses that are services.
 */
public record ForwardingOptions(int workloadMtu, int errorIpv4Source, Ipv6Text errorIpv6Source,
                                int forbiddenVxlanPort, boolean ipipFromWorkloads, boolean natExcludesHosts,
                                NodePorts nodePorts) {
    /** A node of its own: MTU 1500, errors from the gateway, no tunnels from pods. */
    public static final ForwardingOptions DEFAULT = new ForwardingOptions(1500, Ipv4Address.GATEWAY,
        new Ipv6Text(Ipv6Address.GATEWAY_HIGH, Ipv6Address.GATEWAY_LOW), 4789, false, false, NodePorts.NONE);

    private static final int MIN_MTU = 1280;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException when the MTU is below what IPv6 needs (RFC 8200 section 5) or above 65535.
     */
    public ForwardingOptions {
        if (workloadMtu < MIN_MTU || workloadMtu > 0xFFFF) {
            throw new IllegalArgumentException(
                "MTU of pods must be within " + MIN_MTU + " and 65535: " + workloadMtu);
        }
    }
}
