package io.caracal.conntrack;

import io.caracal.bindings.MappedRegion;

/**
 * Where each flow of one table has its two entries in the {@link FlowOffload}, and its place among those that have:
 * twelve bytes a slot. The table's thread; owns its memory.
 */
final class OffloadLinks implements AutoCloseable {
    private static final int SIZE = 12;
    private static final int PLACE_OFFSET = 8;

    private final MappedRegion region;

    OffloadLinks(final int capacity) {
        region = OffHeap.reserve((long)capacity * SIZE);
    }

    /** Whether a flow has entries. */
    boolean isLinked(final int slot) {
        return OffHeap.getInt(at(slot)) != 0;
    }

    /** The entry of a flow's direction (0 original, 1 reply); {@link FlowOffload#NONE} for none. */
    int entry(final int slot, final int direction) {
        return OffHeap.getInt(at(slot) + direction * Integer.BYTES) - 1;
    }

    void entry(final int slot, final int direction, final int entry) {
        OffHeap.putInt(at(slot) + direction * Integer.BYTES, entry + 1);
    }

    /** Where it stands in the list of those that are offloaded. */
    int place(final int slot) {
        return OffHeap.getInt(at(slot) + PLACE_OFFSET);
    }

    void place(final int slot, final int place) {
        OffHeap.putInt(at(slot) + PLACE_OFFSET, place);
    }

    private long at(final int slot) {
        return region.address() + (long)slot * SIZE;
    }

    /** See {@link OffHeap#populate}. */
    void populate() {
        OffHeap.populate(region);
    }

    @Override
    public void close() {
        region.close();
    }
}
