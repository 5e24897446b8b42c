package io.caracal.policy;

import io.caracal.policy.lookup.AnchorTable;
import io.caracal.policy.lookup.AnchorTableBuilder;
import io.caracal.policy.lookup.Box;
import io.caracal.policy.lookup.BoxTree;
import io.caracal.policy.lookup.SetCriteria;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2LongHashMap;

/**
 * Rules of a list that is too long to be one vector: those that name sets of addresses stand under one of these, the
 * one that the fewest rules of the list name; the others are boxes. What neither decides is left as checks. Immutable;
 * any thread.
 */
final class RuleGroups {
    private final RuleCheck[] checks;
    private final AnchorTable anchors;
    private final BoxTree boxes;

    /** What is found while rules are sorted. */
    private static final class Draft {
        private final List<RuleCriteria> rules;
        private final Long2LongHashMap naming = new Long2LongHashMap(0);
        private final AnchorTableBuilder anchors;
        private final List<Box> boxes = new ArrayList<>();
        private final RuleCheck[] checks;
        private boolean anchored;
        private boolean checked;

        Draft(final List<RuleCriteria> rules, final boolean v6) {
            this.rules = rules;
            anchors = new AnchorTableBuilder(v6);
            checks = new RuleCheck[rules.size()];
        }
    }

    /** A group of sets of which one must contain an address, and which address that is. */
    private record Anchor(int side, int[] sets) {
    }

    private RuleGroups(final Draft draft, final boolean v6) {
        checks = draft.checked ? draft.checks : null;
        anchors = draft.anchored ? draft.anchors.build() : null;
        boxes = draft.boxes.isEmpty() ? null : BoxTree.of(draft.boxes, v6);
    }

    /**
     * Sorts rules.
     *
     * @param rules criteria by index; null where a rule is held elsewhere. Those that become boxes are taken out.
     * @param v6 the family.
     */
    static RuleGroups of(final List<RuleCriteria> rules, final boolean v6) {
        final Draft draft = new Draft(rules, v6);
        for (final RuleCriteria rule : rules) {
            if (rule != null && isAnchored(rule)) {
                anchorsOf(rule).forEach(anchor -> count(draft.naming, anchor));
            }
        }
        for (int index = 0; index < rules.size(); index++) {
            final RuleCriteria rule = rules.get(index);
            if (rule != null && isAnchored(rule)) {
                putUnderAnchor(draft, index, rule);
            } else if (rule != null) {
                final RuleBoxes parts = new RuleBoxes(rule, true);
                final RuleCheck check = check(rule, null, parts.exact());
                keep(draft, index, check);
                draft.boxes.addAll(parts.list(index, check != null));
                rules.set(index, null);
            }
        }
        return new RuleGroups(draft, v6);
    }

    private static boolean isAnchored(final RuleCriteria rule) {
        return !rule.withoutAnchor() || !RuleBoxes.fit(rule);
    }

    private static List<Anchor> anchorsOf(final RuleCriteria rule) {
        final List<Anchor> found = new ArrayList<>(1);
        rule.source().anyOf().forEach(sets -> found.add(new Anchor(AnchorTable.SOURCE, sets)));
        rule.destination().anyOf().forEach(sets -> found.add(new Anchor(AnchorTable.DESTINATION, sets)));
        rule.portSets().anyOf().forEach(sets -> found.add(new Anchor(AnchorTable.PORT, sets)));
        return found;
    }

    private static void count(final Long2LongHashMap naming, final Anchor anchor) {
        for (final int set : anchor.sets) {
            final long key = key(anchor.side, set);
            naming.put(key, naming.get(key) + 1);
        }
    }

    private static long key(final int side, final int set) {
        return (long)side << Integer.SIZE | set;
    }

    private static void putUnderAnchor(final Draft draft, final int index, final RuleCriteria rule) {
        Anchor best = null;
        long least = Long.MAX_VALUE;
        for (final Anchor anchor : anchorsOf(rule)) {
            long rules = 0;
            for (final int set : anchor.sets) {
                rules += draft.naming.get(key(anchor.side, set));
            }
            if (rules < least) {
                least = rules;
                best = anchor;
            }
        }
        final RuleBoxes parts = new RuleBoxes(rule, false);
        final RuleCheck check = check(rule, best.sets, parts.exact());
        keep(draft, index, check);
        for (final Box box : parts.list(index, check != null)) {
            for (final int set : best.sets) {
                draft.anchors.add(set, best.side, box);
            }
        }
        draft.anchored = true;
    }

    private static void keep(final Draft draft, final int index, final RuleCheck check) {
        draft.checks[index] = check;
        draft.checked |= check != null;
    }

    /** What is left of a rule without its anchor; prefixes are left too if the rule has one. */
    private static RuleCheck check(final RuleCriteria rule, final int[] anchor, final boolean exact) {
        final boolean boxed = anchor == null;
        final SetCriteria source = boxed ? rule.excludedSources() : rule.source();
        final SetCriteria destination = boxed ? rule.excludedDestinations() : rule.destination();
        final SetCriteria portSets = rule.portSets();
        final boolean decided = exact && !rule.inexact();
        final int groups = source.anyOf().size() + destination.anyOf().size() + portSets.anyOf().size();
        final int excluded = source.noneOf().length + destination.noneOf().length + portSets.noneOf().length;
        if (decided && excluded == 0 && groups == (boxed ? 0 : 1)) {
            return null;
        }
        return RuleCheck.of(without(source, anchor), without(destination, anchor), without(portSets, anchor),
            decided ? null : new RuleCheck.Transport(rule.protocols(), rule.check()));
    }

    /** The criteria without one of their groups, which is known by identity. */
    private static SetCriteria without(final SetCriteria criteria, final int[] group) {
        return new SetCriteria(criteria.anyOf().stream().filter(sets -> sets != group).toList(), criteria.noneOf());
    }

    /** The rest of a rule's criteria; null if its place in the index decides. */
    RuleCheck check(final int rule) {
        return checks == null ? null : checks[rule];
    }

    /** Rules that name sets; null if there are none. */
    AnchorTable anchors() {
        return anchors;
    }

    /** Rules that name none; null if there are none. */
    BoxTree boxes() {
        return boxes;
    }
}
