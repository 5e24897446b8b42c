package io.caracal.xdp.cache;

/**
 * One direction of a flow as {@link FlowCachePart} writes it: a mutable holder that its owner makes once and fills for
 * each entry. One thread. Addresses and ports are in host order; an IPv4 address is the low half of its {@code Low}.
 */
public final class CachedFlowSpec {
    /** {@code bpf_redirect_peer} into the pod behind {@link #targetIfindex}. */
    public static final int TO_WORKLOAD = 1;
    /** Out of the uplink or overlay device {@link #targetIfindex}, where the host's routes lead there. */
    public static final int TO_DEVICE = 2;
    /** Into the host's stack, which translates it and sends it on. */
    public static final int TO_HOST = 3;
    /** Out of the interface that it is on its way to, if it came by {@link #targetIfindex}: with {@link #EGRESS}. */
    public static final int PASS = 4;
    /** In {@link #ingressIfindex}: not what comes by an interface, but what the host's stack sends out of it. */
    public static final int EGRESS = 0x8000_0000;
    /** {@link #targetIfindex} of {@link #PASS}: wherever it came from. */
    public static final int ANY_INTERFACE = -1;

    /** 4 or 6. */
    public int ipVersion;
    /** TCP or UDP. */
    public int protocol;
    /** Upper half of the source, 0 for IPv4. */
    public long sourceHigh;
    /** Lower half of the source. */
    public long sourceLow;
    /** Upper half of the destination, 0 for IPv4. */
    public long destinationHigh;
    /** Lower half of the destination. */
    public long destinationLow;
    /** Source port in the upper half, destination port in the lower. */
    public int ports;
    /** Kernel ifindex that the packets come by: of a workload, an overlay device or an uplink; see {@link #EGRESS}. */
    public int ingressIfindex;
    /** What becomes of them: {@link #TO_WORKLOAD} and the others. */
    public int action;
    /** Kernel ifindex of the interface that they go to. */
    public int targetIfindex;
    /** The longest packet that may go there, from the IP header on. */
    public int mtu;
    /**
     * Whether the packets are NAT-outgoing's: out of a device ({@link #TO_DEVICE}) with another source, or into a pod
     * ({@link #TO_WORKLOAD}) with another destination. IPv4 alone.
     */
    public boolean isTranslated;
    /** The address that is written. */
    public int natAddress;
    /** The port that is written, 1 .. 65535. */
    public int natPort;
    /** Generation of the policy that has approved the flow. */
    public int generation;
    /** Of an opening, and what a program has opened by it: the rule that has approved the source's leg. */
    public int sourceRule;
    /** The same of the destination's leg. */
    public int destinationRule;
    /** Whatever its owner wants to find again by {@link FlowCachePart#flow}. */
    public int flow;

    /** Nothing yet. */
    public CachedFlowSpec() {
    }

    /** Becomes another one. */
    void set(final CachedFlowSpec other) {
        ipVersion = other.ipVersion;
        protocol = other.protocol;
        sourceHigh = other.sourceHigh;
        sourceLow = other.sourceLow;
        destinationHigh = other.destinationHigh;
        destinationLow = other.destinationLow;
        ports = other.ports;
        ingressIfindex = other.ingressIfindex;
        action = other.action;
        targetIfindex = other.targetIfindex;
        mtu = other.mtu;
        isTranslated = other.isTranslated;
        natAddress = other.natAddress;
        natPort = other.natPort;
        generation = other.generation;
        sourceRule = other.sourceRule;
        destinationRule = other.destinationRule;
        flow = other.flow;
    }

    /** Turns it round: the key of the answers. Action, target and interface are the caller's to set. */
    public void reverse() {
        final long high = sourceHigh;
        final long low = sourceLow;
        sourceHigh = destinationHigh;
        sourceLow = destinationLow;
        destinationHigh = high;
        destinationLow = low;
        ports = Integer.rotateLeft(ports, Short.SIZE);
    }
}
