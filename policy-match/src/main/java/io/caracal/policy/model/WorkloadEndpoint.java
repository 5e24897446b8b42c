package io.caracal.policy.model;

import java.util.List;
import java.util.Objects;

/**
 * A pod's interface.
 *
 * @param id Felix's id, as {@code k8s/app/web-1/eth0}; where two have one interface the lowest id holds.
 * @param interfaceName name of the host side of the veth.
 * @param active whether its state is {@code active}; otherwise everything is dropped.
 * @param addresses its own addresses, by which packets for it are found.
 * @param tiers tiers in order.
 * @param profiles names of its profiles, in order.
 */
public record WorkloadEndpoint(String id, String interfaceName, boolean active, List<Prefix> addresses,
    List<Tier> tiers, List<String> profiles) {
    /** Copies the lists and checks that there is an interface. */
    public WorkloadEndpoint {
        addresses = List.copyOf(addresses);
        tiers = List.copyOf(tiers);
        profiles = List.copyOf(profiles);
        if (interfaceName.isEmpty()) {
            throw new PolicyException("workload endpoint " + id, "has no interface name");
        }
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final WorkloadEndpoint that && id.equals(that.id)
            && interfaceName.equals(that.interfaceName) && active == that.active && addresses.equals(that.addresses)
            && tiers.equals(that.tiers) && profiles.equals(that.profiles);
    }

    @Override
    public int hashCode() {
        return Objects.hash(id, interfaceName, active, addresses, tiers, profiles);
    }

    @Override
    public String toString() {
        return "workload endpoint " + id;
    }
}
