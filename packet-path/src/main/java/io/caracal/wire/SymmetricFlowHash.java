package io.caracal.wire;

import java.security.SecureRandom;

/**
 * Hashes a flow's addresses, protocol and ports to 32 bits, the same for both directions. Seeded, so that nobody
 * outside the process can choose flows that collide (hash flooding). Immutable; any thread; allocates nothing.
 *
 * <p>Each end of the flow is mixed with secret keys by a 64 × 64 → 128 bit multiplication folded by XOR (the step of
 * wyhash); the two results are added, which forgets their order, and mixed again with the protocol. Ordering the ends
 * by comparison instead costs a branch that no predictor learns, and XOR instead of addition would give every flow of
 * a host to itself the same hash.</p>
 *
 * <pre>{@code
 * final SymmetricFlowHash hash = SymmetricFlowHash.random();
 * assert hash.ipv4(a, b, IpProtocol.UDP, 5000 << 16 | 53) == hash.ipv4(b, a, IpProtocol.UDP, 53 << 16 | 5000);
 * }</pre>
 */
public final class SymmetricFlowHash {
    private final long seed;
    private final long endKey;
    private final long endMultiplier;
    private final long portKey;
    private final long flowKey;
    private final long flowMultiplier;

    /**
     * Makes the hash of a seed. All workers of an engine, and a table that outlives it, must use the same.
     *
     * @param seed 64 secret bits.
     */
    public SymmetricFlowHash(final long seed) {
        this.seed = seed;
        endKey = expand(seed, 1);
        endMultiplier = expand(seed, 2) | 1;
        portKey = expand(seed, 3) | 1;
        flowKey = expand(seed, 4);
        flowMultiplier = expand(seed, 5) | 1;
    }

    /**
     * Makes a hash with a seed of the system's secure random source.
     *
     * @return a hash that is this process's alone.
     */
    public static SymmetricFlowHash random() {
        return new SymmetricFlowHash(new SecureRandom().nextLong());
    }

    /**
     * The seed, to be kept beside a table that is indexed by this hash.
     *
     * @return 64 secret bits: nothing that is printed or exported.
     */
    public long seed() {
        return seed;
    }

    /**
     * Hashes an IPv4 flow.
     *
     * @param source host order.
     * @param destination host order.
     * @param protocol 0 .. 255.
     * @param ports source port in the upper, destination port in the lower half; for an ICMP query its identifier in
     *     both; 0 where there are none.
     * @return 32 well-mixed bits: any of them may index a table.
     */
    public int ipv4(final int source, final int destination, final int protocol, final int ports) {
        final long from = Integer.toUnsignedLong(source) << 16 | TransportPorts.source(ports);
        final long to = Integer.toUnsignedLong(destination) << 16 | TransportPorts.destination(ports);
        return finish(mix(from ^ endKey, endMultiplier) + mix(to ^ endKey, endMultiplier), protocol);
    }

    /**
     * Hashes an IPv6 flow.
     *
     * @param sourceHigh upper half.
     * @param sourceLow lower half.
     * @param destinationHigh upper half.
     * @param destinationLow lower half.
     * @param protocol 0 .. 255.
     * @param ports as {@link #ipv4} has them.
     * @return 32 well-mixed bits.
     */
    public int ipv6(
        final long sourceHigh,
        final long sourceLow,
        final long destinationHigh,
        final long destinationLow,
        final int protocol,
        final int ports) {
        final long from = end(sourceHigh, sourceLow, TransportPorts.source(ports));
        final long to = end(destinationHigh, destinationLow, TransportPorts.destination(ports));
        return finish(from + to, protocol);
    }

    private long end(final long high, final long low, final int port) {
        // One multiplication takes the upper half, so that address bits meet before the port joins them.
        return mix(mix(high ^ endKey, endMultiplier) ^ low, portKey + ((long)port << 1));
    }

    private int finish(final long ends, final int protocol) {
        final long mixed = mix(ends ^ flowKey, flowMultiplier + ((long)protocol << 1));
        return (int)(mixed ^ mixed >>> 32);
    }

    private static long mix(final long a, final long b) {
        return a * b ^ Math.multiplyHigh(a, b);
    }

    /** One output of splitmix64: neighbouring seeds give unrelated keys. */
    private static long expand(final long seed, final int index) {
        long z = seed + index * 0x9E37_79B9_7F4A_7C15L;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }
}
