package io.caracal.policy.lookup;

/**
 * Chooses the bits of the key by which a node of a {@link BoxTree} tells its boxes apart: one after the other, always
 * the one that leaves the least to be searched. A box in which a chosen bit has no fixed value cannot be told apart by
 * it; such boxes count as a rest that every packet would have to look through, in proportion to how many they are.
 */
final class BitChooser {
    /** More boxes than this are judged by a sample: the figures move by less than the choice is worth. */
    private static final int SAMPLE = 4096;
    /** 1024 children: more would be emptier than the rest of the tree is deep. */
    private static final int MAX_BITS = 10;
    /** What a box in the rest costs against one in a child; each attempt is less strict than the one before. */
    private static final double[] REST_WEIGHTS = {1.5, 0.7, 0.2};
    /** Halvings of the search that a bit must be worth, since it doubles the children. */
    private static final double[] MIN_GAINS = {0.25, 0.01, 0.005};
    private static final double[] N_LOG_N = new double[SAMPLE + 1];

    static {
        for (int n = 1; n <= SAMPLE; n++) {
            N_LOG_N[n] = n * Math.log(n) / Math.log(2);
        }
    }

    private final BoxColumns boxes;
    private final int[] counts = new int[2 << MAX_BITS];
    private final int[] sample = new int[SAMPLE];
    private final int[] cells = new int[SAMPLE];
    private final boolean[] resting = new boolean[SAMPLE];
    private final long[] masks = new long[BoxColumns.KEY_WORDS];
    private int size;
    private int restCount;
    private int chosen;

    BitChooser(final BoxColumns boxes) {
        this.boxes = boxes;
    }

    /**
     * Chooses bits for a node.
     *
     * @param rows the boxes.
     * @param leafBoxes as many boxes as a leaf should have.
     * @return a mask for each word of the key, all 0 if no bit is worth it; used again by the next call.
     */
    long[] choose(final int[] rows, final int leafBoxes) {
        size = Math.min(rows.length, SAMPLE);
        for (int i = 0; i < size; i++) {
            sample[i] = rows[(int)((long)i * rows.length / size)];
        }
        final int enough = Integer.SIZE + 1 - Integer.numberOfLeadingZeros(rows.length / leafBoxes * 2);
        for (int attempt = 0; attempt < REST_WEIGHTS.length; attempt++) {
            choose(Math.min(MAX_BITS, enough), REST_WEIGHTS[attempt], MIN_GAINS[attempt]);
            if (chosen > 0) {
                break;
            }
        }
        return masks;
    }

    private void choose(final int mostBits, final double restWeight, final double minGain) {
        java.util.Arrays.fill(masks, 0);
        java.util.Arrays.fill(cells, 0, size, 0);
        java.util.Arrays.fill(resting, 0, size, false);
        restCount = 0;
        chosen = 0;
        double cost = N_LOG_N[size] / size;
        while (chosen < mostBits) {
            double least = cost - minGain;
            int best = -1;
            for (int bit = 0; bit < BoxColumns.KEY_WORDS * Long.SIZE; bit++) {
                final boolean open = (boxes.usedBits(bit >>> 6) & ~masks[bit >>> 6] & 1L << bit) != 0;
                final double with = open ? costWith(bit >>> 6, 1L << bit, restWeight) : cost;
                if (with < least) {
                    least = with;
                    best = bit;
                }
            }
            if (best < 0) {
                return;
            }
            take(best >>> 6, 1L << best);
            cost = least;
        }
    }

    /** The search that would be left if a bit were chosen too, in halvings. */
    private double costWith(final int word, final long bit, final double restWeight) {
        java.util.Arrays.fill(counts, 0, 2 << chosen, 0);
        int rest = restCount;
        for (int i = 0; i < size; i++) {
            if (resting[i]) {
                continue;
            }
            if ((boxes.mask(word, sample[i]) & bit) == 0) {
                rest++;
            } else {
                counts[cells[i] * 2 + ((boxes.value(word, sample[i]) & bit) == 0 ? 0 : 1)]++;
            }
        }
        double sum = restWeight * rest * N_LOG_N[size] / size;
        for (int cell = 0; cell < 2 << chosen; cell++) {
            sum += N_LOG_N[counts[cell]];
        }
        return sum / size;
    }

    private void take(final int word, final long bit) {
        masks[word] |= bit;
        chosen++;
        for (int i = 0; i < size; i++) {
            if (!resting[i] && (boxes.mask(word, sample[i]) & bit) == 0) {
                resting[i] = true;
                restCount++;
            }
            cells[i] = cells[i] * 2 + ((boxes.value(word, sample[i]) & bit) == 0 ? 0 : 1);
        }
    }
}
