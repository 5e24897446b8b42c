package io.caracal.policy.lookup;

/**
 * One worker's vectors of the classes it has seen, made when first wanted and kept until the room is used up or the
 * lists change; then all are forgotten, which costs as much as there are, and then a rebuild of what is in use. Owned
 * by one thread; allocates nothing after it is made.
 */
public final class ClassVectors {
    private static final int MAX_LOAD_EIGHTHS = 6;
    private static final int GOLDEN = 0x9E3779B9;

    private final Object[] keys;
    private final int[] offsets;
    /** Where the keys of each vector are, in the order in which they were made: a policy change empties no table. */
    private final int[] rows;
    private final int mask;
    private final BitVectors vectors;
    private final BitScratch scratch = new BitScratch(BitVectors.MAX_BITS - 1);
    private int count;
    private long builtCount;
    private long forgottenCount;

    /**
     * Makes an empty cache.
     *
     * @param entries vectors to keep, a power of two.
     * @param words longs for their bits; at least {@link #minWords()}.
     */
    public ClassVectors(final int entries, final int words) {
        if (Integer.bitCount(entries) != 1 || words < minWords()) {
            throw new IllegalArgumentException("class vectors: " + entries + " entries (want a power of two) in "
                + words + " longs (want at least " + minWords() + ")");
        }
        keys = new Object[entries * 3];
        offsets = new int[entries];
        rows = new int[entries];
        mask = entries - 1;
        vectors = new BitVectors(words);
    }

    /**
     * The least room: what one lookup can need at once.
     *
     * @return longs.
     */
    public static int minWords() {
        return 1 + 3 * BitVectors.worstSize(BitVectors.MAX_BITS);
    }

    /**
     * Makes sure that three vectors can be had without any being forgotten.
     *
     * @param bits rules of the list.
     */
    public void reserve(final int bits) {
        if (vectors.free() < 3 * BitVectors.worstSize(bits) || (count + 3) * 8 > (mask + 1) * MAX_LOAD_EIGHTHS) {
            forget();
        }
    }

    /** Forgets all vectors, and with them every list and class that they were made for. */
    public void forget() {
        for (int made = 0; made < count; made++) {
            final int first = rows[made] * 3;
            keys[first] = null;
            keys[first + 1] = null;
            keys[first + 2] = null;
        }
        vectors.clear();
        count = 0;
        forgottenCount++;
    }

    /**
     * The vector of the rules that accept an address because of its class.
     *
     * @param side the dimension.
     * @param host sets that name the address.
     * @param net sets that name a prefix around it.
     * @return its offset in {@link #words()}; 0 for the empty vector.
     */
    public int offset(final SideIndex side, final AddressClass host, final AddressClass net) {
        if (side.trivial() || host == AddressClass.NONE && net == AddressClass.NONE && side.emptyWithoutSets()) {
            return 0;
        }
        int row = (side.spread() + host.spread() * 31 + net.spread()) * GOLDEN >>> 8 & mask;
        while (keys[row * 3] != null) {
            if (keys[row * 3] == side && keys[row * 3 + 1] == host && keys[row * 3 + 2] == net) {
                return offsets[row];
            }
            row = row + 1 & mask;
        }
        side.fill(host, net, scratch);
        keys[row * 3] = side;
        keys[row * 3 + 1] = host;
        keys[row * 3 + 2] = net;
        offsets[row] = vectors.append(scratch, false);
        scratch.clear();
        rows[count++] = row;
        builtCount++;
        return offsets[row];
    }

    /**
     * The array that offsets point into.
     *
     * @return always the same array.
     */
    public long[] words() {
        return vectors.words();
    }

    /**
     * Vectors made so far.
     *
     * @return a counter.
     */
    public long builtCount() {
        return builtCount;
    }

    /**
     * How often all were forgotten.
     *
     * @return a counter.
     */
    public long forgottenCount() {
        return forgottenCount;
    }
}
