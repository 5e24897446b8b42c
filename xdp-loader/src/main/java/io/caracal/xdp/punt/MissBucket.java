package io.caracal.xdp.punt;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * State of a {@link Workload.MissLimit}, {@code struct miss_bucket} of {@code pod.bpf.c}. The programs write it; Java
 * only makes it. The lock at its begin is never copied from or to user space.
 *
 * @param scheduledNs when the next packet would be on schedule, by the kernel's monotonic clock.
 */
record MissBucket(long scheduledNs) {
    /** On schedule since the machine started: the whole burst may come. */
    static final MissBucket FULL = new MissBucket(0);

    static final MapCodec<MissBucket> CODEC = new MapCodec<>() {
        private static final int SCHEDULED_NS_OFFSET = 8;

        @Override
        public int size() {
            return 16;
        }

        @Override
        public void write(final MemorySegment target, final MissBucket value) {
            target.set(ValueLayout.JAVA_LONG_UNALIGNED, SCHEDULED_NS_OFFSET, value.scheduledNs);
        }

        @Override
        public MissBucket read(final MemorySegment source) {
            return new MissBucket(source.get(ValueLayout.JAVA_LONG_UNALIGNED, SCHEDULED_NS_OFFSET));
        }
    };
}
