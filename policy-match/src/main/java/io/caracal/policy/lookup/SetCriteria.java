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

    /**
     * Whether an address meets such criteria, taken apart; for who keeps them as arrays. Allocates nothing.
     *
     * @param groups the sets of which it must be in one, group by group.
     * @param noneOf the sets in which it must not be.
     * @param host its class as an address.
     * @param net its class as part of prefixes.
     * @return whether all of them are met.
     */
    public static boolean areMet(final int[][] groups, final int[] noneOf, final AddressClass host,
        final AddressClass net) {
        for (final int set : noneOf) {
            if (host.contains(set) || net.contains(set)) {
                return false;
            }
        }
        for (final int[] group : groups) {
            if (!isInAny(group, host, net)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isInAny(final int[] group, final AddressClass host, final AddressClass net) {
        for (final int set : group) {
            if (host.contains(set) || net.contains(set)) {
                return true;
            }
        }
        return false;
    }
}
