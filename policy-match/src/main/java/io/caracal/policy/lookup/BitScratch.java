package io.caracal.policy.lookup;

/** One bit vector being written, with the summaries that {@link BitVectors} stores. Cleared by what was set in it. */
public final class BitScratch {
    private final long[] bits;
    private final long[] middle;
    private final int capacity;
    private long top;

    /**
     * Makes an empty vector.
     *
     * @param capacity bits, at most {@link BitVectors#MAX_BITS}.
     */
    public BitScratch(final int capacity) {
        this.capacity = capacity;
        bits = new long[(capacity >>> BitVectors.WORD_SHIFT) + 1];
        middle = new long[(capacity >>> BitVectors.GROUP_SHIFT) + 1];
    }

    /**
     * Sets a bit.
     *
     * @param bit below the capacity.
     */
    public void set(final int bit) {
        bits[bit >>> BitVectors.WORD_SHIFT] |= 1L << bit;
        middle[bit >>> BitVectors.GROUP_SHIFT] |= 1L << (bit >>> BitVectors.WORD_SHIFT);
        top |= 1L << (bit >>> BitVectors.GROUP_SHIFT);
    }

    /**
     * Clears a bit.
     *
     * @param bit below the capacity.
     */
    public void clear(final int bit) {
        final int word = bit >>> BitVectors.WORD_SHIFT;
        final int group = bit >>> BitVectors.GROUP_SHIFT;
        bits[word] &= ~(1L << bit);
        if (bits[word] == 0) {
            middle[group] &= ~(1L << word);
        }
        if (middle[group] == 0) {
            top &= ~(1L << group);
        }
    }

    /**
     * Sets every bit of a stored vector.
     *
     * @param words the array that holds it.
     * @param offset where it begins.
     */
    public void or(final long[] words, final int offset) {
        top |= words[offset];
        int group = offset + 1;
        for (long groups = words[offset]; groups != 0; groups &= groups - 1, group += 2) {
            final int g = Long.numberOfTrailingZeros(groups);
            middle[g] |= words[group];
            int stored = (int)words[group + 1];
            for (long rest = words[group]; rest != 0; rest &= rest - 1) {
                bits[g << BitVectors.WORD_SHIFT | Long.numberOfTrailingZeros(rest)] |= words[stored++];
            }
        }
    }

    /** Clears every bit that is set. */
    public void clear() {
        for (; top != 0; top &= top - 1) {
            final int group = Long.numberOfTrailingZeros(top);
            for (long words = middle[group]; words != 0; words &= words - 1) {
                bits[group << BitVectors.WORD_SHIFT | Long.numberOfTrailingZeros(words)] = 0;
            }
            middle[group] = 0;
        }
    }

    /**
     * Which groups have bits.
     *
     * @return the top level.
     */
    public long top() {
        return top;
    }

    /**
     * Which words of a group have bits.
     *
     * @param group the group.
     * @return the middle level.
     */
    public long middle(final int group) {
        return middle[group];
    }

    /**
     * A word of bits.
     *
     * @param word its index.
     * @return the bits.
     */
    public long bits(final int word) {
        return bits[word];
    }

    /**
     * How many bits fit.
     *
     * @return the capacity.
     */
    public int capacity() {
        return capacity;
    }
}
