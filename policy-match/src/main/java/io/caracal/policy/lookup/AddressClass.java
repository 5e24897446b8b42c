package io.caracal.policy.lookup;

import java.util.Arrays;

/**
 * Which sets an address belongs to: the value that all addresses with the same memberships share. Interned by
 * {@link ClassInterner}, so that identity is equality. Immutable.
 */
public final class AddressClass {
    /** Belongs to no set. */
    public static final AddressClass NONE = new AddressClass(new int[0], 0);

    private final int[] sets;
    private final int hash;

    AddressClass(final int[] sets, final int hash) {
        this.sets = sets;
        this.hash = hash;
    }

    /**
     * How many sets there are.
     *
     * @return the number of sets.
     */
    public int count() {
        return sets.length;
    }

    /**
     * One of the sets.
     *
     * @param i 0 .. {@link #count()} - 1.
     * @return its number; ascending with {@code i}.
     */
    public int set(final int i) {
        return sets[i];
    }

    /**
     * Whether a set is among them.
     *
     * @param set its number.
     * @return whether an address of this class is a member.
     */
    public boolean contains(final int set) {
        return Arrays.binarySearch(sets, set) >= 0;
    }

    /**
     * A spread number for hash tables keyed by identity.
     *
     * @return the same for the life of the object.
     */
    public int spread() {
        return hash;
    }

    int[] sets() {
        return sets;
    }

    @Override
    public String toString() {
        return Arrays.toString(sets);
    }
}
