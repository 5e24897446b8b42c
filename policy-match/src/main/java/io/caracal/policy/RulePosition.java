package io.caracal.policy;

import io.caracal.policy.model.Rule;

/**
 * Where a rule stands.
 *
 * @param tier name of the tier; empty for a profile.
 * @param owner the policy or profile.
 * @param index position in the owner's list for the direction, from 0; -1 where no rule matched but the end of the
 *     tier or a missing profile decided.
 * @param rule the rule; null where the index is -1.
 */
public record RulePosition(String tier, String owner, int index, Rule rule) {
    /** The index of what is no rule. */
    public static final int NO_RULE = -1;

    @Override
    public String toString() {
        return (tier.isEmpty() ? "" : "tier " + tier + ", ") + owner
            + (rule == null ? "" : ", rule " + index + ": " + rule);
    }
}
