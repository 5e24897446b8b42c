package io.caracal.policy.model;

import java.util.List;

/**
 * An active policy. Where it applies (normal, untracked, before DNAT, forwarded) is said by the lists of endpoints that
 * name it.
 *
 * @param id its name.
 * @param tier name of its tier, for people and log prefixes.
 * @param ingress rules for packets to the endpoint, first match decides.
 * @param egress rules for packets from the endpoint.
 */
public record Policy(PolicyId id, String tier, List<Rule> ingress, List<Rule> egress) {
    /** Copies the lists. */
    public Policy {
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
