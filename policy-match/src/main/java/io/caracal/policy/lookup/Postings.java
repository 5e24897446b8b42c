package io.caracal.policy.lookup;

import java.util.Arrays;
import java.util.Map;

/** From a set's number to the rules that name it: open addressing over two arrays. Immutable; any thread. */
public final class Postings {
    private static final int FREE = -1;
    private static final int GOLDEN = 0x9E3779B9;

    private final int shift;
    private final int[] table;
    private final int[] rules;

    /**
     * Packs lists.
     *
     * @param lists rules by the set that they name; numbers of sets are not negative.
     */
    public Postings(final Map<Integer, int[]> lists) {
        final int bits = Math.max(2, Integer.SIZE - Integer.numberOfLeadingZeros(lists.size() * 2));
        shift = Integer.SIZE - bits;
        table = new int[3 << bits];
        Arrays.fill(table, FREE);
        rules = new int[lists.values().stream().mapToInt(list -> list.length).sum()];
        int used = 0;
        for (final Map.Entry<Integer, int[]> entry : lists.entrySet()) {
            final int row = find(entry.getKey());
            table[row] = entry.getKey();
            table[row + 1] = used;
            table[row + 2] = used + entry.getValue().length;
            System.arraycopy(entry.getValue(), 0, rules, used, entry.getValue().length);
            used += entry.getValue().length;
        }
    }

    private int find(final int set) {
        int row = (set * GOLDEN >>> shift) * 3;
        while (table[row] != FREE && table[row] != set) {
            row = row + 3 == table.length ? 0 : row + 3;
        }
        return row;
    }

    /**
     * Where a set's rules are.
     *
     * @param set its number.
     * @return a handle for {@link #begin} and {@link #end}; -1 if no rule names the set.
     */
    public int row(final int set) {
        final int row = find(set);
        return table[row] == FREE ? -1 : row;
    }

    /**
     * Index of the first rule.
     *
     * @param row from {@link #row}.
     * @return for {@link #rule}.
     */
    public int begin(final int row) {
        return table[row + 1];
    }

    /**
     * Index beyond the last rule.
     *
     * @param row from {@link #row}.
     * @return for {@link #rule}.
     */
    public int end(final int row) {
        return table[row + 2];
    }

    /**
     * A rule.
     *
     * @param i between {@link #begin} and {@link #end}.
     * @return its index in the list.
     */
    public int rule(final int i) {
        return rules[i];
    }

    /**
     * Whether no rule names any set.
     *
     * @return whether it is empty.
     */
    public boolean isEmpty() {
        return rules.length == 0;
    }
}
