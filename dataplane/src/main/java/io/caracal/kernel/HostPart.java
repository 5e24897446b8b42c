package io.caracal.kernel;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Optional;

/**
 * What an operator says about the host's own side of forwarding. Immutable; any thread.
 *
 * @param forwards whether the host's settings that let it forward are ours to make (Felix's IPForwarding).
 * @param ipv6 whether anything of IPv6 is (Ipv6Support).
 * @param podSourceIpv4 which address of this host its own packets to pods have; empty for the kernel's choice
 *     (DeviceRouteSourceAddress).
 * @param podSourceIpv6 the same of IPv6 (DeviceRouteSourceAddressIPv6).
 */
public record HostPart(boolean forwards, boolean ipv6, Optional<InetAddress> podSourceIpv4,
    Optional<InetAddress> podSourceIpv6) {
    /** As Felix where nothing is set. */
    public static final HostPart DEFAULT = new HostPart(true, true, Optional.empty(), Optional.empty());

    /** The source of the host's packets to a pod's address. */
    Optional<InetAddress> podSource(final InetAddress pod) {
        return pod instanceof Inet6Address ? podSourceIpv6 : podSourceIpv4;
    }
}
