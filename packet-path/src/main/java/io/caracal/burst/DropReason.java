package io.caracal.burst;

/**
 * Why a packet was dropped. Each has a stable id, a label for metrics and a sentence for people; each is counted
 * per worker, and its frame goes back to the pool.
 */
public enum DropReason {
    /** See {@link #sentence()}. */
    UNDECIDED(1, "no stage decided about the packet (a defect of the engine)"),
    /** See {@link #sentence()}. */
    ETHERNET_TRUNCATED(2, "shorter than an Ethernet header"),
    /** See {@link #sentence()}. */
    ETHERTYPE_UNSUPPORTED(3, "neither IPv4, IPv6 nor ARP"),
    /** See {@link #sentence()}. */
    PUNT_HEADER_INVALID(4, "did not carry the direction and interface that the punt programs write"),
    /** See {@link #sentence()}. */
    ARP_INVALID(5, "not an ARP request or reply for IPv4 over Ethernet (RFC 826)"),
    /** See {@link #sentence()}. */
    ARP_NOT_FOR_GATEWAY(6, "ARP that the gateway does not answer: a reply, or about the pod's own address"),
    /** See {@link #sentence()}. */
    IPV4_INVALID(7, "IPv4 header truncated, of a wrong version or length (RFC 791)"),
    /** See {@link #sentence()}. */
    IPV4_CHECKSUM_INVALID(8, "IPv4 header checksum wrong"),
    /** See {@link #sentence()}. */
    IPV6_INVALID(9, "IPv6 header or extension header truncated or malformed (RFC 8200)"),
    /** See {@link #sentence()}. */
    L4_INVALID(10, "TCP, UDP, ICMP or SCTP header truncated or malformed"),
    /** See {@link #sentence()}. */
    SOURCE_SPOOFED(11, "a pod sent it from an address that is not its own and not exempt"),
    /** See {@link #sentence()}. */
    INTERFACE_UNKNOWN(12, "came by an interface that is no known workload's"),
    /** See {@link #sentence()}. */
    DESTINATION_UNKNOWN(13, "sent to a workload interface that does not have the destination address"),
    /** See {@link #sentence()}. */
    TTL_EXPIRED(14, "TTL or hop limit would reach zero"),
    /** See {@link #sentence()}. */
    MULTICAST_UNSUPPORTED(15, "multicast or broadcast that is no neighbour discovery of the gateway"),
    /** See {@link #sentence()}. */
    LINK_LOCAL(16, "link-local traffic that is no neighbour discovery of the gateway"),
    /** See {@link #sentence()}. */
    ICMPV6_INVALID(17, "neighbour discovery message malformed (RFC 4861)"),
    /** See {@link #sentence()}. */
    PACKET_TOO_BIG(18, "larger than a frame or than the interface it would leave by"),
    /** See {@link #sentence()}. */
    TX_RING_FULL(19, "the transmit ring had no room"),
    /** See {@link #sentence()}. */
    TX_INTERFACE_GONE(20, "the interface that it would leave by has vanished"),
    /** See {@link #sentence()}. */
    FAULT_INJECTED(21, "a fault-injecting port dropped it (tests)"),
    /** See {@link #sentence()}. */
    RX_DESCRIPTOR_INVALID(22, "the kernel gave a descriptor outside the UMEM or part of a multi-buffer packet"),
    /** See {@link #sentence()}. */
    TX_INTERFACE_DOWN(23, "the interface that it would leave by is administratively down"),
    /** See {@link #sentence()}. */
    TX_DESCRIPTOR_INVALID(24, "its bytes did not lie in one frame of its burst (a defect of a stage)"),
    /** See {@link #sentence()}. */
    EGRESS_PORT_MISSING(25, "no port of the worker serves the way that it should leave by"),
    /** See {@link #sentence()}. */
    VLAN_UNEXPECTED(26, "carried a VLAN tag, which no workload interface has"),
    /** See {@link #sentence()}. */
    NEIGHBOUR_FROM_HOST(27, "ARP or neighbour discovery of the host's stack, which has permanent neighbours"),
    /** See {@link #sentence()}. */
    NDP_NOT_FOR_GATEWAY(28, "neighbour discovery that asks nothing of the gateway fe80::ecee:eeff:feee:eeee"),
    /** See {@link #sentence()}. */
    TCP_FLAGS_INVALID(29, "TCP flags that no segment can have"),
    /** See {@link #sentence()}. */
    TCP_STATE_INVALID(30, "TCP segment that does not fit the state of its connection"),
    /** See {@link #sentence()}. */
    TCP_SEQUENCE_OUT_OF_WINDOW(31, "TCP sequence number outside the window of its connection"),
    /** See {@link #sentence()}. */
    TCP_ACK_OUT_OF_WINDOW(32, "TCP acknowledgement of what was never sent, or long ago"),
    /** See {@link #sentence()}. */
    TCP_RESET_OUT_OF_WINDOW(33, "TCP reset whose sequence number the receiver would not take"),
    /** See {@link #sentence()}. */
    TCP_FLOW_UNKNOWN(34, "TCP segment from the middle of a connection that is not tracked"),
    /** See {@link #sentence()}. */
    ICMP_ERROR_UNRELATED(35, "ICMP error about a packet of no tracked flow"),
    /** See {@link #sentence()}. */
    ICMP_REPLY_UNREQUESTED(36, "ICMP reply to no tracked request, or a type that begins no flow"),
    /** See {@link #sentence()}. */
    SCTP_STATE_INVALID(37, "SCTP chunk or verification tag that does not fit its association"),
    /** See {@link #sentence()}. */
    FLOW_NOT_APPROVED(38,
        "TCP segment of a connection that the policy of one endpoint has not approved from its start"),
    /** See {@link #sentence()}. */
    FLOW_TABLE_FULL(39, "no room for a new flow, and none that may be evicted for it"),
    /** See {@link #sentence()}. */
    FLOW_LIMIT_REACHED(40, "its endpoint has as many flows as it may have"),
    /** See {@link #sentence()}. */
    NAT_PORTS_EXHAUSTED(41, "no port of the NAT address was free for this destination"),
    /** See {@link #sentence()}. */
    FLOW_FROM_WRONG_INTERFACE(42, "came by another interface than its flow does"),
    /** See {@link #sentence()}. */
    FRAGMENT_WITHOUT_FIRST(43, "fragment of a flow that has ended, or that was never let in"),
    /** See {@link #sentence()}. */
    FLOW_TUPLE_IN_USE(44, "its answers could not be told from those of another flow, which NAT gave that tuple"),
    /** See {@link #sentence()}. */
    ROUTE_MISSING(60, "no route leads to its destination"),
    /** See {@link #sentence()}. */
    BLACKHOLE_ROUTE(61, "its destination is a free address of this node's own block"),
    /** See {@link #sentence()}. */
    NEXT_HOP_UNKNOWN(62, "its route names a next hop that does not exist any more"),
    /** See {@link #sentence()}. */
    NEIGHBOUR_UNRESOLVED(63, "the neighbour it would go to has not answered, or too many wait for it"),
    /** See {@link #sentence()}. */
    NOT_LOCAL(64, "came from outside for an address that is no pod's of this node"),
    /** See {@link #sentence()}. */
    OVERLAY_FRAGMENTED(65, "VXLAN packet whose outer packet is a fragment (RFC 7348 section 4.3)"),
    /** See {@link #sentence()}. */
    VTEP_UNKNOWN(66, "VXLAN packet of an address that is no node's"),
    /** See {@link #sentence()}. */
    VXLAN_INVALID(67, "VXLAN packet that is truncated or has no network identifier"),
    /** See {@link #sentence()}. */
    VNI_UNKNOWN(68, "VXLAN packet of another network"),
    /** See {@link #sentence()}. */
    VTEP_MAC_UNKNOWN(69, "VXLAN packet whose inner destination MAC is not this node's"),
    /** See {@link #sentence()}. */
    OVERLAY_CHECKSUM_INVALID(70, "VXLAN packet whose outer UDP checksum is wrong, or missing over IPv6"),
    /** See {@link #sentence()}. */
    ECN_INVALID(71, "congestion marked on the tunnel of a packet that cannot carry the mark (RFC 6040)"),
    /** See {@link #sentence()}. */
    VXLAN_FROM_WORKLOAD(72, "a pod sent VXLAN, which AllowVXLANPacketsFromWorkloads forbids"),
    /** See {@link #sentence()}. */
    IPIP_FROM_WORKLOAD(73, "a pod sent IP in IP, which AllowIPIPPacketsFromWorkloads forbids"),
    /** See {@link #sentence()}. */
    FRAGMENT_OVERLAPPING(74, "fragment that overlaps one before it (RFC 5722)"),
    /** See {@link #sentence()}. */
    FRAGMENT_ORPHANED(75, "fragment whose first one did not come in time"),
    /** See {@link #sentence()}. */
    FRAGMENTS_TOO_MANY(76, "no room to keep a fragment until the first one comes, or too many gaps in its datagram"),
    /** See {@link #sentence()}. */
    FRAGMENTATION_NO_ROOM(77, "too big, and no frames to cut it into pieces"),
    /** See {@link #sentence()}. */
    NAT_BINDING_UNKNOWN(78, "came to the NAT address, but belongs to no binding"),
    /** See {@link #sentence()}. */
    HEADROOM_MISSING(79, "no room in front of it for the headers it needs (a defect of a stage)"),
    /** See {@link #sentence()}. */
    POLICY_DENY(80, "policy does not allow it; the rule is in the trace and in the policy's counters"),
    /** See {@link #sentence()}. */
    CLIENT_UNKNOWN(81, "masqueraded by the host, whose connection tracking did not say in time for whom"),
    /** See {@link #sentence()}. */
    HAND_OVER_FULL(82, "came to a worker that does not own its flow, and the owner has too much to do to take it"),
    /** See {@link #sentence()}. */
    JUMBO_NO_ROOM(83, "came in several pieces, which found no free block of frames or are too many");

