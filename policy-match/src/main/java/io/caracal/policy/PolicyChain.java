package io.caracal.policy;

import io.caracal.policy.model.PolicyDirection;

/** A place where an endpoint's policy is asked (felix/rules/static.go, endpoints.go). */
public enum PolicyChain {
    /** Packets to a pod. */
    WORKLOAD_INGRESS(PolicyDirection.INGRESS, true),
    /** Packets of a pod. */
    WORKLOAD_EGRESS(PolicyDirection.EGRESS, true),
    /** Packets to the host. */
    HOST_INGRESS(PolicyDirection.INGRESS, true),
    /** Packets of the host. */
    HOST_EGRESS(PolicyDirection.EGRESS, true),
    /** Forwarded packets, where they come in. */
    FORWARD_INGRESS(PolicyDirection.INGRESS, false),
    /** Forwarded packets, where they leave. */
    FORWARD_EGRESS(PolicyDirection.EGRESS, false),
    /** Before connection tracking, coming in. */
    UNTRACKED_INGRESS(PolicyDirection.INGRESS, false),
    /** Before connection tracking, leaving the host. */
    UNTRACKED_EGRESS(PolicyDirection.EGRESS, false),
    /** Before destination NAT, coming in. */
    PRE_DNAT(PolicyDirection.INGRESS, false);

    private final PolicyDirection direction;
    private final boolean normal;

    PolicyChain(final PolicyDirection direction, final boolean normal) {
        this.direction = direction;
        this.normal = normal;
    }

    /**
     * Which rules of a policy it uses.
     *
     * @return ingress or egress.
     */
    public PolicyDirection direction() {
        return direction;
    }

    /**
     * Whether profiles follow the tiers and the packet is dropped when nothing matches.
     *
     * @return true for the chains of workloads and of the host's own packets.
     */
    public boolean normal() {
        return normal;
    }

    /**
     * Whether it comes before connection tracking.
     *
     * @return true for the two untracked chains.
     */
    public boolean untracked() {
        return this == UNTRACKED_INGRESS || this == UNTRACKED_EGRESS;
    }

    /**
     * Whether the end of a tier can drop.
     *
     * @return false for untracked and pre-DNAT policy, where no match goes on.
     */
    public boolean dropsAtEndOfTier() {
        return normal || this == FORWARD_INGRESS || this == FORWARD_EGRESS;
    }

    /**
     * Whether failsafe ports are let through first.
     *
     * @return true for the host's own chains, untracked and pre-DNAT.
     */
    public boolean hasFailsafes() {
        return this == HOST_INGRESS || this == HOST_EGRESS || untracked() || this == PRE_DNAT;
    }
}
