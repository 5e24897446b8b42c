package io.caracal.policy.lookup;

import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * The prefixes of one family with the sets that name each, and the {@link NetTrie} made of them. Control thread only.
 * A changed prefix rebuilds the nodes on the way to it and those below it; many changes at once rebuild all.
 */
public final class NetStore {
    /** More changes than this in one batch are cheaper as one rebuild of the whole trie. */
    private static final int REBUILD_AT = 256;
    private static final Comparator<Prefix> ORDER = (a, b) -> {
        final int high = Long.compareUnsigned(a.high(), b.high());
        final int low = high != 0 ? high : Long.compareUnsigned(a.low(), b.low());
        return low != 0 ? low : Integer.compare(a.length(), b.length());
    };

    private final boolean v6;
    private final ClassInterner classes;
    private final TreeMap<Prefix, AddressClass> own = new TreeMap<>(ORDER);
    private final List<Prefix> changed = new ArrayList<>();
    private NetTrie trie = NetTrie.EMPTY;

    /**
     * Makes an empty store.
     *
     * @param v6 the family.
     * @param classes makes classes.
     */
    public NetStore(final boolean v6, final ClassInterner classes) {
        this.v6 = v6;
        this.classes = classes;
    }

    /**
     * Makes a prefix a member of a set.
     *
     * @param prefix of the store's family.
     * @param set the set's number.
     * @return whether it was none before.
     */
    public boolean add(final Prefix prefix, final int set) {
        final AddressClass before = own.getOrDefault(prefix, AddressClass.NONE);
        final AddressClass after = classes.with(before, set);
        if (after == before) {
            return false;
        }
        own.put(prefix, after);
        changed.add(prefix);
        return true;
    }

    /**
     * Whether a prefix itself is a member of a set.
     *
     * @param prefix of the store's family.
     * @param set the set's number.
     * @return whether it is.
     */
    public boolean contains(final Prefix prefix, final int set) {
        return own.getOrDefault(prefix, AddressClass.NONE).contains(set);
    }

    /**
     * Ends a prefix's membership of a set.
     *
     * @param prefix of the store's family.
     * @param set the set's number.
     * @return whether it was one before.
     */
    public boolean remove(final Prefix prefix, final int set) {
        final AddressClass before = own.get(prefix);
        if (before == null || !before.contains(set)) {
            return false;
        }
        final AddressClass after = classes.without(before, set);
        if (after == AddressClass.NONE) {
            own.remove(prefix);
        } else {
            own.put(prefix, after);
        }
        changed.add(prefix);
        return true;
    }

    /**
     * Visits every prefix with the sets that name it.
     *
     * @param visitor takes them; may not change the store.
     */
    public void forEach(final BiConsumer<Prefix, AddressClass> visitor) {
        own.forEach(visitor);
    }

    /**
     * The longest prefix that covers an address and is named by a set.
     *
     * @param high bits 0-63 of the address.
     * @param low bits 64-127.
     * @param set the set's number.
     * @return the prefix, or null.
     */
    public Prefix member(final long high, final long low, final int set) {
        for (int length = Prefix.bits(v6); length >= 0; length--) {
            final Prefix prefix = new Prefix(v6, high, low, length);
            final AddressClass found = own.get(prefix);
            if (found != null && found.contains(set)) {
                return prefix;
            }
        }
        return null;
    }

    /**
     * The trie of the present prefixes.
     *
     * @return a version that never changes.
     */
    public NetTrie finish() {
        if (changed.size() > REBUILD_AT) {
            trie = new NetTrie(build(0, own, ownOf(0, 0, 0)));
        } else {
            for (final Prefix prefix : changed) {
                trie = new NetTrie(replace(trie.root(), 0, prefix, ownOf(0, 0, 0)));
            }
        }
        changed.clear();
        return trie;
    }

    private AddressClass ownOf(final long high, final long low, final int length) {
        return own.getOrDefault(new Prefix(v6, high, low, length), AddressClass.NONE);
    }

    /** The subtree of {@code depth} fixed bytes again, after a change of one prefix in or above it. */
    private Object replace(final Object old, final int depth, final Prefix changedPrefix,
        final AddressClass inherited) {
        final int fixed = depth * Byte.SIZE;
        if (changedPrefix.length() <= fixed) {
            return build(depth, within(changedPrefix.high(), changedPrefix.low(), fixed), inherited);
        }
        final Object[] slots = slotsOf(old);
        final int first = NetTrie.byteAt(changedPrefix.high(), changedPrefix.low(), depth);
        final int span = Math.max(1, NetTrie.SLOTS >>> Math.min(changedPrefix.length() - fixed, Byte.SIZE));
        for (int slot = first; slot < first + span; slot++) {
            final long high = withByte(changedPrefix.high(), depth, slot, 0);
            final long low = withByte(changedPrefix.low(), depth, slot, Long.BYTES);
            final AddressClass covered = cover(inherited, high, low, fixed);
            slots[slot] = changedPrefix.length() > fixed + Byte.SIZE
                ? replace(slots[slot], depth + 1, changedPrefix, covered)
                : build(depth + 1, within(high, low, fixed + Byte.SIZE), covered);
        }
        return fold(slots);
    }

