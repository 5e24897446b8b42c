package io.caracal.worker;

import io.caracal.port.CounterBlock;

/**
 * How long a worker's burst cycles took: exact below 64 ns, within 1/32 above, the bucket layout of HdrHistogram with
 * five bits. The worker's thread records, which is one addition; any thread reads, perhaps buckets of two moments.
 *
 * <p>A worker that is asleep has no cycle: what delays its waking (a pause of the virtual machine, a processor that
 * somebody else has) only shows in the delay of packets.</p>
 */
public final class CycleTimes {
    private static final int SUB_BUCKET_BITS = 5;
    private static final int SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
    /** 69 s; whatever takes longer counts as that. */
    private static final int HIGHEST_BIT = 36;
    private static final int COUNT = HIGHEST_BIT - SUB_BUCKET_BITS + 1 << SUB_BUCKET_BITS;

    private final CounterBlock block = CounterBlock.allocate(COUNT);

    /** Makes counts in memory of their own, all zero. */
    CycleTimes() {
    }

    /** A cycle has ended. The worker's thread only. */
    void record(final long durationNs) {
        block.add(bucketOf(durationNs), 1);
    }

    /** Clocks may step back by a little; such a cycle took no time. */
    static int bucketOf(final long durationNs) {
        if (durationNs < 2 * SUB_BUCKETS) {
            return (int)Math.max(0, durationNs);
        }
        final int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(durationNs) - SUB_BUCKET_BITS;
        return Math.min(COUNT - 1, (shift << SUB_BUCKET_BITS) + (int)(durationNs >> shift));
    }

    static long upperNsOf(final int bucket) {
        if (bucket < 2 * SUB_BUCKETS) {
            return bucket;
        }
        final int shift = (bucket >> SUB_BUCKET_BITS) - 1;
        return (SUB_BUCKETS + (bucket & SUB_BUCKETS - 1) + 1L << shift) - 1;
    }

    /** Who is told of a bucket. */
    @FunctionalInterface
    public interface BucketConsumer {
        /**
         * A bucket that is not empty.
         *
         * @param upperNs the longest time that falls into it.
         * @param cycles how many did.
         */
        void accept(long upperNs, long cycles);
    }

    /**
     * Tells what was counted, shortest first. Any thread.
     *
     * @param consumer told of each bucket that is not empty.
     */
    public void forEach(final BucketConsumer consumer) {
        for (int index = 0; index < COUNT; index++) {
            final long cycles = block.get(index);
            if (cycles > 0) {
                consumer.accept(upperNsOf(index), cycles);
            }
        }
    }
}
