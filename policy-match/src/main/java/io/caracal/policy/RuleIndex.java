package io.caracal.policy;

import io.caracal.policy.lookup.AnchorTable;
import io.caracal.policy.lookup.BitVectors;
import io.caracal.policy.model.PolicyException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * All rules of one list of tiers and profiles, for one direction and family, in the order of evaluation. A short list
 * is bit vectors by dimension; of a longer one each rule stands under a set that it names, or is boxes in a tree, and
 * the vectors are for addresses in very many sets. Rules that no packet of the family can match are left out; what ends
 * a tier or the list is a rule that matches everything, so that some rule always matches. Shared by all endpoints with
 * the same list. Immutable; any thread.
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

    /** Shorter lists are vectors alone: these find a rule as fast, and one structure is enough. */
    private static final int MIN_GROUPED = 2;
    /** An address in more sets than this is looked up in vectors, whose cost does not grow with its sets. */
    private static final int MOST_SETS = 24;

    /** What a verdict waits for, so it is small enough to stay in the caches. */
    private final byte[] actions;
    /** Where each rule is counted: its slab among those of the list, and its cell there; -1 for what is no rule. */
    private final int[] cells;
    private final HitSlab[] slabs;
    /** By worker and slab of the list, so that no object lies between a verdict and its counter. */
    private final long[][][] counters;
    private final int[] nexts;
    private final Line[] lines;
    private final int[] ends;
    private final RuleGroups groups;
    private final RuleVectors vectors;
    private final boolean isOfAnyPort;

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
        cells = new int[count];
        slabs = placeCells(drafts);
        counters = counters();
        nexts = new int[count];
        lines = new Line[count];
        final int[] everything = new int[count];
        final List<RuleCriteria> others = new ArrayList<>(count);
        int endCount = 0;
        for (int i = 0; i < count; i++) {
            nexts[i] = drafts.get(i).next();
            lines[i] = drafts.get(i).line();
            actions[i] = drafts.get(i).action();
            final RuleCriteria criteria = drafts.get(i).criteria();
            final boolean isEnd = criteria.matchesEverything();
            others.add(isEnd ? null : criteria);
            everything[endCount] = i;
            endCount += isEnd ? 1 : 0;
        }
        isOfAnyPort = drafts.stream().noneMatch(draft -> draft.action() == LOG || draft.criteria().looksAtSourcePort());
        ends = Arrays.copyOf(everything, endCount);
        groups = count - endCount < MIN_GROUPED ? null : RuleGroups.of(others, v6);
        vectors = wantsVectors() && others.stream().anyMatch(Objects::nonNull) ? new RuleVectors(others, v6) : null;
    }

    /** Where no address can be in so many of the list's sets that vectors would be asked, there are none. */
    private boolean wantsVectors() {
        return groups == null || groups.anchors() != null && groups.anchors().anchors() > MOST_SETS;
    }

    private HitSlab[] placeCells(final List<Draft> drafts) {
        final Map<HitSlab, Integer> found = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i++) {
            final RulePlace place = drafts.get(i).line().place();
            cells[i] = -1;
            if (place != null) {
                final HitSlab slab = place.owner().hits().slab(place.index());
                cells[i] = found.computeIfAbsent(slab, fresh -> found.size()) << HitSlab.BITS
                    | place.id() & HitSlab.MASK;
            }
        }
        return found.keySet().toArray(HitSlab[]::new);
    }

    private long[][][] counters() {
        final int workers = slabs.length == 0 ? 0 : slabs[0].cells().length;
        final long[][][] byWorker = new long[workers][slabs.length][];
        for (int worker = 0; worker < workers; worker++) {
            for (int slab = 0; slab < slabs.length; slab++) {
                byWorker[worker][slab] = slabs[slab].cells()[worker];
            }
        }
        return byWorker;
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

    /** Whether packets that differ in nothing but the source port match the same rules, and none of these logs. */
    boolean isOfAnyPort() {
        return isOfAnyPort;
    }

    /** Number of the rule for flow records; 0 where a tier or the list ends. */
    int id(final int rule) {
        final int cell = cells[rule];
        return cell < 0 ? 0 : slabs[cell >>> HitSlab.BITS].number() << HitSlab.BITS | cell & HitSlab.MASK;
    }

    /** Counts that a worker's packet matched. */
    void hit(final int rule, final int worker) {
        final int cell = cells[rule];
        if (cell >= 0) {
            HitSlab.count(counters[worker][cell >>> HitSlab.BITS], cell & HitSlab.MASK);
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

    /** Rules sorted by what they name; null if the list is short. */
    RuleGroups groups() {
        return groups;
    }

    /**
     * Rules as vectors: all of a short list; of a long one those that name sets, or null if no packet needs them.
     */
    RuleVectors vectors() {
        return vectors;
    }

    /** Whether a packet is better looked up in {@link #vectors}, which must be there, than by each of its sets. */
    boolean prefersVectors(final PacketClasses classes) {
        return groups == null || setCount(groups.anchors(), classes) > MOST_SETS;
    }

    /** Of sides that no rule stands under nothing is asked. */
    private static int setCount(final AnchorTable anchors, final PacketClasses classes) {
        return (anchors.uses(AnchorTable.SOURCE) ? classes.sourceSetCount() : 0)
            + (anchors.uses(AnchorTable.DESTINATION) ? classes.destinationSetCount() : 0);
    }
}
