package io.caracal.conntrack;

/** What a policy change means for flows that an older policy has approved ({@code established-flows}). */
public enum EstablishedFlows {
    /** They go on, as with Calico's iptables and eBPF dataplanes. */
    KEEP,
    /** Their next packet from the side that opened them is judged again. */
    RECHECK
}