    /** One more than the largest id: ids have gaps where reasons were planned and not needed. */
    private static final DropReason[] BY_ID = new DropReason[1 + largestId()];

    static {
        for (final DropReason reason : values()) {
            assert reason.id > 0 && reason.id < BY_ID.length && BY_ID[reason.id] == null : reason;
            BY_ID[reason.id] = reason;
        }
    }

    private final byte id;
    private final String sentence;

    DropReason(final int id, final String sentence) {
        this.id = (byte)id;
        this.sentence = sentence;
    }

    private static int largestId() {
        int largest = 0;
        for (final DropReason reason : values()) {
            largest = Math.max(largest, reason.id);
        }
        return largest;
    }

    /**
     * The number in {@link PacketBurst#dropReason} and the index of its counter.
     *
     * @return 1 .. {@link #maxId()}, never changed once released.
     */
    public byte id() {
        return id;
    }

    /**
     * What it means.
     *
     * @return a sentence for people.
     */
    public String sentence() {
        return sentence;
    }

    /**
     * The name in metrics and JSON.
     *
     * @return lower case with dashes.
     */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    /**
     * The reason with an id.
     *
     * @param id of a reason.
     * @return the reason.
     */
    public static DropReason byId(final int id) {
        return BY_ID[id];
    }

    /**
     * The largest id.
     *
     * @return at least the number of reasons: numbers have gaps.
     */
    public static int maxId() {
        return BY_ID.length - 1;
    }
}
