package io.caracal.conntrack;

/**
 * Blueprint of a flow that is to be made: what both families share. A mutable holder that its owner makes once and
 * fills for each new flow. One thread.
 */
public abstract sealed class FlowSpec permits Ipv4FlowSpec, Ipv6FlowSpec {
    /** IP protocol number. */
    public int protocol;
    /** First state, one of {@link FlowState}. */
    public int state;
    /** Bits of {@link FlowFlags}. */
    public int flags;
    /** Interface of the workload that is the source, 0 for none. */
    public int sourceIfindex;
    /** Interface of the workload that is the destination, 0 for none. */
    public int destinationIfindex;
    /** Generation of the policy that approved the source's leg. */
    public int sourceGeneration;
    /** Rule that approved the source's leg. */
    public int sourceRule;
    /** Generation of the policy that approved the destination's leg. */
    public int destinationGeneration;
    /** Rule that approved the destination's leg. */
    public int destinationRule;
    /** Milliseconds since boot. */
    public long nowMs;

    FlowSpec() {
    }

    /** Forgets everything but the tuples. */
    final void resetCommonPart() {
        protocol = 0;
        state = FlowState.FREE;
        flags = 0;
        sourceIfindex = 0;
        destinationIfindex = 0;
        sourceGeneration = 0;
        sourceRule = 0;
        destinationGeneration = 0;
        destinationRule = 0;
        nowMs = 0;
    }

    final boolean isNatted() {
        return (flags & FlowFlags.NAT) != 0;
    }
}
