package io.caracal.conntrack;

/** Whether a whole record of an earlier process can be a flow: one flipped bit should not become one. Stateless. */
final class RecordCheck {
    private RecordCheck() {
    }

    /** State, flags, tuples and legs; that no other flow has its tuples is the table's to say. */
    static boolean isPlausible(final int ipVersion, final long record, final long account) {
        return FlowState.isValid(FlowRecord.state(record), FlowRecord.protocol(record))
            && (FlowRecord.flags(record) & ~FlowFlags.ALL) == 0
            && (ipVersion == 4 ? isIpv4Inverse(record) : isIpv6Inverse(record)) != isNatted(record)
            && FlowAccount.sourceIfindex(account) >= 0 && FlowAccount.destinationIfindex(account) >= 0;
    }

    private static boolean isNatted(final long record) {
        return (FlowRecord.flags(record) & FlowFlags.NAT) != 0;
    }

    /** A flow without NAT has inverse tuples. */
    private static boolean isIpv4Inverse(final long record) {
        return Long.rotateLeft(OffHeap.getLong(record + FlowRecord.IPV4_ORIGINAL_ADDRESSES_OFFSET), Integer.SIZE)
            == OffHeap.getLong(record + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET)
            && areInverse(OffHeap.getInt(record + FlowRecord.IPV4_ORIGINAL_PORTS_OFFSET),
            OffHeap.getInt(record + FlowRecord.IPV4_REPLY_PORTS_OFFSET));
    }

    private static boolean isIpv6Inverse(final long record) {
        final long original = record + FlowRecord.IPV6_ORIGINAL_ADDRESSES_OFFSET;
        final long reply = record + FlowRecord.IPV6_REPLY_ADDRESSES_OFFSET;
        for (int word = 0; word < 2 * Long.BYTES; word += Long.BYTES) {
            if (OffHeap.getLong(original + word) != OffHeap.getLong(reply + 2 * Long.BYTES + word)
                || OffHeap.getLong(original + 2 * Long.BYTES + word) != OffHeap.getLong(reply + word)) {
                return false;
            }
        }
        return areInverse(OffHeap.getInt(record + FlowRecord.IPV6_ORIGINAL_PORTS_OFFSET),
            OffHeap.getInt(record + FlowRecord.IPV6_REPLY_PORTS_OFFSET));
    }

    private static boolean areInverse(final int ports, final int otherPorts) {
        return Integer.rotateLeft(ports, Short.SIZE) == otherPorts;
    }
}
