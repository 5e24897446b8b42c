package io.caracal.conntrack;

/**
 * One direction of a flow between two workloads of this node, as {@link FlowOffload} has it: a mutable holder that its
 * owner makes once. One thread. Host order; an IPv4 address is the low half of its {@code Low}.
 */
public final class OffloadEntry {
    /** 4 or 6. */
    public int ipVersion;
    /** TCP or UDP. */
    public int protocol;
    /** The direction's addresses and ports. */
    public final Ipv6Tuple tuple = new Ipv6Tuple();
    /** Kernel ifindex of the workload that sends. */
    public int ingressIfindex;
    /** Kernel ifindex of the workload that receives. */
    public int targetIfindex;
    /** The longest packet that it takes, from the IP header on. */
    public int mtu;
    /** Generation of the policy that has approved the flow: the older of both legs. */
    public int generation;
    /** Connection tracking's own. */
    public int flow;

    /** Nothing yet. */
    public OffloadEntry() {
    }

    /** Turns it round: the entry of the answers. */
    void reverse() {
        final long high = tuple.sourceHigh;
        final long low = tuple.sourceLow;
        tuple.sourceHigh = tuple.destinationHigh;
        tuple.sourceLow = tuple.destinationLow;
        tuple.destinationHigh = high;
        tuple.destinationLow = low;
        tuple.ports = Integer.rotateLeft(tuple.ports, Short.SIZE);
        final int ifindex = ingressIfindex;
        ingressIfindex = targetIfindex;
        targetIfindex = ifindex;
    }
}
