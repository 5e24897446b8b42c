package io.caracal.policy.lookup;

import io.caracal.policy.model.IpProtocol;

/**
 * Rules found by one set that they name, their anchor: of each set of a packet's address the first rule that names it
 * and accepts protocol and ports. A rule of one protocol and a few destination ports stands in a hash table under set,
 * protocol and port; others are boxes in a small tree for each set. So a lookup costs by the sets of the address, and
 * not by rules. What it costs are misses of caches and branches that no processor can foresee: most sets have no entry,
 * which a bit tells, so that the bits of a large list fit the second cache; entries lie without gaps; and all sets are
 * read before any is judged. Immutable; any thread; looking allocates nothing.
 *
 * <pre>
 * slots   of a hash table with linear probing, 32 a word: how many entries come before (32 bits), which are taken (32)
 * exact   entries of the taken slots: set (24 bits), side (2), protocol (2), port (16), first rule (19), whether that
 *         needs a check (1)
 * chains  by place in exact: where its chain begins, 0 if there is none; rule * 2 + whether it needs a check, ..., -1
 * rows    set and side | first rule, place of its tree
 * </pre>
 */
public final class AnchorTable {
    /** The set contains the source address. */
    public static final int SOURCE = 0;
    /** The set contains the destination address. */
    public static final int DESTINATION = 1;
    /** The set contains destination address, protocol and port. */
    public static final int PORT = 2;

    static final int ROW_WORDS = 2;
    static final int SLOTS_SHIFT = 5;
    static final int SIDE_BITS = 2;
    static final int TRANSPORT_BITS = 18;
    static final int WHERE_BITS = 20;
    /** Sets with higher numbers do not fit an entry. */
    static final int MOST_SETS = 1 << Long.SIZE - WHERE_BITS - TRANSPORT_BITS - SIDE_BITS;

    private static final long WHERE_MASK = (1 << WHERE_BITS) - 1;
    private static final long NOTHING = Long.MAX_VALUE;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final long SILVER = 0xC2B2AE3D27D4EB4FL;
    private static final long REST_MASK = (1 << SIDE_BITS + TRANSPORT_BITS) - 1;
    private static final int PORT_MASK = 0xffff;
    private static final int SLOT_MASK = (1 << SLOTS_SHIFT) - 1;
    /** Sets of which the entries are read before any is judged. */
    static final int AT_ONCE = 8;

    private final long[] slots;
    private final long[] exact;
    private final int[] chainOf;
    private final int[] chains;
    private final long[] rows;
    private final BoxTree trees;
    private final int anchors;
    private final int sides;
    private final int slotShift;
    private final int rowShift;

    /**
     * The tables, as the builder has filled them.
     *
     * @param slots which slots are taken; not all of them.
     * @param exact entries.
     * @param chainOf by place in it, where a chain begins in {@code chains}; 0 where one rule without check is all.
     * @param chains chains one after the other.
     * @param rows sets that have a tree; null if none has.
     */
    record Tables(long[] slots, long[] exact, int[] chainOf, int[] chains, long[] rows) {
    }

    AnchorTable(final Tables tables, final BoxTree trees, final int anchors, final int sides) {
        slots = tables.slots;
        exact = tables.exact;
        chainOf = tables.chainOf;
        chains = tables.chains;
        rows = tables.rows;
        this.trees = trees;
        this.anchors = anchors;
        this.sides = sides;
        slotShift = shift(slots.length << SLOTS_SHIFT);
        rowShift = rows == null ? 0 : shift(rows.length / ROW_WORDS);
    }

    static long anchor(final int set, final int side) {
        return (long)set << SIDE_BITS | side;
    }

