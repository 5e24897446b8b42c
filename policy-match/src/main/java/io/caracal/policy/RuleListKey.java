package io.caracal.policy;

import io.caracal.policy.model.PolicyDirection;
import java.util.List;

/**
 * What makes two lists of rules the same: endpoints and chains with equal keys share one index.
 *
 * @param v6 the family.
 * @param direction which rules of each policy.
 * @param tiers the tiers that exist for the direction.
 * @param profiles the profiles; null for chains that ask none.
 */
record RuleListKey(boolean v6, PolicyDirection direction, List<TierPart> tiers, List<ProfilePart> profiles) {
    /**
     * A tier.
     *
     * @param name its name.
     * @param drops whether its end drops.
     * @param sources its enforced policies, compared by identity.
     */
    record TierPart(String name, boolean drops, List<RuleSource> sources) {
    }

    /**
     * A profile.
     *
     * @param name its name.
     * @param source the profile; null if it is missing.
     */
    record ProfilePart(String name, RuleSource source) {
    }
}
