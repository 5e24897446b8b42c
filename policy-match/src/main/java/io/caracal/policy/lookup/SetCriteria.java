package io.caracal.policy.lookup;

import java.util.List;

/**
 * What one rule wants of the memberships of one address.
 *
 * @param anyOf of each of these groups of sets at least one must contain the address.
 * @param noneOf none of these sets may contain it.
 */
public record SetCriteria(List<int[]> anyOf, int[] noneOf) {
    /** Copies the list. */
    public SetCriteria {
        anyOf = List.copyOf(anyOf);
    }

    /**
     * Whether nothing is wanted.
     *
     * @return whether every address will do.
     */
    public boolean isEmpty() {
        return anyOf.isEmpty() && noneOf.length == 0;
    }

    /**
     * Whether membership in any set of one group is all that is wanted.
     *
     * @return whether a posting alone decides.
     */
    public boolean isSimple() {
        return anyOf.size() == 1 && noneOf.length == 0;
    }

    /**
     * The groups as an array that can be walked without an iterator.
     *
     * @return {@link #anyOf}.
     */
    public int[][] groups() {
        return anyOf.toArray(int[][]::new);
    }
}
