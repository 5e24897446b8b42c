package io.caracal.policy;

import io.caracal.policy.lookup.BitVectors;
import io.caracal.policy.lookup.SideIndex;
import io.caracal.policy.model.PolicyException;
import java.util.List;

/**
 * All rules of one list of tiers and profiles, for one direction and family, in the order of evaluation, indexed by
 * dimension. Rules that no packet of the family can match are left out; what ends a tier or the list is a rule that
 * matches everything, so that some rule always matches. Shared by all endpoints with the same list. Immutable; any
 * thread.
 */
final class RuleIndex {
    /** What the evaluator does at a rule. */
    static final byte ALLOW = 0;
    /** Drops the packet. */
    static final byte DENY = 1;
    /** Goes on at {@link #next}. */
    static final byte PASS = 2;
    /** Logs and goes on with the next rule. */
    static final byte LOG = 3;
    /** Leaves the list without a verdict. */
    static final byte CONTINUE = 4;

    private final byte[] actions;
    private final int[] nexts;
    private final Line[] lines;
    private final PortCheck[] checks;
    private final SideIndex source;
    private final SideIndex destination;
    private final SideIndex portSets;
    private final TransportIndex transport;
    private final long[] words;

    /**
     * What stands at an index.
     *
     * @param place the rule; null where a tier or the list ends.
     * @param tier name of the tier as the endpoint has it; empty for profiles.
     * @param reason why it decides if it does.
     * @param position what to show where there is no rule; null if there is nothing to show.
     */
    record Line(RulePlace place, String tier, DecisionReason reason, RulePosition position) {
        RulePosition shown() {
            return place == null ? position : new RulePosition(tier, place.owner().name(), place.index(), place.rule());
        }
    }

    /** One line while the list is being put together. */
    record Draft(RuleCriteria criteria, byte action, int next, Line line) {
    }

    /**
     * Indexes a list.
     *
     * @param name the list, for the error.
     * @param drafts its lines; the last matches everything.
     * @param v6 the family.
     * @throws PolicyException if there are more rules than a list can hold.
     */
    RuleIndex(final String name, final List<Draft> drafts, final boolean v6) {
        if (drafts.size() >= BitVectors.MAX_BITS) {
            throw new PolicyException(name, "has " + drafts.size() + " rules for one direction; at most "
                + (BitVectors.MAX_BITS - 1) + " can be enforced");
        }
        final List<RuleCriteria> rules = drafts.stream().map(Draft::criteria).toList();
        final BitVectors vectors = new BitVectors(BitVectors.worstSize(rules.size()) + 1);
        source = new SideIndex(rules.stream().map(RuleCriteria::source).toList(), vectors);
        destination = new SideIndex(rules.stream().map(RuleCriteria::destination).toList(), vectors);
        final boolean usesPortSets = rules.stream().anyMatch(rule -> !rule.portSets().isEmpty());
        portSets = usesPortSets ? new SideIndex(rules.stream().map(RuleCriteria::portSets).toList(), vectors) : null;
        transport = new TransportIndex(rules, v6, vectors);
        vectors.trim();
        words = vectors.words();
        actions = new byte[rules.size()];
        nexts = new int[rules.size()];
        lines = new Line[rules.size()];
        final boolean checked = transport.coarse() || rules.stream().anyMatch(RuleCriteria::inexact);
        checks = checked ? new PortCheck[rules.size()] : null;
        for (int i = 0; i < actions.length; i++) {
            actions[i] = drafts.get(i).action();
            nexts[i] = drafts.get(i).next();
            lines[i] = drafts.get(i).line();
            if (transport.coarse() || rules.get(i).inexact()) {
                checks[i] = rules.get(i).check();
            }
        }
    }

    int count() {
        return actions.length;
    }

    byte action(final int rule) {
        return actions[rule];
    }

    int next(final int rule) {
        return nexts[rule];
    }

    Line line(final int rule) {
        return lines[rule];
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
