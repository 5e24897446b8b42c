package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;

/**
 * Tuples of up to {@link PacketBurst#MAX_PACKETS} IPv6 packets, and what {@link Ipv6FlowTable#lookup} found for each.
 * Made once by its owner; one thread.
 */
public final class Ipv6Burst {
    /** The tuples; each is made once and filled for a packet. */
    public final Ipv6Tuple[] tuple = new Ipv6Tuple[PacketBurst.MAX_PACKETS];
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
    public Ipv6Burst() {
        for (int i = 0; i < tuple.length; i++) {
            tuple[i] = new Ipv6Tuple();
        }
    }

    /**
     * Appends a row.
     *
     * @param ipProtocol IP protocol number.
     * @return its tuple, for the caller to fill.
     */
    public Ipv6Tuple add(final int ipProtocol) {
        protocol[count] = ipProtocol;
        return tuple[count++];
    }
}
