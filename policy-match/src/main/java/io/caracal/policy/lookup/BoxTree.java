package io.caracal.policy.lookup;

import java.util.List;

/**
 * Boxes in order, and which of them comes first at a point: a decision tree whose nodes each look at a few bits of the
 * key, chosen anywhere in it ({@link BitChooser}), to go to one of their children at once. Boxes that do not tell these
 * bits apart are a rest with a tree of its own beside the children; a branch whose first rule comes after what is found
 * already is not entered. Immutable; any thread; looking allocates nothing.
 *
 * <pre>
 * node   masks of the three words of the key | index of its first child in slots | first rule and place of its rest
 * leaf   count | boxes in order
 * box    IPv4: addresses, mask, ports, last; IPv6: four words of addresses each with its mask, ports, last
 *        last = what it needs (from bit 48), protocol (from bit 32), rule
 * </pre>
 *
 * A place is the offset of a node, the complement of the offset of a leaf, or 0 for nothing. Bits are gathered by
 * {@link Long#compress}, one instruction on x86 with BMI2; without it a lookup is several times slower, not wrong.
 */
public final class BoxTree {
    /** What {@link #first} gives where no box contains the point. */
    public static final int NONE = Integer.MAX_VALUE;

    static final int REST_OFFSET = 4;
    static final int NODE_WORDS = 5;
    static final int BOX_WORDS_IPV4 = 4;
    static final int BOX_WORDS_IPV6 = 10;
    static final int PROTOCOL_SHIFT = 32;
    static final int NEEDS_SHIFT = 48;

    private static final int SLOTS_OFFSET = 3;
    private static final int PORT_MASK = 0xffff;

    private final long[] words;
    private final int[] slots;
    private final int root;
    private final boolean v6;

    BoxTree(final long[] words, final int[] slots, final int root, final boolean v6) {
        this.words = words;
        this.slots = slots;
        this.root = root;
        this.v6 = v6;
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
                if ((int)rest != 0) {
                    waiting[depth++] = rest;
                }
                final int child = child(place, key0, key1, key2);
                place = slots[(int)words[place + SLOTS_OFFSET] + child];
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
                place = rest >>> Integer.SIZE < best ? (int)rest : 0;
            }
        }
    }

    private int child(final int node, final long key0, final long key1, final long key2) {
        final long mask0 = words[node];
        if (!v6) {
            return (int)(Long.compress(key0, mask0) | Long.compress(key2, words[node + 2]) << Long.bitCount(mask0));
        }
        final long mask1 = words[node + 1];
        final int shift1 = Long.bitCount(mask0);
        final int shift2 = shift1 + Long.bitCount(mask1);
        return (int)(Long.compress(key0, mask0) | Long.compress(key1, mask1) << shift1
            | Long.compress(key2, words[node + 2]) << shift2);
    }

    private int scanIpv4(final int leaf, final Point point, final int from, final int below) {
        final long key = point.sourceHigh | point.destinationHigh >>> Integer.SIZE;
        final int end = leaf + 1 + (int)words[leaf] * BOX_WORDS_IPV4;
        for (int at = leaf + 1; at < end; at += BOX_WORDS_IPV4) {
            final long last = words[at + 3];
            if ((int)last >= below) {
                return below;
            }
            if (((key ^ words[at]) & words[at + 1]) == 0 && (int)last >= from
                && accepts(words[at + 2], last, point)) {
                return (int)last;
            }
        }
        return below;
    }

    private int scanIpv6(final int leaf, final Point point, final int from, final int below) {
        final int end = leaf + 1 + (int)words[leaf] * BOX_WORDS_IPV6;
        for (int at = leaf + 1; at < end; at += BOX_WORDS_IPV6) {
            final long last = words[at + 9];
            if ((int)last >= below) {
                return below;
            }
            final long outside = (point.sourceHigh ^ words[at]) & words[at + 1]
                | (point.sourceLow ^ words[at + 2]) & words[at + 3]
                | (point.destinationHigh ^ words[at + 4]) & words[at + 5]
                | (point.destinationLow ^ words[at + 6]) & words[at + 7];
            if (outside == 0 && (int)last >= from && accepts(words[at + 8], last, point)) {
                return (int)last;
            }
        }
        return below;
    }

    private static boolean accepts(final long ports, final long last, final Point point) {
        final int transport = (int)point.transport;
        final int source = transport >>> Character.SIZE;
        final int destination = transport & PORT_MASK;
        final int protocol = (int)(last >>> PROTOCOL_SHIFT) & PORT_MASK;
        return source >= (int)(ports >>> 48) && source <= ((int)(ports >>> 32) & PORT_MASK)
            && destination >= (int)ports >>> Character.SIZE && destination <= ((int)ports & PORT_MASK)
            && (protocol == Box.ANY_PROTOCOL || protocol == (int)(point.transport >>> Integer.SIZE))
            && has((int)(last >>> NEEDS_SHIFT) & ~point.has, (int)last, point);
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
        return (long)words.length * Long.BYTES + (long)slots.length * Integer.BYTES;
    }
}
