package io.caracal.policy.lookup;

import java.util.List;

/**
 * Boxes as columns while a {@link BoxTree} is being built. A key has three words: both IPv4 addresses (or the first
 * half of the IPv6 source), nothing (or the first half of the IPv6 destination), ports and protocol; of each a mask
 * says which bits have one value in the whole box. Control thread only.
 */
final class BoxColumns {
    /** Words of a key that nodes choose bits from. */
    static final int KEY_WORDS = 3;

    private final boolean v6;
    private final List<Box> boxes;
    private final long[][] values = new long[KEY_WORDS][];
    private final long[][] masks = new long[KEY_WORDS][];
    private final long[] used = new long[KEY_WORDS];

    BoxColumns(final List<Box> boxes, final boolean v6) {
        this.boxes = boxes;
        this.v6 = v6;
        for (int word = 0; word < KEY_WORDS; word++) {
            values[word] = new long[boxes.size()];
            masks[word] = new long[boxes.size()];
        }
        for (int row = 0; row < boxes.size(); row++) {
            final Box box = boxes.get(row);
            final long source = leading(box.source().length());
            final long destination = leading(box.destination().length());
            masks[0][row] = v6 ? source : source | destination >>> Integer.SIZE;
            masks[1][row] = v6 ? destination : 0;
            masks[2][row] = box.transportMask();
            values[0][row] = v6 ? box.source().high() : box.source().high() | box.destination().high() >>> Integer.SIZE;
            values[1][row] = v6 ? box.destination().high() : 0;
            values[2][row] = box.transportValue();
            for (int word = 0; word < KEY_WORDS; word++) {
                used[word] |= masks[word][row];
            }
        }
    }

    /** A word whose first {@code length} bits are set. */
    static long leading(final int length) {
        return length <= 0 ? 0 : -1L << Long.SIZE - Math.min(length, Long.SIZE);
    }

    int count() {
        return boxes.size();
    }

    Box box(final int row) {
        return boxes.get(row);
    }

    boolean v6() {
        return v6;
    }

    long value(final int word, final int row) {
        return values[word][row];
    }

    long mask(final int word, final int row) {
        return masks[word][row];
    }

    /** Bits that have one value in some box. */
    long usedBits(final int word) {
        return used[word];
    }
}
