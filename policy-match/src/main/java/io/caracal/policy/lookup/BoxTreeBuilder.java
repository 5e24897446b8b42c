package io.caracal.policy.lookup;

import io.caracal.policy.model.Prefix;
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
    /** Copies of one box in a node: what would be more goes to its rest, since a large tree costs by its size. */
    private static final int MAX_COPIES = 8;

    private final BoxColumns boxes;
    private final BitChooser chooser;
    private final int boxWords;
    private long[] words = new long[1 << 10];
    private int wordCount = 1;

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
        return new BoxTree(Arrays.copyOf(words, wordCount), root, boxes.v6());
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
        final int header = boxes.v6() ? BoxTree.CHILDREN_IPV6 : BoxTree.CHILDREN_IPV4;
        final int node = reserve(header + division.children.length);
        words[node] = division.masks[0];
        words[node + 1] = division.masks[2];
        if (boxes.v6()) {
            words[node + BoxTree.MIDDLE_OFFSET] = division.masks[1];
        }
        final Map<Rows, Long> same = new HashMap<>();
        for (int child = 0; child < division.children.length; child++) {
            final Rows rows = new Rows(division.children[child]);
            Long branch = same.get(rows);
            if (branch == null) {
                branch = branch(rows.rows, depth + 1);
                same.put(rows, branch);
            }
            words[node + header + child] = branch;
        }
        final long rest = branch(division.rest, depth + 1);
        words[node + BoxTree.REST_OFFSET] = rest;
        return node;
    }

    private long branch(final int[] rows, final int depth) {
        return rows.length == 0 ? 0 : BoxTree.branch(boxes.box(rows[0]).rule(), place(rows, depth));
    }

    private int leaf(final int[] rows) {
        int at = reserve(rows.length * boxWords);
        final int leaf = at;
        for (int i = 0; i < rows.length; i++) {
            final Box box = boxes.box(rows[i]);
            long lengths;
            if (boxes.v6()) {
                at = append(at, box.source().high(), box.source().low());
                at = append(at, box.destination().high(), box.destination().low());
                lengths = lengths(box.source()) | lengths(box.destination()) << 2 * BoxTree.LENGTH_BITS;
            } else {
                words[at++] = boxes.value(0, rows[i]);
                lengths = Integer.SIZE - box.source().length()
                    | (long)(Integer.SIZE - box.destination().length()) << BoxTree.LENGTH_BITS;
            }
            at = append(at, box.ports(), (long)box.rule() << BoxTree.RULE_SHIFT
                | (long)box.protocol() << BoxTree.PROTOCOL_SHIFT | (long)box.needs() << BoxTree.NEEDS_SHIFT
                | (i == rows.length - 1 ? BoxTree.END : 0) | lengths);
        }
        return ~leaf;
    }

    /** How many bits of both words of an address are beyond its prefix. */
    private static long lengths(final Prefix prefix) {
        return Long.SIZE - Math.min(prefix.length(), Long.SIZE)
            | (long)(Long.SIZE - Math.max(prefix.length() - Long.SIZE, 0)) << BoxTree.LENGTH_BITS;
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
            long budget = all.length <= SMALL ? 4L * all.length + 16 : all.length;
            for (int i = 0; i < all.length; i++) {
                final int free = free(all[i]);
                final long copies = 1L << Integer.bitCount(free);
                resting[i] = copies > MAX_COPIES || copies - 1 > budget;
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
