package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;

/**
 * Tuples of up to {@link PacketBurst#MAX_PACKETS} IPv4 packets as columns, and what {@link Ipv4FlowTable#lookup} found
 * for each. Made once by its owner; one thread.
 */
public final class Ipv4Burst {
    /** {@code source << 32 | destination}. */
    public final long[] addresses = new long[PacketBurst.MAX_PACKETS];
    /** {@code source port << 16 | destination port}. */
    public final int[] ports = new int[PacketBurst.MAX_PACKETS];
    /** IP protocol number. */
    public final int[] protocol = new int[PacketBurst.MAX_PACKETS];
    /** Filled by the lookup: {@code slot << 1 | direction}, or {@link FlowTable#MISS}. */
    public final int[] found = new int[PacketBurst.MAX_PACKETS];
    /** Rows in use. */
    public int count;

    final long[] hash = new long[PacketBurst.MAX_PACKETS];
    /** Addresses of the cache lines that the next pass reads. */
    final long[] line = new long[PacketBurst.MAX_PACKETS];

    /** Makes an empty burst. */
    public Ipv4Burst() {
    }

    /**
     * Appends a tuple.
     *
     * @param tupleAddresses {@code source << 32 | destination}.
     * @param tuplePorts {@code source port << 16 | destination port}.
     * @param ipProtocol IP protocol number.
     */
    public void add(final long tupleAddresses, final int tuplePorts, final int ipProtocol) {
        addresses[count] = tupleAddresses;
        ports[count] = tuplePorts;
        protocol[count] = ipProtocol;
        count++;
    }
}
