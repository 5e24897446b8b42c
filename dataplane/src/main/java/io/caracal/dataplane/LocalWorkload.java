package io.caracal.dataplane;

import java.util.List;
import java.util.stream.Stream;

import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.Ipv4Prefix;
import io.caracal.control.Ipv6Prefix;
import io.caracal.control.MacAddress;

/**
 * A workload endpoint that can be attached: it is active, and its MAC address and its addresses are known.
 *
 * @param id of the endpoint, as the control source names it.
 * @param interfaceName of the host's end of its veth.
 * @param mac of the pod's end.
 * @param ipv4Networks its addresses, /32 each as a rule.
 * @param ipv6Networks its addresses, /128 each as a rule.
 */
record LocalWorkload(String id, String interfaceName, MacAddress mac, List<Ipv4Prefix> ipv4Networks,
                List<Ipv6Prefix> ipv6Networks) {
    /** All its addresses as text, IPv4 first. */
    List<String> addresses() {
        return Stream.concat(ipv4Networks.stream().map(Ipv4Prefix::addressText),
            ipv6Networks.stream().map(Ipv6Prefix::addressText)).toList();
    }

    /**
     * The workload of an endpoint.
     *
     * @param endpoint an active one.
     * @param mac of the pod's end.
     * @param hasIpv6 whether pods have IPv6; else the addresses of that family are left out.
     * @throws IllegalArgumentException if it lacks what the engine needs; names the endpoint.
     */
    static LocalWorkload of(final WorkloadEndpointUpdate endpoint, final MacAddress mac, final boolean hasIpv6) {
        if (!endpoint.ipv4Networks().stream().allMatch(Ipv4Prefix::isSingleAddress)
            || !endpoint.ipv6Networks().stream().allMatch(Ipv6Prefix::isSingleAddress)) {
            throw new IllegalArgumentException("workload endpoint " + endpoint.id()
                + ": has a network wider than one address, which this version does not forward to");
        }
        return new LocalWorkload(endpoint.id().toString(), endpoint.interfaceName(), mac, endpoint.ipv4Networks(),
            hasIpv6 ? endpoint.ipv6Networks() : List.of());
    }
}
