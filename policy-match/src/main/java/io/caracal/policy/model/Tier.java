package io.caracal.policy.model;

import java.util.List;

/**
 * One tier as an endpoint sees it (Felix's {@code TierInfo}): the policies of the tier that select the endpoint,
 * sorted.
 *
 * @param name the tier's name.
 * @param ingress policies with ingress rules, in order; staged ones may be among them.
 * @param egress policies with egress rules, in order.
 * @param defaultPass whether the end of the tier passes on to the next instead of denying.
 */
public record Tier(String name, List<PolicyId> ingress, List<PolicyId> egress, boolean defaultPass) {
    /** Copies the lists. */
    public Tier {
        ingress = List.copyOf(ingress);
        egress = List.copyOf(egress);
    }

    /**
     * Reads Felix's {@code default_action}.
     *
     * @param word {@code Deny}, {@code Pass} or empty (Deny).
     * @return whether it is Pass.
     * @throws PolicyException if it is none of these.
     */
    public static boolean parseDefaultPass(final String word) {
        return switch (word) {
            case "", "Deny" -> false;
            case "Pass" -> true;
            default -> throw new PolicyException("default_action " + word, "is neither Deny nor Pass");
        };
    }

    /**
     * The policies that are enforced in one direction.
     *
     * @param direction which.
     * @return the policies without staged ones; none means that the tier does not exist for this direction.
     */
    public List<PolicyId> enforced(final PolicyDirection direction) {
        final List<PolicyId> all = direction == PolicyDirection.INGRESS ? ingress : egress;
        for (final PolicyId id : all) {
            if (id.staged()) {
                return all.stream().filter(other -> !other.staged()).toList();
            }
        }
        return all;
    }
}