    /** Which of the protocols with ports it is: 0 to 3. */
    static int portProtocol(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> 0;
            case IpProtocol.UDP -> 1;
            case IpProtocol.SCTP -> 2;
            default -> 3;
        };
    }

    /** How far a product is shifted so that it is a place in a table of a size, which is a power of two above 1. */
    static int shift(final int size) {
        return Long.numberOfLeadingZeros(size - 1L);
    }

    /**
     * Where a key is looked for. Sets and ports are each dense: one product of both would be a grid that puts whole
     * runs of entries together, so that most sets without an entry met another's.
     */
    static int start(final long key, final int shift) {
        return (int)(((key >>> SIDE_BITS + TRANSPORT_BITS) * GOLDEN ^ (key & REST_MASK) * SILVER) >>> shift);
    }

    /**
     * The first rule that matches, of those whose anchor is one of some sets.
     *
     * @param sets the sets that the packet's address belongs to.
     * @param side {@link #SOURCE}, {@link #DESTINATION} or {@link #PORT}.
     * @param point the packet.
     * @param from rules below this index do not count.
     * @param below rules from this index on do not count.
     * @return the rule, or {@code below} if there is none before.
     */
    public int first(final AddressClass sets, final int side, final BoxTree.Point point, final int from,
        final int below) {
        if (sets.count() == 0) {
            return below;
        }
        int best = below;
        if ((point.has() & Box.NEEDS_PORTS) != 0) {
            best = exact(sets, rest(side, point.transport()), point, from, best);
        }
        for (int i = 0; rows != null && i < sets.count() && best > from; i++) {
            best = tree(anchor(sets.set(i), side), point, from, best);
        }
        return best;
    }

    /** A key without its set. */
    private static long rest(final int side, final long transport) {
        return (long)side << TRANSPORT_BITS
            | portProtocol((int)(transport >>> Integer.SIZE)) << Character.SIZE | (int)transport & PORT_MASK;
    }

    private static long key(final int set, final long rest) {
        return (long)set << SIDE_BITS + TRANSPORT_BITS | rest;
    }

    private int exact(final AddressClass sets, final long rest, final BoxTree.Point point, final int from,
        final int below) {
        int best = below;
        for (int begin = 0; begin < sets.count(); begin += AT_ONCE) {
            final int count = find(sets, begin, rest, point);
            long least = NOTHING;
            for (int i = 0; i < count; i++) {
                least = Math.min(least, point.found()[i]);
            }
            final int where = (int)(least >>> Integer.SIZE);
            if (least != NOTHING && where >>> 1 < best) {
                best = (where & 1) == 0 && where >>> 1 >= from ? where >>> 1 : judge(count, point, from, best);
            }
        }
        return best;
    }

    /**
     * Reads the entries of some sets.
     *
     * @return how many there are; each is a number that is the less the earlier its rule is: rule, whether it needs a
     *     check, and place.
     */
    private int find(final AddressClass sets, final int begin, final long rest, final BoxTree.Point point) {
        final long[] found = point.found();
        final int[] places = point.places();
        final int end = Math.min(begin + AT_ONCE, sets.count());
        int taken = 0;
        for (int i = begin; i < end; i++) {
            final long key = key(sets.set(i), rest);
            final int slot = start(key, slotShift);
            final long word = slots[slot >>> SLOTS_SHIFT];
            found[taken] = key;
            places[taken] = place(word, slot);
            taken += (int)(word >>> (slot & SLOT_MASK)) & 1;
        }
        int count = 0;
        for (int i = 0; i < taken; i++) {
            final long key = found[i];
            final long entry = exact[places[i]];
            if (entry >>> WHERE_BITS == key) {
                found[count++] = (entry & WHERE_MASK) << Integer.SIZE | places[i];
            } else {
                final long later = findAfter(key, places[i]);
                found[count] = later;
                count += later == NOTHING ? 0 : 1;
            }
        }
        return count;
    }

    /** Place of the entry of a slot that is taken: so many are before it. */
    private static int place(final long word, final int slot) {
        return (int)(word >>> Integer.SIZE) + Long.bitCount(word & (1L << (slot & SLOT_MASK)) - 1);
    }

    /** Goes on where another entry has the slot of a key. */
    private long findAfter(final long key, final int first) {
        int place = first;
        int slot = start(key, slotShift);
        while (true) {
            slot = slot + 1 & (slots.length << SLOTS_SHIFT) - 1;
            if ((slots[slot >>> SLOTS_SHIFT] >>> (slot & SLOT_MASK) & 1) == 0) {
                return NOTHING;
            }
            place = slot == 0 ? 0 : place + 1;
            if (exact[place] >>> WHERE_BITS == key) {
                return (exact[place] & WHERE_MASK) << Integer.SIZE | place;
            }
        }
    }

    /** The first rule of some sets that is really met, where the first found may have to be checked or passed over. */
    private int judge(final int count, final BoxTree.Point point, final int from, final int below) {
        int best = below;
        for (int i = 0; i < count; i++) {
            final long found = point.found()[i];
            final int where = (int)(found >>> Integer.SIZE);
            if (where >>> 1 >= best) {
                continue;
            }
            if ((where & 1) == 0 && where >>> 1 >= from) {
                best = where >>> 1;
            } else if (chainOf[(int)found] != 0) {
                best = chained(chainOf[(int)found], point, from, best);
            }
        }
        return best;
    }

    private int chained(final int chain, final BoxTree.Point point, final int from, final int below) {
        for (int at = chain; chains[at] >= 0 && chains[at] >>> 1 < below; at++) {
            final int rule = chains[at] >>> 1;
            if (rule >= from && ((chains[at] & 1) == 0 || point.passes(rule))) {
                return rule;
            }
        }
        return below;
    }

    private int tree(final long key, final BoxTree.Point point, final int from, final int below) {
        int row = start(key, rowShift) * ROW_WORDS;
        while (rows[row] != key) {
            if (rows[row] == 0) {
                return below;
            }
            row = row + ROW_WORDS & rows.length - 1;
        }
        if (rows[row + 1] >>> Integer.SIZE >= below) {
            return below;
        }
        final int found = trees.first(point, (int)rows[row + 1], from, below);
        return found == BoxTree.NONE ? below : found;
    }

    /**
     * Whether a kind of anchor occurs.
     *
     * @param side {@link #SOURCE}, {@link #DESTINATION} or {@link #PORT}.
     * @return false if {@link #first} finds nothing for any set of that side.
     */
    public boolean uses(final int side) {
        return (sides & 1 << side) != 0;
    }

    /**
     * How many sets are anchors of rules.
     *
     * @return sets, counted once for each side.
     */
    public int anchors() {
        return anchors;
    }

    /**
     * Memory that it takes.
     *
     * @return bytes.
     */
    public long sizeBytes() {
        return (long)(slots.length + exact.length + (rows == null ? 0 : rows.length)) * Long.BYTES
            + (long)(chains.length + chainOf.length) * Integer.BYTES + trees.sizeBytes();
    }
}
