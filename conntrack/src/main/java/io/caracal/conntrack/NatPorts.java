package io.caracal.conntrack;

import io.caracal.nat.NatConfig;

/**
 * Chooses source ports (ICMP identifiers) of translated flows: at random within its worker's share of the range, so
 * that nobody outside can guess them (RFC 6056), and free for the flow's remote end, so that a port serves many
 * destinations at once. Which are taken is asked of the flow table itself: there is nothing to leak and nothing to
 * restore.
 *
 * <p>One thread; allocates nothing after its constructor.</p>
 */
final class NatPorts {
    /** No port was free. */
    static final int NONE = -1;
    /**
     * Ports that are tried for one flow. With nine tenths of a range in use for one remote end, one flow in 10^11 would
     * find none; more tries would make the packets of a flood dearer than they are worth.
     */
    static final int TRIES_MAX = 256;

    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    /** Says whether answers to a port would be another flow's. */
    @FunctionalInterface
    interface Occupancy {
        /** Whether a flow has this port towards the remote end in question. */
        boolean isTaken(int port);
    }

    private final NatConfig config;
    private final int count;
    private long randomState;

    NatPorts(final NatConfig config, final long seed) {
        this.config = config;
        count = config.portCount();
        randomState = seed;
    }

    /**
     * Chooses a port.
     *
     * @return its index in the worker's share, or {@link #NONE}.
     */
    int choose(final Occupancy occupancy) {
        final int tries = Math.min(TRIES_MAX, count);
        final long random = nextRandom();
        int at = (int)((random >>> 32) * count >>> 32);
        /* A stride without a common divisor visits each port once; an odd one need not be such in every range. */
        final int stride = coprimeStride((int)((random & 0xffff_ffffL) * (count - 1) >>> 32) + 1);
        for (int i = 0; i < tries; i++) {
            if (!occupancy.isTaken(config.port(at))) {
                return at;
            }
            at += stride;
            at = at >= count ? at - count : at;
        }
        return NONE;
    }

    private int coprimeStride(final int wanted) {
        int stride = wanted;
        while (greatestCommonDivisor(stride, count) != 1) {
            stride = stride + 1 < count ? stride + 1 : 1;
        }
        return Math.min(stride, Math.max(1, count - 1));
    }

    private static int greatestCommonDivisor(final int a, final int b) {
        int larger = b;
        int smaller = a;
        while (smaller != 0) {
            final int rest = larger % smaller;
            larger = smaller;
            smaller = rest;
        }
        return larger;
    }

    /** SplitMix64; its secret seed keeps the choice unguessable enough for a port. */
    private long nextRandom() {
        randomState += SPREAD;
        long z = randomState;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
