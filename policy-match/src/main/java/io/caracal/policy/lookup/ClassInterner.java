package io.caracal.policy.lookup;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Makes {@link AddressClass}es so that each combination of sets exists once. Holds them weakly: a class that no table
 * and no worker's cache mentions any more is reclaimed. Control thread only.
 */
public final class ClassInterner {
    private static final int GOLDEN = 0x9E3779B9;

    private final Map<Key, Entry> classes = new HashMap<>();
    private final ReferenceQueue<AddressClass> cleared = new ReferenceQueue<>();
    private int made;

    private record Key(int[] sets) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof Key key && Arrays.equals(sets, key.sets);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(sets);
        }
    }

    private static final class Entry extends WeakReference<AddressClass> {
        private final Key key;

        Entry(final Key key, final AddressClass value, final ReferenceQueue<AddressClass> queue) {
            super(value, queue);
            this.key = key;
        }
    }

    /** Makes an interner that knows only {@link AddressClass#NONE}. */
    public ClassInterner() {
    }

    /**
     * A class with one set more.
     *
     * @param from the class.
     * @param set the set's number.
     * @return the class that contains it too; the same if it does already.
     */
    public AddressClass with(final AddressClass from, final int set) {
        final int[] sets = from.sets();
        final int found = Arrays.binarySearch(sets, set);
        if (found >= 0) {
            return from;
        }
        final int at = -found - 1;
        final int[] more = Arrays.copyOf(sets, sets.length + 1);
        System.arraycopy(sets, at, more, at + 1, sets.length - at);
        more[at] = set;
        return intern(more);
    }

    /**
     * A class with one set less.
     *
     * @param from the class.
     * @param set the set's number.
     * @return the class without it; the same if it does not contain it.
     */
    public AddressClass without(final AddressClass from, final int set) {
        final int[] sets = from.sets();
        final int at = Arrays.binarySearch(sets, set);
        if (at < 0) {
            return from;
        }
        final int[] less = Arrays.copyOf(sets, sets.length - 1);
        System.arraycopy(sets, at + 1, less, at, less.length - at);
        return intern(less);
    }

    /**
     * All sets of two classes.
     *
     * @param a a class.
     * @param b a class.
     * @return their union.
     */
    public AddressClass union(final AddressClass a, final AddressClass b) {
        if (a == b || b.count() == 0) {
            return a;
        }
        if (a.count() == 0) {
            return b;
        }
        final int[] merged = new int[a.count() + b.count()];
        int count = 0;
        for (int i = 0, j = 0; i < a.count() || j < b.count(); count++) {
            final int next = Math.min(i < a.count() ? a.set(i) : Integer.MAX_VALUE,
                j < b.count() ? b.set(j) : Integer.MAX_VALUE);
            merged[count] = next;
            i += i < a.count() && a.set(i) == next ? 1 : 0;
            j += j < b.count() && b.set(j) == next ? 1 : 0;
        }
        return intern(Arrays.copyOf(merged, count));
    }

    private AddressClass intern(final int[] sets) {
        if (sets.length == 0) {
            return AddressClass.NONE;
        }
        forgetCleared();
        final Key key = new Key(sets);
        final Entry entry = classes.get(key);
        final AddressClass known = entry == null ? null : entry.get();
        if (known != null) {
            return known;
        }
        final AddressClass fresh = new AddressClass(sets, ++made * GOLDEN);
        classes.put(key, new Entry(key, fresh, cleared));
        return fresh;
    }

    private void forgetCleared() {
        for (Entry entry = (Entry)cleared.poll(); entry != null; entry = (Entry)cleared.poll()) {
            classes.remove(entry.key, entry);
        }
    }

    /**
     * How many classes are known.
     *
     * @return classes in use, and those not yet reclaimed.
     */
    public int count() {
        return classes.size();
    }
}
