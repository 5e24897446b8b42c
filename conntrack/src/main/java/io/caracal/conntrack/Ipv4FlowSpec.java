package io.caracal.conntrack;

/** Blueprint of an IPv4 flow. */
public final class Ipv4FlowSpec extends FlowSpec {
    /** Original direction: {@code source << 32 | destination}. */
    public long addresses;
    /** Original direction: {@code source port << 16 | destination port}. */
    public int ports;
    /** Reply direction, as its packets arrive. */
    public long replyAddresses;
    /** Reply direction, as its packets arrive. */
    public int replyPorts;

    /** Makes an empty blueprint. */
    public Ipv4FlowSpec() {
    }

    /**
     * Starts a new flow without NAT: everything else is forgotten, the reply tuple is the inverse.
     *
     * @param originalAddresses {@code source << 32 | destination}.
     * @param originalPorts {@code source port << 16 | destination port}.
     * @param ipProtocol IP protocol number.
     * @return this.
     */
    public Ipv4FlowSpec reset(final long originalAddresses, final int originalPorts, final int ipProtocol) {
        resetCommonPart();
        addresses = originalAddresses;
        ports = originalPorts;
        protocol = ipProtocol;
        replyAddresses = Long.rotateLeft(originalAddresses, Integer.SIZE);
        replyPorts = Integer.rotateLeft(originalPorts, Short.SIZE);
        return this;
    }

    /**
     * Sets the NAT flags by comparing the reply tuple with the inverse of the original one.
     *
     * @return this.
     */
    public Ipv4FlowSpec deriveNatFlags() {
        flags &= ~FlowFlags.NAT;
        if ((int)replyAddresses != (int)(addresses >>> Integer.SIZE) || (replyPorts & 0xffff) != ports >>> Short.SIZE) {
            flags |= FlowFlags.SOURCE_NAT;
        }
        if ((int)(replyAddresses >>> Integer.SIZE) != (int)addresses
            || replyPorts >>> Short.SIZE != (ports & 0xffff)) {
            flags |= FlowFlags.DESTINATION_NAT;
        }
        return this;
    }
}
