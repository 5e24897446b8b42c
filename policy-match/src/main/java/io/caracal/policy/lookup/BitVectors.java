package io.caracal.policy.lookup;

import java.util.Arrays;

/**
 * Bit vectors over rules, packed one after the other into an array of longs. A vector is written sparsely in three
 * levels of 64: only words that are not zero are stored, and the two levels above say which those are.
 *
 * <pre>
 * [offset]     which of up to 64 groups of 4096 rules have a bit       (top)
 * [+1, +2] ... for each such group: which of its 64 words are not zero (middle), index of its first stored word
 * ...          the stored words                                        (bits)
 * </pre>
 *
 * A vector of few rules thus takes a few words, and two vectors are intersected from the top, so that what is empty on
 * either side is never read.
 */
public final class BitVectors {
    /** Rules that a vector can hold: three levels of 64. */
    public static final int MAX_BITS = 1 << 18;
    /** Bits below a group. */
    public static final int GROUP_SHIFT = 12;
    /** Bits below a word. */
    public static final int WORD_SHIFT = 6;

    private long[] words;
    private int used;

    /**
     * Makes an array of vectors that begins with the empty vector, at offset 0.
     *
     * @param capacity longs to begin with, at least 1.
     */
    public BitVectors(final int capacity) {
        words = new long[capacity];
        used = 1;
    }

    /**
     * The array itself, for readers.
     *
     * @return replaced only by {@link #append}, and there only if {@code grow} is asked for.
     */
    public long[] words() {
        return words;
    }

    /**
     * Longs that are still free without growing.
     *
     * @return the rest.
     */
    public int free() {
        return words.length - used;
    }

    /** Forgets all vectors but the empty one. */
    public void clear() {
        used = 1;
    }

    /** Gives back what was not used. */
    public void trim() {
        words = Arrays.copyOf(words, used);
    }

    /**
     * The most longs that one vector over so many rules can take.
     *
     * @param bits number of rules.
     * @return longs.
     */
    public static int worstSize(final int bits) {
        return 1 + 2 * ((bits >>> GROUP_SHIFT) + 1) + (bits >>> WORD_SHIFT) + 1;
    }

    /**
     * Writes a scratch vector to the end.
     *
     * @param scratch what to write; is not changed.
     * @param grow whether the array may be made larger; otherwise the caller has seen to {@link #free()}.
     * @return the new vector's offset; 0 if it is empty.
     */
    public int append(final BitScratch scratch, final boolean grow) {
        if (scratch.top() == 0) {
            return 0;
        }
        if (grow && free() < worstSize(scratch.capacity())) {
            words = Arrays.copyOf(words, Math.max(words.length * 2, used + worstSize(scratch.capacity())));
        }
        final int offset = used;
        words[offset] = scratch.top();
        int group = offset + 1;
        int next = group + 2 * Long.bitCount(scratch.top());
        for (long top = scratch.top(); top != 0; top &= top - 1) {
            final int g = Long.numberOfTrailingZeros(top);
            words[group] = scratch.middle(g);
            words[group + 1] = next;
            group += 2;
            for (long middle = scratch.middle(g); middle != 0; middle &= middle - 1) {
                words[next++] = scratch.bits(g << WORD_SHIFT | Long.numberOfTrailingZeros(middle));
            }
        }
        used = next;
        return offset;
    }
}
