package io.caracal.policy.model;

import java.util.List;

/**
 * An interface of the host under policy.
 *
 * @param id Felix's id; where several fit one interface the lowest id holds.
 * @param interfaceName the interface; {@link #ALL_INTERFACES} for every one without an own host endpoint; empty to find
 *     it by address.
 * @param expectedAddresses addresses that identify the interface when it has no name here.
 * @param tiers tiers in order.
 * @param profiles names of its profiles, in order; asked for packets of the host only.
 */
public record HostEndpoint(String id, String interfaceName, List<Prefix> expectedAddresses, HostTiers tiers,
    List<String> profiles) {
    /** The name that stands for every interface. */
    public static final String ALL_INTERFACES = "*";

    /** Copies the lists. */
    public HostEndpoint {
        expectedAddresses = List.copyOf(expectedAddresses);
        profiles = List.copyOf(profiles);
    }

    /**
     * Whether it stands for every interface.
     *
     * @return whether the name is {@code *}.
     */
    public boolean coversAll() {
        return interfaceName.equals(ALL_INTERFACES);
    }

    /**
     * Whether it is the endpoint of an interface by name or, without a name, by address.
     *
     * @param node the interface.
     * @return whether it is; never for {@code *}.
     */
    public boolean isOf(final NodeInterface node) {
        return interfaceName.isEmpty()
            ? expectedAddresses.stream().anyMatch(node.addresses()::contains)
            : interfaceName.equals(node.name());
    }

    @Override
    public String toString() {
        return "host endpoint " + id;
    }
}
