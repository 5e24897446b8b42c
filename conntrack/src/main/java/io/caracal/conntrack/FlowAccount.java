package io.caracal.conntrack;

/**
 * The part of a flow that packets write but lookups do not compare: one cache line for either family, beside the
 * record in the mapped file and under the same sequence.
 *
 * <pre>
 *   0 original packets | 8 original bytes | 16 reply packets | 24 reply bytes
 *  32 last seen, ms    | 36 created, ms   | 40 source interface | 44 destination interface
 *  48 source leg: policy generation, rule | 56 destination leg: policy generation, rule
 * </pre>
 *
 * <p>A leg is one endpoint's side of the flow: its egress policy for the source, its ingress policy for the
 * destination. An interface is the ifindex of that endpoint, 0 where the leg is no local workload.</p>
 */
final class FlowAccount {
    /** Bytes of an account. */
    static final int SIZE = 64;

    static final int ORIGINAL_PACKETS_OFFSET = 0;
    static final int ORIGINAL_BYTES_OFFSET = 8;
    /** From the original direction's counters to the reply direction's. */
    static final int DIRECTION_STRIDE = 16;
    static final int LAST_SEEN_MS_OFFSET = 32;
    static final int CREATED_MS_OFFSET = 36;
    static final int SOURCE_IFINDEX_OFFSET = 40;
    static final int DESTINATION_IFINDEX_OFFSET = 44;
    static final int SOURCE_GENERATION_OFFSET = 48;
    static final int SOURCE_RULE_OFFSET = 52;
    static final int DESTINATION_GENERATION_OFFSET = 56;
    static final int DESTINATION_RULE_OFFSET = 60;

    private FlowAccount() {
    }

    /** Begins the account of a new flow. */
    static void open(final long account, final FlowSpec spec) {
        OffHeap.clear(account, LAST_SEEN_MS_OFFSET);
        OffHeap.putInt(account + LAST_SEEN_MS_OFFSET, (int)spec.nowMs);
        OffHeap.putInt(account + CREATED_MS_OFFSET, (int)spec.nowMs);
        OffHeap.putInt(account + SOURCE_IFINDEX_OFFSET, spec.sourceIfindex);
        OffHeap.putInt(account + DESTINATION_IFINDEX_OFFSET, spec.destinationIfindex);
        OffHeap.putInt(account + SOURCE_GENERATION_OFFSET, spec.sourceGeneration);
        OffHeap.putInt(account + SOURCE_RULE_OFFSET, spec.sourceRule);
        OffHeap.putInt(account + DESTINATION_GENERATION_OFFSET, spec.destinationGeneration);
        OffHeap.putInt(account + DESTINATION_RULE_OFFSET, spec.destinationRule);
    }

    /** Counts packets of a direction (0 original, 1 reply). */
    static void count(final long account, final int direction, final long packets, final long bytes) {
        final long counters = account + direction * DIRECTION_STRIDE;
        OffHeap.putLong(counters, OffHeap.getLong(counters) + packets);
        OffHeap.putLong(counters + Long.BYTES, OffHeap.getLong(counters + Long.BYTES) + bytes);
    }

    static int lastSeenMs(final long account) {
        return OffHeap.getInt(account + LAST_SEEN_MS_OFFSET);
    }

    static void lastSeenMs(final long account, final int nowMs) {
        OffHeap.putInt(account + LAST_SEEN_MS_OFFSET, nowMs);
    }

    static int createdMs(final long account) {
        return OffHeap.getInt(account + CREATED_MS_OFFSET);
    }

    static int sourceIfindex(final long account) {
        return OffHeap.getInt(account + SOURCE_IFINDEX_OFFSET);
    }

    static int destinationIfindex(final long account) {
        return OffHeap.getInt(account + DESTINATION_IFINDEX_OFFSET);
    }

    static int sourceGeneration(final long account) {
        return OffHeap.getInt(account + SOURCE_GENERATION_OFFSET);
    }

    static int destinationGeneration(final long account) {
        return OffHeap.getInt(account + DESTINATION_GENERATION_OFFSET);
    }

    static int sourceRule(final long account) {
        return OffHeap.getInt(account + SOURCE_RULE_OFFSET);
    }

    static int destinationRule(final long account) {
        return OffHeap.getInt(account + DESTINATION_RULE_OFFSET);
    }

    /** Who has approved the source's leg. */
    static void approveSource(final long account, final int generation, final int rule) {
        OffHeap.putInt(account + SOURCE_GENERATION_OFFSET, generation);
        OffHeap.putInt(account + SOURCE_RULE_OFFSET, rule);
    }

    /** Who has approved the destination's leg. */
    static void approveDestination(final long account, final int generation, final int rule) {
        OffHeap.putInt(account + DESTINATION_GENERATION_OFFSET, generation);
        OffHeap.putInt(account + DESTINATION_RULE_OFFSET, rule);
    }
}
