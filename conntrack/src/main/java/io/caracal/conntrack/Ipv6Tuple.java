package io.caracal.conntrack;

/**
 * Addresses and ports of an IPv6 packet, as it carries them: a mutable holder that its owner makes once and fills for
 * each packet, since eight words do not fit a method's parameters. One thread. All in host order.
 */
public final class Ipv6Tuple {
    /** First eight bytes of the source address. */
    public long sourceHigh;
    /** Last eight bytes of the source address. */
    public long sourceLow;
    /** First eight bytes of the destination address. */
    public long destinationHigh;
    /** Last eight bytes of the destination address. */
    public long destinationLow;
    /** {@code source port << 16 | destination port}. */
    public int ports;

    /** Makes a tuple of zeros. */
    public Ipv6Tuple() {
    }

    /**
     * Copies another tuple.
     *
     * @param other what to copy.
     * @return this.
     */
    public Ipv6Tuple set(final Ipv6Tuple other) {
        sourceHigh = other.sourceHigh;
        sourceLow = other.sourceLow;
        destinationHigh = other.destinationHigh;
        destinationLow = other.destinationLow;
        ports = other.ports;
        return this;
    }

    /**
     * Becomes the tuple of the opposite direction of another.
     *
     * @param other the tuple to turn around; may be this one.
     * @return this.
     */
    public Ipv6Tuple setInverse(final Ipv6Tuple other) {
        final long high = other.sourceHigh;
        final long low = other.sourceLow;
        sourceHigh = other.destinationHigh;
        sourceLow = other.destinationLow;
        destinationHigh = high;
        destinationLow = low;
        ports = other.ports << 16 | other.ports >>> 16;
        return this;
    }

    /**
     * Compares all words.
     *
     * @param other a tuple.
     * @return whether it is the same.
     */
    public boolean sameAs(final Ipv6Tuple other) {
        return sourceHigh == other.sourceHigh && sourceLow == other.sourceLow && ports == other.ports
            && destinationHigh == other.destinationHigh && destinationLow == other.destinationLow;
    }
}
