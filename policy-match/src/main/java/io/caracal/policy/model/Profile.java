package io.caracal.policy.model;

import java.util.List;

/**
 * A profile: rules that are asked when no tier has decided.
 *
 * @param name as {@code kns.default}.
 * @param ingress rules for packets to the endpoint.
 * @param egress rules for packets from the endpoint.
 */
public record Profile(String name, List<Rule> ingress, List<Rule> egress) {
    /** Copies the lists. */
    public Profile {
        ingress = List.copyOf(ingress);
        egress = List.copyOf(egress);
    }

    /**
     * The rules of one direction.
     *
     * @param direction which.
     * @return the rules in order.
     */
    public List<Rule> rules(final PolicyDirection direction) {
        return direction == PolicyDirection.INGRESS ? ingress : egress;
    }
}
