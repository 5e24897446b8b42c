package io.caracal.conntrack;

/**
 * The ports of datagrams that come in fragments, so that later fragments find the flow of their first one: sets of four
 * entries by a seeded hash of addresses and identification, the oldest of a set goes first. Nothing is reassembled and
 * nothing is held: a fragment that overtakes the first one of its datagram is dropped, and sent again by its sender.
 *
 * <p>One thread; allocates nothing after its constructor.</p>
 */
final class FragmentTable {
    /** As the kernel's {@code ipfrag_time}: no datagram's fragments are further apart. */
    static final int LIFETIME_MS = 30_000;

    private static final int WAYS = 4;
    /** 4096 datagrams under way: at 100 thousand fragmented datagrams a second each is remembered for 40 ms. */
    private static final int SETS = 1024;
    private static final int KEY_WORDS = 5;
    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    /**
     * Words of the key to look up or to add: source, destination (two each; 0 and the address for IPv4), and the rest.
     */
    final long[] key = new long[KEY_WORDS];

    private final long seed;
    private final long[] keys = new long[SETS * WAYS * KEY_WORDS];
    private final long[] ports = new long[SETS * WAYS];
    /** Milliseconds since boot of the first fragment; 0 for an empty entry. */
    private final long[] seenMs = new long[SETS * WAYS];

    FragmentTable(final long seed) {
        this.seed = seed;
    }

    /** Remembers the ports of the datagram that {@link #key} names. */
    void add(final int sourcePort, final int destinationPort, final long nowMs) {
        final int first = firstEntry();
        int chosen = first;
        for (int entry = first; entry < first + WAYS; entry++) {
            if (isAt(entry)) {
                chosen = entry;
                break;
            }
            if (seenMs[entry] < seenMs[chosen]) {
                chosen = entry;
            }
        }
        System.arraycopy(key, 0, keys, chosen * KEY_WORDS, KEY_WORDS);
        ports[chosen] = (long)sourcePort << Integer.SIZE | destinationPort;
        seenMs[chosen] = Math.max(1, nowMs);
    }

    /**
     * The ports of the datagram that {@link #key} names.
     *
     * @return {@code source << 32 | destination} as in the columns of a burst, or -1: it is not known.
     */
    long find(final long nowMs) {
        final int first = firstEntry();
        for (int entry = first; entry < first + WAYS; entry++) {
            if (isAt(entry) && nowMs - seenMs[entry] < LIFETIME_MS) {
                return ports[entry];
            }
        }
        return -1;
    }

    private boolean isAt(final int entry) {
        if (seenMs[entry] == 0) {
            return false;
        }
        final int at = entry * KEY_WORDS;
        for (int word = 0; word < KEY_WORDS; word++) {
            if (keys[at + word] != key[word]) {
                return false;
            }
        }
        return true;
    }

    private int firstEntry() {
        long hash = seed;
        for (int word = 0; word < KEY_WORDS; word++) {
            hash = (hash ^ key[word]) * SPREAD;
            hash ^= hash >>> 29;
        }
        return (int)(hash >>> 40) % SETS * WAYS;
    }
}
