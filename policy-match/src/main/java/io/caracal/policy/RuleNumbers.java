package io.caracal.policy;

import java.lang.ref.WeakReference;
import java.util.Arrays;

/**
 * Gives rules their numbers, and with them their counters. Numbers are never used twice. Control thread only, but for
 * {@link #count}.
 */
final class RuleNumbers {
    private final int workers;
    private int next = 1;
    private HitSlab last;
    /** By number; a slab of which no rule is left is gone. */
    private volatile WeakReference<HitSlab>[] slabs;

    RuleNumbers(final int workers) {
        this.workers = workers;
        slabs = none();
        begin(0);
    }

    @SuppressWarnings("unchecked")
    private static WeakReference<HitSlab>[] none() {
        return (WeakReference<HitSlab>[])new WeakReference<?>[0];
    }

    private void begin(final int number) {
        last = new HitSlab(number, workers);
        final WeakReference<HitSlab>[] more = Arrays.copyOf(slabs, number + 1);
        more[number] = new WeakReference<>(last);
        slabs = more;
    }

    /**
     * Counts a hit of a rule that a flow's record names, if it still exists. A worker's thread; allocates nothing.
     *
     * @param id the rule; 0 for none.
     * @param worker whose cell.
     */
    void count(final int id, final int worker) {
        final int number = HitSlab.numberOf(id);
        final WeakReference<HitSlab>[] known = slabs;
        final WeakReference<HitSlab> found = id == 0 || number >= known.length ? null : known[number];
        final HitSlab slab = found == null ? null : found.get();
        if (slab != null) {
            HitSlab.count(slab.cells()[worker], id & HitSlab.MASK);
        }
    }

    /** The number of the next rule. */
    int next() {
        return next;
    }

    /** Takes the numbers of a list of rules, from {@link #next} on. */
    HitCounters take(final int count) {
        final int first = next;
        next += count;
        final HitSlab[] slabs = new HitSlab[HitSlab.numberOf(next) - HitSlab.numberOf(first) + 1];
        for (int i = 0; i < slabs.length; i++) {
            if (last.number() < HitSlab.numberOf(first) + i) {
                begin(HitSlab.numberOf(first) + i);
            }
            slabs[i] = last;
        }
        return new HitCounters(first, slabs);
    }
}
