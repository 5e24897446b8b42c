package io.caracal.conntrack;

/**
 * Seeded hash of a tuple that is the same for both of its directions. The seeds are secret, so that nobody outside can
 * choose tuples that fall into one group of the index; a new process takes new ones, since the index is rebuilt anyway.
 *
 * <p>The mixing step multiplies two 64-bit words and folds the 128-bit product, the step of the wyhash family: two
 * multiplications for IPv4. Immutable; any thread.</p>
 */
final class FlowHash {
    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    private final long seed0;
    private final long seed1;
    private final long seed2;

    /** Derives three odd-weighted words from one secret (SplitMix64's finaliser). */
    FlowHash(final long secret) {
        seed0 = scramble(secret + SPREAD);
        seed1 = scramble(secret + 2 * SPREAD);
        seed2 = scramble(secret + 3 * SPREAD) | 1;
    }

    /** Addresses and ports as {@link FlowRecord} packs them. */
    long ofIpv4(final long addresses, final int ports, final int protocol) {
        final long source = (addresses >>> 32) << 16 | ports >>> 16;
        final long destination = (addresses & 0xffff_ffffL) << 16 | ports & 0xffff;
        final long low = Math.min(source, destination);
        final long high = Math.max(source, destination) | (long)protocol << 48;
        return fold(fold(low ^ seed0, high ^ seed1) ^ SPREAD, seed2);
    }

    long ofIpv6(final Ipv6Tuple tuple, final int protocol) {
        final int ports = tuple.ports;
        final long source = endpoint(tuple.sourceHigh, tuple.sourceLow, ports >>> 16);
        final long destination = endpoint(tuple.destinationHigh, tuple.destinationLow, ports & 0xffff);
        final long low = Math.min(source, destination);
        final long high = Math.max(source, destination);
        return fold(fold(low ^ seed1, high ^ seed0) ^ SPREAD ^ protocol, seed2);
    }

    private long endpoint(final long addressHigh, final long addressLow, final int port) {
        return fold(fold(addressHigh ^ seed0, addressLow ^ seed1) ^ port, seed2);
    }

    private static long fold(final long a, final long b) {
        return a * b ^ Math.unsignedMultiplyHigh(a, b);
    }

    private static long scramble(final long word) {
        long z = word;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
