package io.caracal.policy;

import io.caracal.policy.lookup.BitVectors;
import io.caracal.policy.lookup.Box;
import io.caracal.policy.lookup.BoxTree;
import io.caracal.policy.model.PolicyException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All rules of one list of tiers and profiles, for one direction and family, in the order of evaluation. Rules
 * without sets are boxes in a tree, if there are enough of them; the others are bit vectors by dimension. Rules that
 * no packet of the family can match are left out; what ends a tier or the list is a rule that matches everything, so
 * that some rule always matches. Shared by all endpoints with the same list. Immutable; any thread.
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

    /** Below this number of boxes the vectors find them as fast, and one structure is enough. */
    private static final int MIN_BOXED = 16;

    /** What a verdict waits for, so it is small enough to stay in the caches. */
    private final byte[] actions;
    /** {@code owner << 32 | index in its owner's list}: for counting, which no verdict waits for. */
    private final long[] cells;
    private final RulePlace.Owner[] owners;
    private final int[] nexts;
    private final Line[] lines;
    private final int[] ends;
    private final BoxTree boxes;
    private final RuleVectors vectors;

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
        final int count = drafts.size();
        actions = new byte[count];
        cells = new long[count];
        owners = owners(drafts);
        nexts = new int[count];
        lines = new Line[count];
        int owner = 0;
        final int[] everything = new int[count];
        final List<RuleCriteria> others = new ArrayList<>(count);
        int endCount = 0;
        for (int i = 0; i < count; i++) {
            nexts[i] = drafts.get(i).next();
            lines[i] = drafts.get(i).line();
            final RulePlace place = lines[i].place();
            owner += place != null && place.owner() != owners[owner] ? 1 : 0;
            actions[i] = drafts.get(i).action();
            cells[i] = place == null ? 0 : (long)owner << Integer.SIZE | place.index();
            final RuleCriteria criteria = drafts.get(i).criteria();
            final boolean isEnd = criteria.matchesEverything();
            others.add(isEnd ? null : criteria);
            everything[endCount] = i;
            endCount += isEnd ? 1 : 0;
        }
        ends = Arrays.copyOf(everything, endCount);
        boxes = takeBoxes(others, v6);
        vectors = others.stream().allMatch(java.util.Objects::isNull) ? null : new RuleVectors(others, v6);
    }

    /** The policies and profiles in the order of their rules; the first, for what is no rule, is null. */
    private static RulePlace.Owner[] owners(final List<Draft> drafts) {
        final List<RulePlace.Owner> owners = new ArrayList<>();
        owners.add(null);
        for (final Draft draft : drafts) {
            final RulePlace place = draft.line().place();
            if (place != null && place.owner() != owners.getLast()) {
                owners.add(place.owner());
            }
        }
        return owners.toArray(RulePlace.Owner[]::new);
    }

    /** Makes a tree of the rules that are boxes, and takes them out of the list; null if they are too few. */
    private static BoxTree takeBoxes(final List<RuleCriteria> rules, final boolean v6) {
        final List<Box> all = new ArrayList<>();
        final List<Integer> boxed = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            final List<Box> parts = rules.get(i) == null ? List.of() : RuleBoxes.of(rules.get(i), i);
            all.addAll(parts);
            if (!parts.isEmpty()) {
                boxed.add(i);
            }
        }
        if (boxed.size() < MIN_BOXED) {
            return null;
        }
        boxed.forEach(i -> rules.set(i, null));
        return BoxTree.of(all, v6);
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

    /** Number of the rule for flow records; 0 where a tier or the list ends. */
    int id(final int rule) {
        final long cell = cells[rule];
        final RulePlace.Owner owner = owners[(int)(cell >>> Integer.SIZE)];
        return owner == null ? 0 : owner.firstId() + (int)cell;
    }

    /** Counts that a worker's packet matched. */
    void hit(final int rule, final int worker) {
        final long cell = cells[rule];
        final RulePlace.Owner owner = owners[(int)(cell >>> Integer.SIZE)];
        if (owner != null) {
            owner.hits().hit(worker, (int)cell);
        }
    }

    /** The first rule from an index on that matches everything. */
    int nextEnd(final int from) {
        int low = 0;
        int high = ends.length - 1;
        while (low < high) {
            final int middle = low + high >>> 1;
            if (ends[middle] < from) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return ends[low];
    }

    /** Rules without sets; null if they are held as vectors. */
    BoxTree boxes() {
        return boxes;
    }

    /** Rules with sets; null if there are none. */
    RuleVectors vectors() {
        return vectors;
    }
}
