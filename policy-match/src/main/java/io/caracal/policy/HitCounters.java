package io.caracal.policy;

/**
 * How often each rule of one list decided or was passed, counted by each worker in cells of its own: a plain add on the
 * packet path, summed when somebody asks. A reader may miss what workers do at that moment, never more.
 */
public final class HitCounters {
    private final int firstId;
    private final HitSlab[] slabs;

    HitCounters(final int firstId, final HitSlab[] slabs) {
        this.firstId = firstId;
        this.slabs = slabs;
    }

    /** Where a rule of the list is counted. */
    HitSlab slab(final int rule) {
        return slabs[HitSlab.numberOf(firstId + rule) - HitSlab.numberOf(firstId)];
    }

    /**
     * Hits of a rule by all workers. Any thread.
     *
     * @param rule its index in the list.
     * @return the sum.
     */
    public long sum(final int rule) {
        return slab(rule).sum(firstId + rule & HitSlab.MASK);
    }
}
