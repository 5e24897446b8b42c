package io.caracal.policy.lookup;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One address dimension of a list of rules: which rules accept an address of a class. Rules without a criterion are one
 * vector for every class; what remains is specific to the class, usually small, and made from postings when a class is
 * first seen. Immutable; any thread.
 */
public final class SideIndex {
    private static final int GOLDEN = 0x9E3779B9;
    private static final AtomicInteger MADE = new AtomicInteger();

    private final int base;
    private final int negatedOnly;
    private final Postings positive;
    private final Postings negative;
    private final int[][][] groupsOf;
    private final int[][] noneOf;
    private final long[] words;
    private final boolean trivial;
    private final int spread = MADE.incrementAndGet() * GOLDEN;

    /**
     * Indexes a dimension.
     *
     * @param criteria what each rule wants; null where a rule has no part in the index.
     * @param vectors where the vector for every class goes; complete when the readers come.
     */
    public SideIndex(final List<SetCriteria> criteria, final BitVectors vectors) {
        final Map<Integer, List<Integer>> naming = new HashMap<>();
        final Map<Integer, List<Integer>> excluding = new HashMap<>();
        final BitScratch always = new BitScratch(criteria.size());
        final BitScratch unlessExcluded = new BitScratch(criteria.size());
        final BitVectors own = new BitVectors(BitVectors.worstSize(criteria.size()) + 1);
        boolean complex = false;
        for (int rule = 0; rule < criteria.size(); rule++) {
            final SetCriteria wanted = criteria.get(rule);
            if (wanted == null) {
                continue;
            }
            if (wanted.isEmpty()) {
                always.set(rule);
            } else if (wanted.anyOf().isEmpty()) {
                unlessExcluded.set(rule);
                post(excluding, wanted.noneOf(), rule);
            } else {
                post(naming, smallest(wanted.anyOf()), rule);
                complex |= !wanted.isSimple();
            }
        }
        base = vectors.append(always, true);
        negatedOnly = own.append(unlessExcluded, false);
        own.trim();
        words = own.words();
        positive = pack(naming);
        negative = pack(excluding);
        trivial = positive.isEmpty() && negatedOnly == 0;
        groupsOf = complex ? new int[criteria.size()][][] : null;
        noneOf = complex ? new int[criteria.size()][] : null;
        for (int rule = 0; complex && rule < criteria.size(); rule++) {
            keepComplex(rule, criteria.get(rule));
        }
    }

    private void keepComplex(final int rule, final SetCriteria wanted) {
        if (wanted != null && !wanted.anyOf().isEmpty() && !wanted.isSimple()) {
            groupsOf[rule] = wanted.groups();
            noneOf[rule] = wanted.noneOf();
        }
    }

    private static void post(final Map<Integer, List<Integer>> lists, final int[] sets, final int rule) {
        for (final int set : sets) {
            lists.computeIfAbsent(set, key -> new ArrayList<>()).add(rule);
        }
    }

    private static int[] smallest(final List<int[]> groups) {
        return groups.stream().min((a, b) -> Integer.compare(a.length, b.length)).orElseThrow();
    }

    private static Postings pack(final Map<Integer, List<Integer>> lists) {
        final Map<Integer, int[]> packed = HashMap.newHashMap(lists.size());
        lists.forEach((set, rules) -> packed.put(set, rules.stream().mapToInt(Integer::intValue).toArray()));
        return new Postings(packed);
    }

    /**
     * Where the rules are that accept every class.
     *
     * @return an offset in the vectors given to the constructor.
     */
    public int base() {
        return base;
    }

    /**
     * Whether the class of an address makes no difference.
     *
     * @return whether there is nothing but {@link #base()}.
     */
    public boolean trivial() {
        return trivial;
    }

    /**
     * Whether an address of no set has nothing but {@link #base()}.
     *
     * @return true unless some rule has only negated criteria.
     */
    public boolean emptyWithoutSets() {
        return negatedOnly == 0;
    }

    /**
     * A spread number for hash tables keyed by identity.
     *
     * @return the same for the life of the object.
     */
    public int spread() {
        return spread;
    }

    /**
     * Writes the rules that accept an address because of its class. Allocates nothing.
     *
     * @param host sets that name the address.
     * @param net sets that name a prefix around it.
     * @param scratch empty; takes the result.
     */
    public void fill(final AddressClass host, final AddressClass net, final BitScratch scratch) {
        scratch.or(words, negatedOnly);
        exclude(host, scratch);
        exclude(net, scratch);
        include(host, host, net, scratch);
        include(net, host, net, scratch);
    }

    private void exclude(final AddressClass sets, final BitScratch scratch) {
        for (int i = 0; i < sets.count() && !negative.isEmpty(); i++) {
            final int row = negative.row(sets.set(i));
            for (int at = row < 0 ? 0 : negative.begin(row); row >= 0 && at < negative.end(row); at++) {
                scratch.clear(negative.rule(at));
            }
        }
    }

    private void include(final AddressClass sets, final AddressClass host, final AddressClass net,
        final BitScratch scratch) {
        for (int i = 0; i < sets.count(); i++) {
            final int row = positive.row(sets.set(i));
            for (int at = row < 0 ? 0 : positive.begin(row); row >= 0 && at < positive.end(row); at++) {
                final int rule = positive.rule(at);
                if (groupsOf == null || groupsOf[rule] == null
                    || SetCriteria.areMet(groupsOf[rule], noneOf[rule], host, net)) {
                    scratch.set(rule);
                }
            }
        }
    }
}
