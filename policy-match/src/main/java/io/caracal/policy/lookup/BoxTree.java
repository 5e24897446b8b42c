package io.caracal.policy.lookup;

import java.util.List;

/**
 * Boxes in order, and which of them comes first at a point: a decision tree whose nodes each look at a few bits of the
 * key, chosen anywhere in it ({@link BitChooser}), to go to one of their children at once. Boxes that do not tell these
 * bits apart are a rest with a tree of its own beside the children; a branch whose first rule comes after what is found
 * already is not entered. Immutable; any thread; looking allocates nothing.
 *
 * <pre>
 * node   masks of the first and the third word of the key | branch of its rest | IPv6: mask of the second word |
 *        a branch for each child
 * branch first rule (from bit 44), place; 0 for nothing
 * leaf   boxes in order
 * box    IPv4: addresses, ports, last; IPv6: four words of addresses, ports, last
 *        last = rule (from bit 44), protocol (from bit 32), whether the leaf ends (bit 31), what it needs (from bit
 *        28), and how far each word of addresses is shifted so that the prefix is left (7 bits each, source first)
 * </pre>
 *
 * A place is the offset of a node, or the complement of the offset of a leaf. Nothing is aligned or spread, since what
 * a lookup costs in a large tree are its cache lines. Bits are gathered by {@link Long#compress}, one instruction on
 * x86 with BMI2; without it a lookup is several times slower, not wrong.
 */
public final class BoxTree {
    /** What {@link #first} gives where no box contains the point. */
    public static final int NONE = Integer.MAX_VALUE;

    static final int REST_OFFSET = 2;
    static final int MIDDLE_OFFSET = 3;
    static final int CHILDREN_IPV4 = 3;
    static final int CHILDREN_IPV6 = 4;
    static final int BOX_WORDS_IPV4 = 3;
    static final int BOX_WORDS_IPV6 = 6;
    static final int RULE_SHIFT = 44;
    static final int PROTOCOL_SHIFT = 32;
    static final int NEEDS_SHIFT = 28;
    static final int LENGTH_BITS = 7;
    /** The box is the last of its leaf. */
    static final long END = 1L << 31;

    private static final long PLACE_MASK = -1L >>> Integer.SIZE;
    private static final int PORT_MASK = 0xffff;
    private static final int PROTOCOL_MASK = 0x1ff;
    private static final int NEEDS_MASK = 7;

    private final long[] words;
    private final int root;
    private final boolean v6;

    BoxTree(final long[] words, final int root, final boolean v6) {
        this.words = words;
        this.root = root;
        this.v6 = v6;
    }

    /** What a node has for a child: its first rule, so that what comes too late is not even read, and its place. */
    static long branch(final int rule, final int place) {
        return place == 0 ? 0 : (long)rule << RULE_SHIFT | place & PLACE_MASK;
    }

    /**
     * Builds a tree.
     *
     * @param boxes in the order of their rules.
     * @param v6 the family.
     * @return the tree.
     */
    public static BoxTree of(final List<Box> boxes, final boolean v6) {
        return new BoxTreeBuilder(new BoxColumns(boxes, v6)).build();
    }

    /**
     * A point to look up, and the branches that still have to be searched. Owned by one thread, filled again for each
     * packet.
     */
    public static final class Point {
        /** Rests that wait on the way down: at most one for each node of the deepest branch. */
        private final long[] waiting = new long[BoxTreeBuilder.MAX_DEPTH + 1];
        private final long[] found = new long[AnchorTable.AT_ONCE];
        private final int[] places = new int[AnchorTable.AT_ONCE];
        private long sourceHigh;
        private long sourceLow;
        private long destinationHigh;
        private long destinationLow;
        private long transport;
        private int has;
        private final RuleFilter filter;

        /**
         * Makes a point that is nowhere.
         *
         * @param filter is asked about rules of boxes with {@link Box#NEEDS_CHECK}.
         */
        public Point(final RuleFilter filter) {
            this.filter = filter;
        }

        /**
         * Sets the addresses, left-aligned in 128 bits.
         *
         * @param fromHigh bits 0-63 of the source.
         * @param fromLow bits 64-127.
         * @param toHigh bits 0-63 of the destination.
         * @param toLow bits 64-127.
         */
        public void addresses(final long fromHigh, final long fromLow, final long toHigh, final long toLow) {
            sourceHigh = fromHigh;
            sourceLow = fromLow;
            destinationHigh = toHigh;
            destinationLow = toLow;
        }

        /**
         * Sets protocol and ports.
         *
         * @param word from {@link Box#transport}.
         * @param having bits of {@link Box#NEEDS_PORTS} and {@link Box#NEEDS_ICMP} that the packet has.
         */
        public void transport(final long word, final int having) {
            transport = word;
            has = having;
        }

        int has() {
            return has;
        }

        long transport() {
            return transport;
        }

        /** What an anchor table finds under some sets until it has judged it. */
        long[] found() {
            return found;
        }

        /** Where that stands. */
        int[] places() {
            return places;
        }

        boolean passes(final int rule) {
            return filter.accepts(rule);
        }
    }

