package io.caracal.policy.lookup;

/**
 * Addresses to the class of the prefixes that cover them: a persistent trie of one byte a level, in which every leaf
 * already holds the union over all covering prefixes, so that a lookup is one walk without backtracking. A node keeps
 * only where its 256 slots change value. Reading: any thread; at most 4 (IPv4) or 16 levels, as deep as prefixes go.
 */
public final class NetTrie {
    /** No prefixes. */
    public static final NetTrie EMPTY = new NetTrie(AddressClass.NONE);

    static final int SLOTS = 256;
    private static final int TOP_BYTE_SHIFT = 56;

    private final Object root;

    NetTrie(final Object root) {
        this.root = root;
    }

    /** 256 slots, run-length coded: bit i is set where slot i differs from slot i-1; bit 0 always. */
    static final class Node {
        private final long bits0;
        private final long bits1;
        private final long bits2;
        private final long bits3;
        private final Object[] runs;

        Node(final Object[] slots) {
            final long[] bits = new long[SLOTS / Long.SIZE];
            final Object[] found = new Object[SLOTS];
            int count = 0;
            for (int i = 0; i < SLOTS; i++) {
                if (i == 0 || slots[i] != slots[i - 1]) {
                    bits[i >>> 6] |= 1L << i;
                    found[count++] = slots[i];
                }
            }
            bits0 = bits[0];
            bits1 = bits[1];
            bits2 = bits[2];
            bits3 = bits[3];
            runs = java.util.Arrays.copyOf(found, count);
        }

        Object slot(final int i) {
            final long upTo = -1L >>> 63 - (i & 63);
            final int rank = switch (i >>> 6) {
                case 0 -> Long.bitCount(bits0 & upTo);
                case 1 -> Long.bitCount(bits0) + Long.bitCount(bits1 & upTo);
                case 2 -> Long.bitCount(bits0) + Long.bitCount(bits1) + Long.bitCount(bits2 & upTo);
                default -> Long.bitCount(bits0) + Long.bitCount(bits1) + Long.bitCount(bits2)
                    + Long.bitCount(bits3 & upTo);
            };
            return runs[rank - 1];
        }
    }

    /**
     * The class of the prefixes that cover an address. Allocates nothing.
     *
     * @param high bits 0-63 of the address, left-aligned.
     * @param low bits 64-127.
     * @return the class, never null.
     */
    public AddressClass get(final long high, final long low) {
        Object slot = root;
        for (int depth = 0; slot instanceof Node node; depth++) {
            slot = node.slot(byteAt(high, low, depth));
        }
        return (AddressClass)slot;
    }

    static int byteAt(final long high, final long low, final int depth) {
        final long half = depth < Long.BYTES ? high : low;
        return (int)(half >>> TOP_BYTE_SHIFT - (depth & Long.BYTES - 1) * Byte.SIZE) & SLOTS - 1;
    }

    Object root() {
        return root;
    }
}
