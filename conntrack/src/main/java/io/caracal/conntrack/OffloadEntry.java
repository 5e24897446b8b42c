package io.caracal.conntrack;

/**
 * One direction of a flow, as {@link FlowOffload} has it: a mutable holder that its owner makes once. One thread. Host
 * order; an IPv4 address is the low half of its {@code Low}.
 */
public final class OffloadEntry {
    /** 4 or 6. */
    public int ipVersion;
    /** TCP or UDP. */
    public int protocol;
    /** The direction's addresses and ports. */
    public final Ipv6Tuple tuple = new Ipv6Tuple();
    /** Kernel ifindex that packets come by; with {@link FlowOffload#EGRESS} the one that the host sends them to. */
    public int ingressIfindex;
    /** What becomes of them: {@link FlowOffload#TO_WORKLOAD} and the others. */
    public int action;
    /** Kernel ifindex of the workload that receives, of the device they leave by, or that they must have come by. */
    public int targetIfindex;
    /** The longest packet that it takes, from the IP header on. */
    public int mtu;
    /**
     * Whether packets get another source on their way out of a device, or another destination on their way to a
     * workload: NAT-outgoing of IPv4.
     */
    public boolean isTranslated;
    /** That address; 0 without translation. */
    public int natAddress;
    /** That port, 1 .. 65535; 0 without translation. */
    public int natPort;
    /** Generation of the policy that has approved the flow: the older of both legs. */
    public int generation;
    /** Of a kind of connections, and of one that the kernel has opened: the rule that has approved the source's leg. */
    public int sourceRule;
    /** The same of the destination's leg. */
    public int destinationRule;
    /** Connection tracking's own. */
    public int flow;

    /** Nothing yet. */
    public OffloadEntry() {
    }

    /** Whether packets go the same way with another entry. */
    boolean leadsAs(final OffloadEntry other) {
        return ingressIfindex == other.ingressIfindex && action == other.action
            && targetIfindex == other.targetIfindex && mtu == other.mtu && isTranslated == other.isTranslated
            && natAddress == other.natAddress && natPort == other.natPort;
    }
}