    private static long withByte(final long half, final int depth, final int slot, final int firstDepth) {
        final int place = depth - firstDepth;
        if (place < 0 || place >= Long.BYTES) {
            return half;
        }
        final int shift = Long.SIZE - Byte.SIZE - place * Byte.SIZE;
        return half & ~(0xffL << shift) | (long)slot << shift;
    }

    /** Adds to a class what the prefixes of one byte's lengths say of an address. */
    private AddressClass cover(final AddressClass inherited, final long high, final long low, final int fixed) {
        AddressClass covered = inherited;
        for (int length = fixed + 1; length <= fixed + Byte.SIZE; length++) {
            covered = classes.union(covered, ownOf(high, low, length));
        }
        return covered;
    }

    private static Object[] slotsOf(final Object old) {
        final Object[] slots = new Object[NetTrie.SLOTS];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = old instanceof NetTrie.Node node ? node.slot(i) : old;
        }
        return slots;
    }

    private static Object fold(final Object[] slots) {
        for (final Object slot : slots) {
            if (slot != slots[0] || slot instanceof NetTrie.Node) {
                return new NetTrie.Node(slots);
            }
        }
        return slots[0];
    }

    /** The prefixes inside a prefix of {@code fixed} bits, itself included. */
    private Map<Prefix, AddressClass> within(final long high, final long low, final int fixed) {
        final Prefix first = new Prefix(v6, high, low, fixed);
        final long lastHigh = fixed >= Long.SIZE ? first.high() : first.high() | (fixed == 0 ? -1L : -1L >>> fixed);
        final long freeLow = fixed <= Long.SIZE ? -1L : fixed == Prefix.IPV6_BITS ? 0 : -1L >>> fixed - Long.SIZE;
        final long lastLow = first.low() | freeLow;
        return own.subMap(first, true, new Prefix(v6, lastHigh, v6 ? lastLow : 0, Prefix.bits(v6)), true);
    }

    private Object build(final int depth, final Map<Prefix, AddressClass> inside, final AddressClass inherited) {
        final List<Prefix> prefixes = new ArrayList<>(inside.size());
        final List<AddressClass> named = new ArrayList<>(inside.size());
        inside.forEach((prefix, sets) -> {
            if (prefix.length() > depth * Byte.SIZE) {
                prefixes.add(prefix);
                named.add(sets);
            }
        });
        return new Builder(prefixes, named).build(0, prefixes.size(), depth, inherited);
    }

    /** Builds subtrees out of sorted prefixes. */
    private final class Builder {
        private final List<Prefix> prefixes;
        private final List<AddressClass> named;

        Builder(final List<Prefix> prefixes, final List<AddressClass> named) {
            this.prefixes = prefixes;
            this.named = named;
        }

        /** The subtree of {@code depth} fixed bytes; rows {@code from..to} are longer prefixes inside it. */
        Object build(final int from, final int to, final int depth, final AddressClass inherited) {
            if (from == to) {
                return inherited;
            }
            final Object[] slots = new Object[NetTrie.SLOTS];
            java.util.Arrays.fill(slots, inherited);
            final int reach = (depth + 1) * Byte.SIZE;
            for (int row = from; row < to; row++) {
                if (prefixes.get(row).length() <= reach) {
                    paint(slots, row, depth);
                }
            }
            for (int row = from; row < to;) {
                final int slot = slotOf(row, depth);
                final int groupEnd = endOfGroup(row, to, depth, slot);
                while (row < groupEnd && prefixes.get(row).length() <= reach) {
                    row++;
                }
                slots[slot] = build(row, groupEnd, depth + 1, (AddressClass)slots[slot]);
                row = groupEnd;
            }
            return fold(slots);
        }

        private int slotOf(final int row, final int depth) {
            return NetTrie.byteAt(prefixes.get(row).high(), prefixes.get(row).low(), depth);
        }

        private int endOfGroup(final int from, final int to, final int depth, final int slot) {
            int end = from;
            while (end < to && slotOf(end, depth) == slot) {
                end++;
            }
            return end;
        }

        private void paint(final Object[] slots, final int row, final int depth) {
            final int span = NetTrie.SLOTS >>> prefixes.get(row).length() - depth * Byte.SIZE;
            final int first = slotOf(row, depth);
            for (int slot = first; slot < first + span; slot++) {
                slots[slot] = classes.union((AddressClass)slots[slot], named.get(row));
            }
        }
    }
}
