package io.caracal.conntrack;

import io.caracal.bindings.MappedRegion;

/**
 * The lists that a flow is a member of, 32 bytes a slot in anonymous memory: free slots or a bucket of the
 * {@link TimerWheel}, and the flows of its two endpoints ({@link EndpointFlows}). Not in the mapped file: a start
 * rebuilds them, so that a crash between two pointers cannot damage a list.
 *
 * <pre>
 *   0 next | 4 previous | 8 bucket | 12 unused | 16 source leg: next, previous | 24 destination leg: next, previous
 * </pre>
 *
 * <p>A reference is stored as itself + 1, so that zeroed memory is all "none". One thread, the table's, which closes
 * it.</p>
 */
final class FlowLinks implements AutoCloseable {
    /** No slot, no node, no bucket. */
    static final int NONE = -1;
    /** Bytes of a slot's links: half a cache line. */
    static final int SIZE = 32;

    /** Links of a slot: next and previous in its bucket, then in the lists of its two legs. */
    static final int LINKS = 6;

    private static final int PREVIOUS_OFFSET = 4;
    private static final int BUCKET_OFFSET = 8;
    private static final int LEGS_OFFSET = 16;
    private static final int[] LINK_OFFSETS = {0, PREVIOUS_OFFSET, LEGS_OFFSET, LEGS_OFFSET + PREVIOUS_OFFSET,
        LEGS_OFFSET + Long.BYTES, LEGS_OFFSET + Long.BYTES + PREVIOUS_OFFSET};

    private final MappedRegion memory;
    private final long base;

    FlowLinks(final int capacity) {
        memory = OffHeap.reserve((long)capacity * SIZE);
        base = memory.address();
    }

    /** See {@link OffHeap#populate}. */
    void populate() {
        OffHeap.populate(memory);
    }

    @Override
    public void close() {
        memory.close();
    }

    int next(final int slot) {
        return OffHeap.getInt(address(slot)) - 1;
    }

    void next(final int slot, final int next) {
        OffHeap.putInt(address(slot), next + 1);
    }

    int previous(final int slot) {
        return OffHeap.getInt(address(slot) + PREVIOUS_OFFSET) - 1;
    }

    void previous(final int slot, final int previous) {
        OffHeap.putInt(address(slot) + PREVIOUS_OFFSET, previous + 1);
    }

    int bucket(final int slot) {
        return OffHeap.getInt(address(slot) + BUCKET_OFFSET) - 1;
    }

    void bucket(final int slot, final int bucket) {
        OffHeap.putInt(address(slot) + BUCKET_OFFSET, bucket + 1);
    }

    /** A node is one leg of a flow: {@code slot * 2 + leg}. */
    int nodeNext(final int node) {
        return OffHeap.getInt(nodeAddress(node)) - 1;
    }

    void nodeNext(final int node, final int next) {
        OffHeap.putInt(nodeAddress(node), next + 1);
    }

    int nodePrevious(final int node) {
        return OffHeap.getInt(nodeAddress(node) + PREVIOUS_OFFSET) - 1;
    }

    void nodePrevious(final int node, final int previous) {
        OffHeap.putInt(nodeAddress(node) + PREVIOUS_OFFSET, previous + 1);
    }

    /** Address of the links of the slot that a link of a slot leads to; its own where it leads nowhere. */
    long neighbourLine(final int slot, final int link) {
        final int reference = OffHeap.getInt(address(slot) + LINK_OFFSETS[link]) - 1;
        return reference == NONE ? address(slot) : address(link < 2 ? reference : reference >> 1);
    }

    private long address(final int slot) {
        return base + (long)slot * SIZE;
    }

    private long nodeAddress(final int node) {
        return address(node >> 1) + LEGS_OFFSET + (long)(node & 1) * Long.BYTES;
    }
}
