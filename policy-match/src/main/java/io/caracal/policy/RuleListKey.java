package io.caracal.policy;

import io.caracal.policy.model.PolicyDirection;
import java.util.List;
import java.util.Objects;

/**
 * What makes two lists of rules the same: endpoints and chains with equal keys share one index.
 *
 * @param v6 the family.
 * @param direction which rules of each policy.
 * @param tiers the tiers that exist for the direction.
 * @param profiles the profiles; null for chains that ask none.
 */
record RuleListKey(boolean v6, PolicyDirection direction, List<TierPart> tiers, List<ProfilePart> profiles) {
    @Override
    public boolean equals(final Object other) {
        return other instanceof final RuleListKey that && v6 == that.v6 && direction == that.direction
            && tiers.equals(that.tiers) && Objects.equals(profiles, that.profiles);
    }

    @Override
    public int hashCode() {
        return Objects.hash(v6, direction, tiers, profiles);
    }

    /**
     * A tier.
     *
     * @param name its name.
     * @param drops whether its end drops.
     * @param sources its enforced policies, compared by identity.
     */
    record TierPart(String name, boolean drops, List<RuleSource> sources) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof final TierPart that && name.equals(that.name) && drops == that.drops
                && sources.equals(that.sources);
        }

        @Override
        public int hashCode() {
            return Objects.hash(name, drops, sources);
        }
    }

    /**
     * A profile.
     *
     * @param name its name.
     * @param source the profile; null if it is missing.
     */
    record ProfilePart(String name, RuleSource source) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof final ProfilePart that && name.equals(that.name)
                && Objects.equals(source, that.source);
        }

        @Override
        public int hashCode() {
            return Objects.hash(name, source);
        }
    }
}
