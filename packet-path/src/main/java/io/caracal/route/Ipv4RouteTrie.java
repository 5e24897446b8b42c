package io.caracal.route;

import java.util.Arrays;

/**
 * Longest-prefix match of IPv4 addresses: a trie of 16, 8 and 8 bits whose prefixes are expanded, so that a lookup is
 * one to three loads and compares nothing. Immutable once built; lookups are any thread's.
 *
 * <pre>
 *  root: 65536 slots       nodes: 256 slots each
 *  address 31..16  ──►  node ──► address 15..8  ──►  node ──► address 7..0
 *  slot ≥ 0: a value      slot &lt; 0: ~number of the node behind it
 * </pre>
 *
 * <p>256 KiB for the root and 1 KiB for each /16 and /24 that has longer prefixes: 100,000 blocks of /26 in
 * neighbouring addresses take 25 MiB.</p>
 */
final class Ipv4RouteTrie {
    private static final int ROOT_BITS = 16;
    private static final int MIDDLE_BITS = 24;
    private static final int NODE_SLOTS = 256;
    private static final int INITIAL_NODES = 16;

    private final int[] root = new int[1 << ROOT_BITS];
    private int[] nodes = new int[INITIAL_NODES * NODE_SLOTS];
    private int nodeCount;

    /** Finds the value of the longest prefix that contains an address; 0 when there is none. */
    int find(final int address) {
        int slot = root[address >>> ROOT_BITS];
        if (slot < 0) {
            slot = nodes[~slot << 8 | address >>> 8 & 0xFF];
            if (slot < 0) {
                slot = nodes[~slot << 8 | address & 0xFF];
            }
        }
        return slot;
    }

    /**
     * Enters a prefix. Only while building, shorter prefixes before longer ones: each overwrites what contains it.
     *
     * @param address its first address; bits beyond the length are 0.
     * @param length 0 .. 32.
     * @param value 0 or more.
     */
    void put(final int address, final int length, final int value) {
        if (length <= ROOT_BITS) {
            fill(root, address >>> ROOT_BITS, 1 << ROOT_BITS - length, value);
            return;
        }
        final int rootIndex = address >>> ROOT_BITS;
        root[rootIndex] = nodeOf(root[rootIndex]);
        final int middle = ~root[rootIndex] << 8;
        if (length <= MIDDLE_BITS) {
            fill(nodes, middle | address >>> 8 & 0xFF, 1 << MIDDLE_BITS - length, value);
            return;
        }
        final int middleIndex = middle | address >>> 8 & 0xFF;
        /* Two statements: making a node may replace the array that its number is stored in. */
        final int node = nodeOf(nodes[middleIndex]);
        nodes[middleIndex] = node;
        fill(nodes, ~node << 8 | address & 0xFF, 1 << Integer.SIZE - length, value);
    }

    /** The node behind a slot; a value becomes a new node that is full of it. */
    private int nodeOf(final int slot) {
        if (slot < 0) {
            return slot;
        }
        final int first = nodeCount * NODE_SLOTS;
        if (first == nodes.length) {
            nodes = Arrays.copyOf(nodes, 2 * first);
        }
        Arrays.fill(nodes, first, first + NODE_SLOTS, slot);
        return ~nodeCount++;
    }

    private static void fill(final int[] slots, final int first, final int count, final int value) {
        Arrays.fill(slots, first, first + count, value);
    }
}
