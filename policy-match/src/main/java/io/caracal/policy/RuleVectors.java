package io.caracal.policy;

import io.caracal.policy.lookup.BitVectors;
import io.caracal.policy.lookup.SetCriteria;
import io.caracal.policy.lookup.SideIndex;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * The rules of a list that ask for sets of addresses, as bit vectors: one for each value of each dimension. Immutable;
 * any thread.
 */
final class RuleVectors {
    private final int count;
    private final PortCheck[] checks;
    private final SideIndex source;
    private final SideIndex destination;
    private final SideIndex portSets;
    private final TransportIndex transport;
    private final long[] words;

    /**
     * Indexes rules.
     *
     * @param rules criteria by index; null where a rule is held elsewhere.
     * @param v6 the family.
     */
    RuleVectors(final List<RuleCriteria> rules, final boolean v6) {
        count = rules.size();
        final BitVectors vectors = new BitVectors(BitVectors.worstSize(count) + 1);
        source = new SideIndex(dimension(rules, RuleCriteria::source), vectors);
        destination = new SideIndex(dimension(rules, RuleCriteria::destination), vectors);
        final boolean usesPortSets =
            rules.stream().filter(Objects::nonNull).anyMatch(rule -> !rule.portSets().isEmpty());
        portSets = usesPortSets ? new SideIndex(dimension(rules, RuleCriteria::portSets), vectors) : null;
        transport = new TransportIndex(rules, v6, vectors);
        vectors.trim();
        words = vectors.words();
        final boolean inexact = rules.stream().filter(Objects::nonNull).anyMatch(RuleCriteria::inexact);
        checks = inexact || transport.coarse() ? new PortCheck[count] : null;
        for (int i = 0; checks != null && i < count; i++) {
            final RuleCriteria rule = rules.get(i);
            checks[i] = rule != null && (transport.coarse() || rule.inexact()) ? rule.check() : null;
        }
    }

    private static List<SetCriteria> dimension(final List<RuleCriteria> rules,
        final Function<RuleCriteria, SetCriteria> criteria) {
        return rules.stream().map(rule -> rule == null ? null : criteria.apply(rule)).toList();
    }

    int count() {
        return count;
    }

    /** The check that the rule still needs after the vectors; null if none. */
    PortCheck check(final int rule) {
        return checks == null ? null : checks[rule];
    }

    SideIndex source() {
        return source;
    }

    SideIndex destination() {
        return destination;
    }

    /** The dimension of destination address with port in sets; null if no rule uses it. */
    SideIndex portSets() {
        return portSets;
    }

    TransportIndex transport() {
        return transport;
    }

    /** The vectors that do not depend on classes. */
    long[] words() {
        return words;
    }
}