    /**
     * The first rule whose box contains a point.
     *
     * @param point the point; its family is the tree's.
     * @param from rules below this index do not count.
     * @param below rules from this index on do not count.
     * @return the rule, or {@link #NONE} if {@code below} comes before any.
     */
    public int first(final Point point, final int from, final int below) {
        return first(point, root, from, below);
    }

    /** The first rule in one of several trees: the one at a place. */
    int first(final Point point, final int start, final int from, final int below) {
        final long[] waiting = point.waiting;
        final long key0 = v6 ? point.sourceHigh : point.sourceHigh | point.destinationHigh >>> Integer.SIZE;
        final long key1 = point.destinationHigh;
        final long key2 = point.transport;
        int best = below;
        int depth = 0;
        int place = start;
        while (true) {
            while (place > 0) {
                final long rest = words[place + REST_OFFSET];
                if (rest != 0) {
                    waiting[depth++] = rest;
                }
                final long branch = words[child(place, key0, key1, key2)];
                place = branch >>> RULE_SHIFT < best ? (int)branch : 0;
            }
            if (place < 0) {
                best = v6 ? scanIpv6(~place, point, from, best) : scanIpv4(~place, point, from, best);
            }
            place = 0;
            while (place == 0) {
                if (depth == 0) {
                    return best == below ? NONE : best;
                }
                final long rest = waiting[--depth];
                place = rest >>> RULE_SHIFT < best ? (int)rest : 0;
            }
        }
    }

    /** Where the branch is that a key takes at a node. */
    private int child(final int node, final long key0, final long key1, final long key2) {
        final long mask0 = words[node];
        if (!v6) {
            return node + CHILDREN_IPV4
                + (int)(Long.compress(key0, mask0) | Long.compress(key2, words[node + 1]) << Long.bitCount(mask0));
        }
        final long mask1 = words[node + MIDDLE_OFFSET];
        final int shift1 = Long.bitCount(mask0);
        final int shift2 = shift1 + Long.bitCount(mask1);
        return node + CHILDREN_IPV6 + (int)(Long.compress(key0, mask0) | Long.compress(key1, mask1) << shift1
            | Long.compress(key2, words[node + 1]) << shift2);
    }

    private int scanIpv4(final int leaf, final Point point, final int from, final int below) {
        final long key = point.sourceHigh | point.destinationHigh >>> Integer.SIZE;
        int at = leaf;
        while (true) {
            final long last = words[at + 2];
            final int rule = (int)(last >>> RULE_SHIFT);
            if (rule >= below) {
                return below;
            }
            final long differing = key ^ words[at];
            /* A shift takes the lowest bits of its right side, whatever is above them. */
            final long outside = differing >>> Integer.SIZE >>> (int)last
                | (differing & PLACE_MASK) >>> (int)(last >>> LENGTH_BITS);
            if (outside == 0 && rule >= from && accepts(words[at + 1], last, point)) {
                return rule;
            }
            if ((last & END) != 0) {
                return below;
            }
            at += BOX_WORDS_IPV4;
        }
    }

    private int scanIpv6(final int leaf, final Point point, final int from, final int below) {
        int at = leaf;
        while (true) {
            final long last = words[at + 5];
            final int rule = (int)(last >>> RULE_SHIFT);
            if (rule >= below) {
                return below;
            }
            final long outside = shifted(point.sourceHigh ^ words[at], last)
                | shifted(point.sourceLow ^ words[at + 1], last >>> LENGTH_BITS)
                | shifted(point.destinationHigh ^ words[at + 2], last >>> 2 * LENGTH_BITS)
                | shifted(point.destinationLow ^ words[at + 3], last >>> 3 * LENGTH_BITS);
            if (outside == 0 && rule >= from && accepts(words[at + 4], last, point)) {
                return rule;
            }
            if ((last & END) != 0) {
                return below;
            }
            at += BOX_WORDS_IPV6;
        }
    }

    /** Shifted by up to 64, which no single shift does. */
    private static long shifted(final long word, final long by) {
        final int whole = (int)by & (1 << LENGTH_BITS) - 1;
        return word >>> (whole + 1 >> 1) >>> (whole >> 1);
    }

    private static boolean accepts(final long ports, final long last, final Point point) {
        final int transport = (int)point.transport;
        final int source = transport >>> Character.SIZE;
        final int destination = transport & PORT_MASK;
        final int protocol = (int)(last >>> PROTOCOL_SHIFT) & PROTOCOL_MASK;
        return source >= (int)(ports >>> 48) && source <= ((int)(ports >>> 32) & PORT_MASK)
            && destination >= (int)ports >>> Character.SIZE && destination <= ((int)ports & PORT_MASK)
            && (protocol == Box.ANY_PROTOCOL || protocol == (int)(point.transport >>> Integer.SIZE))
            && has((int)(last >>> NEEDS_SHIFT) & NEEDS_MASK & ~point.has, (int)(last >>> RULE_SHIFT), point);
    }

    private static boolean has(final int missing, final int rule, final Point point) {
        return missing == 0 || missing == Box.NEEDS_CHECK && point.filter.accepts(rule);
    }

    /**
     * Memory that it takes.
     *
     * @return bytes.
     */
    public long sizeBytes() {
        return (long)words.length * Long.BYTES;
    }
}
