package io.caracal.xdp.punt;

/**
 * What the programs count, one constant for each of {@code enum caracal_counter} in {@code caracal.h}: the same names
 * without {@code COUNTER_}, the same ids. The README's table is this list.
 */
public enum PuntCounter {
    /** To the engine from tc ingress. */
    PUNTED_FROM_WORKLOAD(0, "packets of pods given to the engine"),
    /** To the engine from tc egress. */
    PUNTED_TO_WORKLOAD(1, "packets of the host's stack to pods given to the engine"),
    /** Counted besides the two above. */
    PUNTED_UNPARSED(2, "of those, without a flow (ARP, broken headers): sent to queue 0"),
    /** The mark was found and cleared. */
    HANDED_ACCEPTED(3, "packets of the engine let into the host's stack"),
    /** Fail open, by the operator's choice. */
    PASSED_ENGINE_ABSENT(4, "misses passed to the host's stack without an engine (on-engine-loss = pass)"),
    /** The host's own packets, with ingress_ifindex 0. */
    PASSED_HOST_TO_WORKLOAD(5, "packets of the host itself passed to pods without an engine"),
    /** Found by bpf_skc_lookup_tcp. */
    PASSED_ANSWER_TO_HOST(6, "TCP segments of pods for a connection of the host passed without an engine"),
    /** ARP and neighbour discovery on the pod's link. */
    PASSED_NEIGHBOUR(7, "ARP and neighbour discovery of pods passed to the host without an engine"),
    /** A load that did not get as far as its configuration. */
    DROPPED_NOT_CONFIGURED(8, "the map config is empty: no punt pair or no mark is set"),
    /** No entry in the map workloads. */
    DROPPED_UNKNOWN_WORKLOAD(9, "the interface has the programs but is not in the map workloads"),
    /** The tag is in the metadata, where XDP cannot see it. */
    DROPPED_VLAN_TAG(10, "a VLAN tag, which the engine would not see"),
    /** Also when the header could not be made writable. */
    DROPPED_TOO_SHORT(11, "shorter than an Ethernet header, or its header cannot be written"),
    /** Also a GSO packet whose segments are. */
    DROPPED_TOO_BIG(12, "longer than the MTU of the punt pair"),
    /** See {@link Workload.MissLimit}. */
    DROPPED_MISS_RATE(13, "more misses than the interface's limit allows"),
    /** Fail closed. */
    DROPPED_ENGINE_ABSENT(14, "misses without an engine (on-engine-loss = drop)"),
    /** XDP of punt1 gave it to a socket. */
    ENGINE_RECEIVED(15, "packets given to the engine's sockets"),
    /** The socket went away between tc and XDP. */
    DROPPED_NO_SOCKET(16, "the queue of punt1 has no socket"),
    /** Some daemon of the host sends on every interface. */
    DROPPED_FOREIGN_FRAME(17, "frames on the punt pair that the tc programs did not send"),
    /** By bpf_redirect_peer. */
    DELIVERED_TO_WORKLOAD(18, "packets of the engine delivered to pods"),
    /** With the mark, on the way to HANDED_ACCEPTED. */
    DELIVERED_TO_HOST(19, "packets of the engine handed to the host's stack"),
    /** The engine and the programs disagree on the wire format. */
    DROPPED_ENGINE_HEADER(20, "packets of the engine without a readable action"),
    /** The pod went away while its packet was with the engine. */
    DROPPED_ENGINE_UNKNOWN_WORKLOAD(21, "packets of the engine for an interface that is not in the map workloads"),
    /** At tc egress of an uplink or overlay device. */
    PUNTED_TO_NETWORK(22, "packets of pods that would have left the node unpoliced, given to the engine"),
    /** At tc ingress of an uplink without XDP, or of its overlay device. */
    PUNTED_FROM_NETWORK(23, "packets for pods given to the engine without XDP"),
    /** The mark was found and cleared. */
    APPROVED_TO_NETWORK(24, "packets of the engine let out of an uplink or overlay device by the host's stack"),
    /** By bpf_redirect_neigh, on the way to APPROVED_TO_NETWORK. */
    DELIVERED_TO_DEVICE(25, "packets of the engine sent out of an uplink or overlay device by the host's routes"),
    /** The uplink went away while its packet was with the engine. */
    DROPPED_ENGINE_UNKNOWN_DEVICE(26, "packets of the engine for an interface that is not in the map devices"),
    /** The engine does not see them. */
    CACHE_HITS(27, "packets of pods sent on by the flow cache (a GSO packet counts as one)"),
    /** First packets, and flows that are not offloaded. */
    CACHE_MISSES(28, "packets of pods of which the flow cache has no entry"),
    /** Never looked up. */
    CACHE_UNFIT(29, "packets of pods that the flow cache does not take: fragments, IP options, neither TCP nor UDP"),
    /** Never looked up either. */
    CACHE_OPENINGS(30, "TCP segments of pods that open a connection, or have none of the flags of one"),
    /** The sender is told by an ICMP error. */
    CACHE_TTL(31, "packets with an entry whose TTL ends here"),
    /** The sender is told by an ICMP error, or the packet is cut. */
    CACHE_TOO_BIG(32, "packets with an entry that are too big for the next link"),
    /** Java judges the flow again. */
    CACHE_OUTDATED(33, "packets with an entry of an older policy, or of a workload that has gone"),
    /** Java was writing the entry. */
    CACHE_TORN(34, "packets whose entry changed while it was read"),
    /** Java finds out what has become of the way. */
    CACHE_ROUTED_ELSEWHERE(35, "packets with an entry whose way the host's routes do not, or not yet, confirm"),
    /** Of {@link #CACHE_OPENINGS}. */
    CACHE_OPENED(36, "connections opened without the engine, which has let another one of the kind through");

    private final int id;
    private final String meaning;

    PuntCounter(final int id, final String meaning) {
        this.id = id;
        this.meaning = meaning;
    }

    /**
     * The key in the map {@code counters}.
     *
     * @return stable over versions; ids are never reused.
     */
    public int id() {
        return id;
    }

    /**
     * What is counted, for a table or a metric's help text.
     *
     * @return half a sentence.
     */
    public String meaning() {
        return meaning;
    }
}
