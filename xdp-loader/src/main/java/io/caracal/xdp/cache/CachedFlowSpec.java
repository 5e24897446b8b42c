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
    /** Kernel ifindex of the interface that the packets come by: a workload's, an overlay device or an uplink. */
    public int ingressIfindex;
    /** What becomes of them: {@link #TO_WORKLOAD} or {@link #TO_DEVICE}. */
    public int action;
    /** Kernel ifindex of the interface that they go to. */
    public int targetIfindex;
    /** The longest packet that may go there, from the IP header on. */
    public int mtu;
    /** Generation of the policy that has approved the flow. */
    public int generation;
    /** Whatever its owner wants to find again by {@link FlowCachePart#flow}. */
    public int flow;

    /** Nothing yet. */
    public CachedFlowSpec() {
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
