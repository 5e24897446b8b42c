package io.caracal.policy.model;

import java.util.List;
import java.util.Objects;

/**
 * An interface that the node has now.
 *
 * @param index the kernel's ifindex, above 0.
 * @param name its name.
 * @param addresses its own addresses, as prefixes of full length.
 */
public record NodeInterface(int index, String name, List<Prefix> addresses) {
    /** Copies the list and checks the index. */
    public NodeInterface {
        addresses = List.copyOf(addresses);
        if (index <= 0) {
            throw new PolicyException("interface " + name, "has index " + index + ", the kernel counts from 1");
        }
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final NodeInterface that && index == that.index && name.equals(that.name)
            && addresses.equals(that.addresses);
    }

    @Override
    public int hashCode() {
        return Objects.hash(index, name, addresses);
    }
}
