package io.caracal.xdp.punt;

/**
 * Which queue of the punt pair, so which worker, the programs send a flow's packets to: the hash of {@code flow.h} for
 * those in Java who must know it, such as who moves flows to another number of workers. Immutable; any thread.
 *
 * @param seed of {@link PuntConfig#hashSeed()}.
 * @param queueCount of {@link PuntConfig#queueCount()}.
 */
public record FlowQueue(int seed, int queueCount) {
    private static final int DCCP = 33;
    private static final int UDP_LITE = 136;

    /** Checks the range. */
    public FlowQueue {
        if (queueCount < 1) {
            throw new IllegalArgumentException("queueCount must be at least 1: " + queueCount);
        }
    }

    /**
     * The queue of an IPv4 flow, in either direction.
     *
     * @param source host order.
     * @param destination host order.
     * @param protocol IP protocol number.
     * @param ports source in the upper, destination in the lower half; not looked at for protocols without ports.
     * @return 0 .. queues - 1.
     */
    public int ofIpv4(final int source, final int destination, final int protocol, final int ports) {
        return Integer.remainderUnsigned(hashOfIpv4(source, destination, protocol, ports), queueCount);
    }

    /**
     * The hash of an IPv4 flow, in either direction: {@code flow_hash} of {@code flow.h}.
     *
     * @param source host order.
     * @param destination host order.
     * @param protocol IP protocol number.
     * @param ports source in the upper, destination in the lower half; not looked at for protocols without ports.
     * @return all 32 bits.
     */
    public int hashOfIpv4(final int source, final int destination, final int protocol, final int ports) {
        final int known = hasPorts(protocol) ? ports : 0;
        return mix(mix(mix(seed ^ source) ^ known >>> Short.SIZE)
            + mix(mix(seed ^ destination) ^ known & 0xffff) + protocol);
    }

    /**
     * The queue of an IPv6 flow, in either direction.
     *
     * @param sourceHigh upper half.
     * @param sourceLow lower half.
     * @param destinationHigh upper half.
     * @param destinationLow lower half.
     * @param protocol IP protocol number.
     * @param ports as {@link #ofIpv4} has them.
     * @return 0 .. queues - 1.
     */
    public int ofIpv6(final long sourceHigh, final long sourceLow, final long destinationHigh,
        final long destinationLow, final int protocol, final int ports) {
        return Integer.remainderUnsigned(
            hashOfIpv6(sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, ports), queueCount);
    }

    /**
     * The hash of an IPv6 flow, in either direction: {@code flow_hash} of {@code flow.h}.
     *
     * @param sourceHigh upper half.
     * @param sourceLow lower half.
     * @param destinationHigh upper half.
     * @param destinationLow lower half.
     * @param protocol IP protocol number.
     * @param ports as {@link #ofIpv4} has them.
     * @return all 32 bits.
     */
    public int hashOfIpv6(final long sourceHigh, final long sourceLow, final long destinationHigh,
        final long destinationLow, final int protocol, final int ports) {
        final int known = hasPorts(protocol) ? ports : 0;
        return mix(mix(address(sourceHigh, sourceLow) ^ known >>> Short.SIZE)
            + mix(address(destinationHigh, destinationLow) ^ known & 0xffff) + protocol);
    }

    private int address(final long high, final long low) {
        int hash = mix(seed ^ (int)(high >>> Integer.SIZE));
        hash = mix(hash ^ (int)high);
        hash = mix(hash ^ (int)(low >>> Integer.SIZE));
        return mix(hash ^ (int)low);
    }

    /** {@code has_ports} of {@code flow.h}: TCP, UDP, SCTP, UDP-Lite, DCCP. */
    private static boolean hasPorts(final int protocol) {
        return switch (protocol) {
            case 6, 17, 132, UDP_LITE, DCCP -> true;
            default -> false;
        };
    }

    /**
     * The hash's step: every bit of the value changes half of the result's.
     *
     * @param value any.
     * @return {@code mix} of {@code flow.h}.
     */
    public static int mix(final int value) {
        int x = value;
        x ^= x >>> 16;
        x *= 0x7feb352d;
        x ^= x >>> 15;
        x *= 0x846ca68b;
        x ^= x >>> 16;
        return x;
    }
}
