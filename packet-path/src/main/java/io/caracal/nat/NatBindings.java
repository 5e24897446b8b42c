package io.caracal.nat;

/**
 * Which flows leave with another source: one binding for each, exact in protocol, both addresses and both ports.
 * Belongs to one worker; allocates nothing in a call. The engine's are connection tracking's flows
 * ({@code Conntrack.openNat}), which stand between the stage that undoes NAT and the one that does it.
 */
public interface NatBindings {
    /**
     * Finds or makes the binding of a flow that leaves. An ICMP query's identifier is its port at both ends, and stays
     * so.
     *
     * @param tuple as the pod sent it; its source becomes the node's.
     * @param nowNs the cycle's time: the binding lives on.
     * @return false, with the tuple as it was, when there is no room or no port for it. True with the tuple as it was:
     *     a packet that needs no translation, since its flow began outside.
     */
    boolean bind(NatTuple tuple, long nowNs);

    /**
     * Finds the binding of a flow that leaves.
     *
     * @param tuple as the pod sent it; its source becomes the node's.
     * @return false, with the tuple as it was, when there is none.
     */
    boolean findOutgoing(NatTuple tuple);

    /**
     * Finds the binding that a packet from outside answers.
     *
     * @param tuple as it was received; its destination becomes the pod's.
     * @param nowNs the cycle's time: the binding lives on.
     * @return false, with the tuple as it was, when there is none.
     */
    boolean findIncoming(NatTuple tuple, long nowNs);

    /**
     * Whether an address is one that bindings use: what comes to it and answers no binding is nobody's.
     *
     * @param high upper half.
     * @param low lower half; IPv4 as {@link NatTuple#mapped} has it.
     * @return true if so.
     */
    boolean isNatAddress(long high, long low);

    /**
     * Which worker's a port or ICMP identifier outside is.
     *
     * @param port 0 .. 65535.
     * @return the number of a worker, or -1: nobody's.
     */
    default int workerOfPort(final int port) {
        return -1;
    }

    /**
     * Lets go of what has been idle for too long: a bounded step, once a cycle.
     *
     * @param nowNs the cycle's time.
     */
    void expire(long nowNs);
}
