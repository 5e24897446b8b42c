package io.caracal.policy.lookup;

import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PortRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.Long2ObjectHashMap;

/** Gathers rules for one {@link AnchorTable}, in their order. Used once; control thread only. */
public final class AnchorTableBuilder {
    private static final int CHAIN_END = -1;
    /** A range of so many ports is an entry for each: cheaper to find than in a tree. */
    private static final int MOST_PORTS = 16;
    /** Three sets in four have no entry, and only one in four to eight of those is not told by its bit. */
    private static final int SLOTS_OF_ENTRY = 4;

    private final boolean v6;
    private final Map<Long, List<Box>> anchors = new LinkedHashMap<>();
    private final Long2ObjectHashMap<IntArrayList> exact = new Long2ObjectHashMap<>();
    private int sides;

    /**
     * Begins without rules.
     *
     * @param v6 the family.
     */
    public AnchorTableBuilder(final boolean v6) {
        this.v6 = v6;
    }

    /**
     * Adds a part of a rule under one of its anchors.
     *
     * @param set number of the set, above 0.
     * @param side which of the packet's addresses belongs to it.
     * @param box what the rule asks besides; not of an earlier rule than the last one added.
     */
    public void add(final int set, final int side, final Box box) {
        sides |= 1 << side;
        final List<Box> others = anchors.computeIfAbsent(AnchorTable.anchor(set, side), key -> new ArrayList<>(0));
        if (set >= AnchorTable.MOST_SETS || !isExact(box)) {
            others.add(box);
            return;
        }
        final long key = AnchorTable.anchor(set, side) << AnchorTable.TRANSPORT_BITS
            | (long)AnchorTable.portProtocol(box.protocol()) << Character.SIZE;
        for (int port = box.destinationPorts().first(); port <= box.destinationPorts().last(); port++) {
            exact.computeIfAbsent(key | port, fresh -> new IntArrayList(2, CHAIN_END)).addInt(entry(box));
        }
    }

    private static int entry(final Box box) {
        return box.rule() << 1 | ((box.needs() & Box.NEEDS_CHECK) == 0 ? 0 : 1);
    }

    private static boolean isExact(final Box box) {
        final PortRange ports = box.destinationPorts();
        return IpProtocol.hasPorts(box.protocol()) && (box.needs() & ~Box.NEEDS_CHECK) == Box.NEEDS_PORTS
            && box.sourcePorts().equals(Box.ANY_PORT) && ports.last() - ports.first() < MOST_PORTS
            && box.source().length() == 0 && box.destination().length() == 0;
    }

    /**
     * Makes the table.
     *
     * @return the table.
     */
    public AnchorTable build() {
        final List<Box> boxes = new ArrayList<>();
        anchors.values().forEach(boxes::addAll);
        final BoxTreeBuilder builder = new BoxTreeBuilder(new BoxColumns(boxes, v6));
        final long[] rows = boxes.isEmpty() ? null : rows(builder);
        final AnchorTable.Tables tables = tables(rows);
        return new AnchorTable(tables, builder.finish(0), anchors.size(), sides);
    }

    private AnchorTable.Tables tables(final long[] rows) {
        final long[] keys = slots();
        final long[] taken = new long[keys.length >>> AnchorTable.SLOTS_SHIFT];
        final long[] entries = new long[exact.size() + 1];
        final int[] chainOf = new int[exact.size() + 1];
        final IntArrayList chains = new IntArrayList();
        chains.addInt(CHAIN_END);
        int place = 0;
        for (int slot = 0; slot < keys.length; slot++) {
            final int word = slot >>> AnchorTable.SLOTS_SHIFT;
            taken[word] |= (slot & (1 << AnchorTable.SLOTS_SHIFT) - 1) == 0 ? (long)place << Integer.SIZE : 0;
            if (keys[slot] == 0) {
                continue;
            }
            taken[word] |= 1L << (slot & (1 << AnchorTable.SLOTS_SHIFT) - 1);
            final IntArrayList rules = exact.get(keys[slot]);
            final int first = rules.getInt(0);
            entries[place] = keys[slot] << AnchorTable.WHERE_BITS | first;
            if (rules.size() > 1 || (first & 1) != 0) {
                chainOf[place] = chains.size();
                chains.addAll(rules);
                chains.addInt(CHAIN_END);
            }
            place++;
        }
        return new AnchorTable.Tables(taken, entries, chainOf, chains.toIntArray(), rows);
    }

    /** The keys in the slots of a hash table with linear probing; 0 where none is. */
    private long[] slots() {
        final long[] keys = new long[tableSize(Math.max(exact.size(), 8) * SLOTS_OF_ENTRY)];
        final int shift = AnchorTable.shift(keys.length);
        exact.forEachLong((key, rules) -> {
            int slot = AnchorTable.start(key, shift);
            while (keys[slot] != 0) {
                slot = slot + 1 & keys.length - 1;
            }
            keys[slot] = key;
        });
        return keys;
    }

    private long[] rows(final BoxTreeBuilder builder) {
        final int count = (int)anchors.values().stream().filter(boxes -> !boxes.isEmpty()).count();
        final long[] rows = new long[tableSize(count * 2) * AnchorTable.ROW_WORDS];
        final int shift = AnchorTable.shift(rows.length / AnchorTable.ROW_WORDS);
        int begin = 0;
        for (final Map.Entry<Long, List<Box>> anchor : anchors.entrySet()) {
            if (anchor.getValue().isEmpty()) {
                continue;
            }
            int row = AnchorTable.start(anchor.getKey(), shift) * AnchorTable.ROW_WORDS;
            while (rows[row] != 0) {
                row = row + AnchorTable.ROW_WORDS & rows.length - 1;
            }
            final int end = begin + anchor.getValue().size();
            rows[row] = anchor.getKey();
            rows[row + 1] = (long)anchor.getValue().getFirst().rule() << Integer.SIZE
                | builder.place(begin, end) & -1L >>> Integer.SIZE;
            begin = end;
        }
        return rows;
    }

    /** The power of two that holds so many, at least 2. */
    private static int tableSize(final int entries) {
        return Math.max(2, Integer.highestOneBit(Math.max(entries, 2) - 1) * 2);
    }
}
