package io.caracal.policy.lookup;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Builds one {@link BoxTree}. Used once; control thread only. */
final class BoxTreeBuilder {
    /** Deeper than boxes of any real list lead; from here on a leaf takes what is left. */
    static final int MAX_DEPTH = 24;

    /** Boxes of a leaf: some six are compared in the time that one more node takes. */
    private static final int LEAF_BOXES = 6;
    /** Up to so many boxes a node is small, and copying boxes costs little against another rest to search. */
    private static final int SMALL = 64;
    /** Copies of one box in a large node: more go to its rest. */
    private static final int MAX_COPIES = 8;

    private final BoxColumns boxes;
    private final BitChooser chooser;
    private final int boxWords;
    private long[] words = new long[1 << 10];
    private int wordCount = 1;
    private int[] slots = new int[1 << 8];
    private int slotCount;

    BoxTreeBuilder(final BoxColumns boxes) {
        this.boxes = boxes;
        chooser = new BitChooser(boxes);
        boxWords = boxes.v6() ? BoxTree.BOX_WORDS_IPV6 : BoxTree.BOX_WORDS_IPV4;
    }

    BoxTree build() {
        return finish(place(0, boxes.count()));
    }

    /** A tree of some of the boxes, beside others in the same arrays: its place, 0 if it is empty. */
    int place(final int begin, final int end) {
        final int[] rows = new int[end - begin];
        Arrays.setAll(rows, row -> begin + row);
        return place(rows, 0);
    }

    BoxTree finish(final int root) {
        return new BoxTree(Arrays.copyOf(words, wordCount), Arrays.copyOf(slots, slotCount), root, boxes.v6());
    }

    private int place(final int[] rows, final int depth) {
        if (rows.length == 0) {
            return 0;
        }
        if (rows.length <= LEAF_BOXES || depth == MAX_DEPTH) {
            return leaf(rows);
        }
        final long[] masks = chooser.choose(rows, LEAF_BOXES).clone();
        final int bits = Long.bitCount(masks[0]) + Long.bitCount(masks[1]) + Long.bitCount(masks[2]);
        final Division division = new Division(rows, masks, 1 << bits);
        return bits == 0 || !division.helps() ? leaf(rows) : node(division, depth);
    }

    private int node(final Division division, final int depth) {
        final int node = reserve(BoxTree.NODE_WORDS);
        System.arraycopy(division.masks, 0, words, node, BoxColumns.KEY_WORDS);
        final int first = slotCount;
        slotCount += division.children.length;
        if (slots.length < slotCount) {
            slots = Arrays.copyOf(slots, Math.max(slots.length * 2, slotCount));
        }
        words[node + BoxColumns.KEY_WORDS] = first;
        final Map<Rows, Integer> same = new HashMap<>();
        for (int child = 0; child < division.children.length; child++) {
            final Rows rows = new Rows(division.children[child]);
            Integer place = same.get(rows);
            if (place == null) {
                place = place(rows.rows, depth + 1);
                same.put(rows, place);
            }
            slots[first + child] = place;
        }
        if (division.rest.length > 0) {
            final int place = place(division.rest, depth + 1);
            words[node + BoxTree.REST_OFFSET] =
                (long)boxes.box(division.rest[0]).rule() << Integer.SIZE | place & -1L >>> Integer.SIZE;
        }
        return node;
    }

    private int leaf(final int[] rows) {
        int at = reserve(1 + rows.length * boxWords);
        final int leaf = at;
        words[at++] = rows.length;
        for (final int row : rows) {
            final Box box = boxes.box(row);
            if (boxes.v6()) {
                at = append(at, box.source().high(), BoxColumns.leading(box.source().length()));
                at = append(at, box.source().low(), BoxColumns.leading(box.source().length() - Long.SIZE));
                at = append(at, box.destination().high(), BoxColumns.leading(box.destination().length()));
                at = append(at, box.destination().low(), BoxColumns.leading(box.destination().length() - Long.SIZE));
            } else {
                at = append(at, boxes.value(0, row), boxes.mask(0, row));
            }
            at = append(at, box.ports(), (long)box.needs() << BoxTree.NEEDS_SHIFT
                | (long)box.protocol() << BoxTree.PROTOCOL_SHIFT | box.rule());
        }
        return ~leaf;
    }

    private int append(final int at, final long first, final long second) {
        words[at] = first;
        words[at + 1] = second;
        return at + 2;
    }

    private int reserve(final int count) {
        final int at = wordCount;
        wordCount += count;
        if (words.length < wordCount) {
            words = Arrays.copyOf(words, Math.max(words.length * 2, wordCount));
        }
        return at;
    }

    /** A list of rows, equal if its rows are. */
    private record Rows(int[] rows) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof Rows that && Arrays.equals(rows, that.rows);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(rows);
        }
    }

    /** The boxes of a node by child, and its rest. */
    private final class Division {
        private final int[] all;
        private final long[] masks;
        private final int[][] children;
        private final int[] counts;
        private int[] rest = new int[0];

        Division(final int[] all, final long[] masks, final int childCount) {
            this.all = all;
            this.masks = masks;
            children = new int[childCount][];
            counts = new int[childCount];
            final boolean[] resting = new boolean[all.length];
            int restCount = 0;
            final int mostCopies = all.length <= SMALL ? childCount : MAX_COPIES;
            long budget = all.length <= SMALL ? 4L * all.length + 16 : all.length;
            for (int i = 0; i < all.length; i++) {
                final int free = free(all[i]);
                final long copies = 1L << Integer.bitCount(free);
                resting[i] = copies > mostCopies || copies - 1 > budget;
                restCount += resting[i] ? 1 : 0;
                if (!resting[i]) {
                    budget -= copies - 1;
                    spread(all[i], free, true);
                }
            }
            rest = new int[restCount];
            fill(resting);
        }

        private void fill(final boolean[] resting) {
            for (int child = 0; child < children.length; child++) {
                children[child] = new int[counts[child]];
                counts[child] = 0;
            }
            int restCount = 0;
            for (int i = 0; i < all.length; i++) {
                if (resting[i]) {
                    rest[restCount++] = all[i];
                } else {
                    spread(all[i], free(all[i]), false);
                }
            }
        }

        /** Counts or writes a row into each child that it reaches: all values of its free bits. */
        private void spread(final int row, final int free, final boolean countOnly) {
            final int fixed = gather(boxes.value(0, row), boxes.value(1, row), boxes.value(2, row)) & ~free;
            int some = free;
            while (true) {
                final int child = fixed | some;
                if (!countOnly) {
                    children[child][counts[child]] = row;
                }
                counts[child]++;
                if (some == 0) {
                    return;
                }
                some = some - 1 & free;
            }
        }

        private int free(final int row) {
            return gather(~boxes.mask(0, row), ~boxes.mask(1, row), ~boxes.mask(2, row));
        }

        private int gather(final long key0, final long key1, final long key2) {
            final int shift1 = Long.bitCount(masks[0]);
            final int shift2 = shift1 + Long.bitCount(masks[1]);
            return (int)(Long.compress(key0, masks[0]) | Long.compress(key1, masks[1]) << shift1
                | Long.compress(key2, masks[2]) << shift2);
        }

        /** Whether every part is smaller than the whole. */
        boolean helps() {
            return rest.length < all.length && Arrays.stream(children).allMatch(child -> child.length < all.length);
        }
    }
}
