package io.caracal.policy;

import io.caracal.policy.model.PolicyDirection;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Rule;

/**
 * A rule as the packet path knows it: one object for all lists that contain its policy or profile.
 *
 * @param id its number in flow records and traces; unique for the life of the compiler, above 0.
 * @param owner where it stands.
 * @param index its index there, from 0.
 * @param rule the rule itself.
 */
public record RulePlace(int id, Owner owner, int index, Rule rule) {
    /**
     * The list in which a rule stands.
     *
     * @param policy id of the policy; null for a profile.
     * @param name policy or profile, for people.
     * @param tier the policy's own word for its tier; empty for a profile.
     * @param direction which of its lists.
     * @param firstId number of its first rule; the others follow.
     * @param hits counters of the list.
     */
    public record Owner(PolicyId policy, String name, String tier, PolicyDirection direction, int firstId,
        HitCounters hits) {
    }

    /**
     * Hits of this rule.
     *
     * @return the sum over all workers.
     */
    public long hits() {
        return owner.hits().sum(index);
    }

    @Override
    public String toString() {
        return owner.name() + " " + owner.direction().name().toLowerCase(java.util.Locale.ROOT) + " rule " + index;
    }
}
