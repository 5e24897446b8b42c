package io.caracal.policy.lookup;

/**
 * A place in one bit vector of {@link BitVectors}, moved down its three levels. Owned by one thread; made once and set
 * to one vector after the other.
 */
public final class VectorCursor {
    private long[] words;
    private int offset;
    private long top;
    private long middle;
    private int stored;

    /** Makes a cursor that is nowhere. */
    public VectorCursor() {
    }

    /**
     * Goes to a vector.
     *
     * @param array the array that holds it.
     * @param at its offset.
     */
    public void start(final long[] array, final int at) {
        words = array;
        offset = at;
        top = array[at];
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
     * Goes to a group.
     *
     * @param bit the group's bit in {@link #top()}.
     * @return which words of the group have bits; 0 if the vector has nothing there.
     */
    public long group(final long bit) {
        if ((top & bit) == 0) {
            middle = 0;
            return 0;
        }
        final int at = offset + 1 + 2 * Long.bitCount(top & bit - 1);
        middle = words[at];
        stored = (int)words[at + 1];
        return middle;
    }

    /**
     * A word of the group.
     *
     * @param bit the word's bit in what {@link #group} gave.
     * @return its bits; 0 if the vector has nothing there.
     */
    public long word(final long bit) {
        return (middle & bit) == 0 ? 0 : words[stored + Long.bitCount(middle & bit - 1)];
    }
}
