package io.caracal.nat;

/**
 * One direction of a flow in both families, as {@link NatBindings} reads and changes it. Mutable and reused: belongs to
 * one worker. IPv4 addresses are in the lower half as ::ffff:a.b.c.d, so that both families share tables.
 */
public final class NatTuple {
    /** IP protocol number. */
    public int protocol;
    /** Upper half of the source address. */
    public long sourceHigh;
    /** Lower half of the source address. */
    public long sourceLow;
    /** Source port, or the identifier of an ICMP query. */
    public int sourcePort;
    /** Upper half of the destination address. */
    public long destinationHigh;
    /** Lower half of the destination address. */
    public long destinationLow;
    /** Destination port; for an ICMP query its identifier, like the source. */
    public int destinationPort;

    private static final long MAPPED = 0xFFFF_0000_0000L;

    /** Makes an empty tuple. */
    public NatTuple() {
    }

    /**
     * An IPv4 address as the lower half of a tuple's.
     *
     * @param address host order.
     * @return the half; the upper one is 0.
     */
    public static long mapped(final int address) {
        return MAPPED | Integer.toUnsignedLong(address);
    }

    /**
     * Sets the addresses of an IPv4 flow.
     *
     * @param source host order.
     * @param destination host order.
     */
    public void setIpv4(final int source, final int destination) {
        sourceHigh = 0;
        sourceLow = mapped(source);
        destinationHigh = 0;
        destinationLow = mapped(destination);
    }

    /** Swaps both ends: the other direction of the flow. */
    public void reverse() {
        final long high = sourceHigh;
        final long low = sourceLow;
        final int port = sourcePort;
        sourceHigh = destinationHigh;
        sourceLow = destinationLow;
        sourcePort = destinationPort;
        destinationHigh = high;
        destinationLow = low;
        destinationPort = port;
    }
}
