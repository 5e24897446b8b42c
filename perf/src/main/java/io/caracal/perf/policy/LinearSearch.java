package io.caracal.perf.policy;

import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;

/** Rule after rule until one matches, over packed columns: what every classifier must beat. Immutable. */
public final class LinearSearch {
    private static final int ANY = -1;

    private final long[] addresses;
    private final long[] masks;
    private final int[] sourcePorts;
    private final int[] destinationPorts;
    private final int[] protocols;

    /**
     * Packs the rules of a set.
     *
     * @param set the set.
     */
    public LinearSearch(final ClassBenchSet set) {
        addresses = new long[set.ruleCount()];
        masks = new long[set.ruleCount()];
        sourcePorts = new int[set.ruleCount()];
        destinationPorts = new int[set.ruleCount()];
        protocols = new int[set.ruleCount()];
        for (int rule = 0; rule < addresses.length; rule++) {
            final String[] words = set.words(rule);
            final Prefix source = Prefix.parse(words[0]);
            final Prefix destination = Prefix.parse(words[1]);
            addresses[rule] = source.high() | destination.high() >>> Integer.SIZE;
            masks[rule] = mask(source) | mask(destination) >>> Integer.SIZE;
            sourcePorts[rule] = ends(words[2]);
            destinationPorts[rule] = ends(words[3]);
            final String[] protocol = words[4].trim().split("/");
            protocols[rule] = Integer.decode(protocol[1]) == 0 ? ANY : Integer.decode(protocol[0]);
        }
    }

    private static long mask(final Prefix prefix) {
        return prefix.length() == 0 ? 0 : -1L << Long.SIZE - prefix.length();
    }

    private static int ends(final String text) {
        final PortRange range = ClassBenchSet.range(text);
        return range.first() << Character.SIZE | range.last();
    }

    /**
     * The first rule that matches.
     *
     * @param header as from {@link ClassBenchSet#header}.
     * @return its index, -1 for none.
     */
    public int find(final long[] header) {
        final long key = header[0] << Integer.SIZE | header[1];
        final int sourcePort = (int)header[2];
        final int destinationPort = (int)header[3];
        final int protocol = (int)header[4];
        for (int rule = 0; rule < addresses.length; rule++) {
            if (((key ^ addresses[rule]) & masks[rule]) == 0 && isIn(sourcePorts[rule], sourcePort)
                && isIn(destinationPorts[rule], destinationPort)
                && (protocols[rule] == ANY || protocols[rule] == protocol)) {
                return rule;
            }
        }
        return -1;
    }

    private static boolean isIn(final int ends, final int port) {
        return port >= ends >>> Character.SIZE && port <= (char)ends;
    }
}
