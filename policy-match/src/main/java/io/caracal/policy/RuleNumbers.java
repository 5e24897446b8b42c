package io.caracal.policy;

/** Gives rules their numbers, and with them their counters. Numbers are never used twice. Control thread only. */
final class RuleNumbers {
    private final int workers;
    private int next = 1;
    private HitSlab last;

    RuleNumbers(final int workers) {
        this.workers = workers;
        last = new HitSlab(0, workers);
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
                last = new HitSlab(HitSlab.numberOf(first) + i, workers);
            }
            slabs[i] = last;
        }
        return new HitCounters(first, slabs);
    }
}
