package io.caracal.policy.model;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One rule: what it does with packets that meet all of its criteria.
 *
 * @param action what to do.
 * @param matches criteria, all of which must hold; none matches every packet.
 * @param id Felix's opaque id of the rule, for traces; may be empty.
 */
public record Rule(RuleAction action, List<MatchDimension> matches, String id) {
    /** Copies the list. */
    public Rule {
        matches = List.copyOf(matches);
    }

    @Override
    public String toString() {
        return action.name().toLowerCase(java.util.Locale.ROOT) + (matches.isEmpty() ? " all" : " ")
            + matches.stream().map(Object::toString).collect(Collectors.joining(", "));
    }
}
