package io.caracal.conntrack;

/** Blueprint of an IPv6 flow. */
public final class Ipv6FlowSpec extends FlowSpec {
    /** Tuple of the original direction. */
    public final Ipv6Tuple original = new Ipv6Tuple();
    /** Tuple of the reply direction, as its packets arrive. */
    public final Ipv6Tuple reply = new Ipv6Tuple();

    /** Makes an empty blueprint. */
    public Ipv6FlowSpec() {
    }

    /**
     * Starts a new flow without NAT: everything else is forgotten, the reply tuple is the inverse.
     *
     * @param tuple of the first packet; copied.
     * @param ipProtocol IP protocol number.
     * @return this.
     */
    public Ipv6FlowSpec reset(final Ipv6Tuple tuple, final int ipProtocol) {
        resetCommonPart();
        original.set(tuple);
        reply.setInverse(tuple);
        protocol = ipProtocol;
        return this;
    }

    /**
     * Sets the NAT flags by comparing the reply tuple with the inverse of the original one.
     *
     * @return this.
     */
    public Ipv6FlowSpec deriveNatFlags() {
        flags &= ~FlowFlags.NAT;
        if (reply.destinationHigh != original.sourceHigh || reply.destinationLow != original.sourceLow
            || (reply.ports & 0xffff) != original.ports >>> Short.SIZE) {
            flags |= FlowFlags.SOURCE_NAT;
        }
        if (reply.sourceHigh != original.destinationHigh || reply.sourceLow != original.destinationLow
            || reply.ports >>> Short.SIZE != (original.ports & 0xffff)) {
            flags |= FlowFlags.DESTINATION_NAT;
        }
        return this;
    }
}
