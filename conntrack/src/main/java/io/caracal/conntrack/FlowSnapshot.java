package io.caracal.conntrack;

/**
 * A copy of one flow, whole and of one moment, for people and programs that look on: a mutable holder that its owner
 * makes once and fills for each flow. One thread. Addresses and ports in host order; IPv4 addresses in the low word.
 */
public final class FlowSnapshot {
    /** Tuple of the original direction's packets. */
    public final Ipv6Tuple original = new Ipv6Tuple();
    /** Tuple of the reply direction's packets, as they arrive. */
    public final Ipv6Tuple reply = new Ipv6Tuple();
    /** 4 or 6. */
    public int ipVersion;
    /** IP protocol number. */
    public int protocol;
    /** One of {@link FlowState}. */
    public int state;
    /** Bits of {@link FlowFlags}. */
    public int flags;
    /** Packets of the original direction. */
    public long originalPackets;
    /** Bytes of the original direction, from the IP header on. */
    public long originalBytes;
    /** Packets of the reply direction. */
    public long replyPackets;
    /** Bytes of the reply direction, from the IP header on. */
    public long replyBytes;
    /** Low 32 bits of the milliseconds since boot when it was last seen; compare by difference. */
    public int lastSeenMs;
    /** Low 32 bits of the milliseconds since boot when it was made; compare by difference. */
    public int createdMs;
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

    /** Makes an empty holder. */
    public FlowSnapshot() {
    }

    /** Takes over what was copied from a record and its account. */
    void take(final long record, final long account, final int version) {
        ipVersion = version;
        protocol = FlowRecord.protocol(record);
        state = FlowRecord.state(record);
        flags = FlowRecord.flags(record);
        if (version == 4) {
            takeIpv4(original, OffHeap.getLong(record + FlowRecord.IPV4_ORIGINAL_ADDRESSES_OFFSET),
                OffHeap.getInt(record + FlowRecord.IPV4_ORIGINAL_PORTS_OFFSET));
            takeIpv4(reply, OffHeap.getLong(record + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET),
                OffHeap.getInt(record + FlowRecord.IPV4_REPLY_PORTS_OFFSET));
        } else {
            takeIpv6(original, record + FlowRecord.IPV6_ORIGINAL_ADDRESSES_OFFSET,
                OffHeap.getInt(record + FlowRecord.IPV6_ORIGINAL_PORTS_OFFSET));
            takeIpv6(reply, record + FlowRecord.IPV6_REPLY_ADDRESSES_OFFSET,
                OffHeap.getInt(record + FlowRecord.IPV6_REPLY_PORTS_OFFSET));
        }
        takeAccount(account);
    }

    private static void takeIpv4(final Ipv6Tuple tuple, final long addresses, final int ports) {
        tuple.sourceHigh = 0;
        tuple.sourceLow = addresses >>> Integer.SIZE;
        tuple.destinationHigh = 0;
        tuple.destinationLow = addresses & 0xffff_ffffL;
        tuple.ports = ports;
    }

    private static void takeIpv6(final Ipv6Tuple tuple, final long addresses, final int ports) {
        tuple.sourceHigh = OffHeap.getLong(addresses);
        tuple.sourceLow = OffHeap.getLong(addresses + Long.BYTES);
        tuple.destinationHigh = OffHeap.getLong(addresses + 2 * Long.BYTES);
        tuple.destinationLow = OffHeap.getLong(addresses + 3 * Long.BYTES);
        tuple.ports = ports;
    }

    private void takeAccount(final long account) {
        originalPackets = OffHeap.getLong(account + FlowAccount.ORIGINAL_PACKETS_OFFSET);
        originalBytes = OffHeap.getLong(account + FlowAccount.ORIGINAL_BYTES_OFFSET);
        replyPackets = OffHeap.getLong(account + FlowAccount.DIRECTION_STRIDE);
        replyBytes = OffHeap.getLong(account + FlowAccount.DIRECTION_STRIDE + Long.BYTES);
        lastSeenMs = FlowAccount.lastSeenMs(account);
        createdMs = FlowAccount.createdMs(account);
        sourceIfindex = FlowAccount.sourceIfindex(account);
        destinationIfindex = FlowAccount.destinationIfindex(account);
        sourceGeneration = FlowAccount.sourceGeneration(account);
        sourceRule = OffHeap.getInt(account + FlowAccount.SOURCE_RULE_OFFSET);
        destinationGeneration = FlowAccount.destinationGeneration(account);
        destinationRule = OffHeap.getInt(account + FlowAccount.DESTINATION_RULE_OFFSET);
    }
}
