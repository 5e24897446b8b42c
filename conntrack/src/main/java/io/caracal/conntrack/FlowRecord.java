package io.caracal.conntrack;

import java.lang.invoke.VarHandle;

/**
 * The part of a flow that every packet reads: 64 bytes for IPv4 and 128 for IPv6, one record for both directions and
 * their NAT tuples, in the mapped file.
 *
 * <pre>
 *   0               4       5       6        8
 *  +---------------+-------+-------+--------+
 *  | sequence      | proto | state | flags  |   both families
 *  +---------------+-------+-------+--------+
 *  IPv4:  8 original addresses (source, destination) | 16 original ports | 20 reply ports
 *        24 reply addresses    (source, destination) | 32 protocol part, 32 bytes
 *  IPv6:  8 original source, destination (2 x 16)    | 40 original ports | 44 reply ports
 *        48 reply source, destination (2 x 16)       | 80 unused         | 96 protocol part, 32 bytes
 * </pre>
 *
 * <p>A tuple is stored as its packets carry it: the reply tuple's source is the original destination unless DNAT
 * changed it. Addresses pack source above destination, ports likewise, all in host order.</p>
 *
 * <p>The sequence is odd while the owner writes: readers from outside try again (a seqlock), and a process that starts
 * on the file of one that died drops such a record. Only the worker that owns the table writes.</p>
 */
final class FlowRecord {
    /** Size of an IPv4 record: one cache line. */
    static final int IPV4_SIZE = 64;
    /** Size of an IPv6 record: two cache lines, the first of which holds the original tuple. */
    static final int IPV6_SIZE = 128;

    static final int SEQUENCE_OFFSET = 0;
    static final int PROTOCOL_OFFSET = 4;
    static final int STATE_OFFSET = 5;
    static final int FLAGS_OFFSET = 6;

    static final int IPV4_ORIGINAL_ADDRESSES_OFFSET = 8;
    static final int IPV4_ORIGINAL_PORTS_OFFSET = 16;
    static final int IPV4_REPLY_PORTS_OFFSET = 20;
    static final int IPV4_REPLY_ADDRESSES_OFFSET = 24;
    static final int IPV4_PROTOCOL_PART_OFFSET = 32;

    static final int IPV6_ORIGINAL_ADDRESSES_OFFSET = 8;
    static final int IPV6_ORIGINAL_PORTS_OFFSET = 40;
    static final int IPV6_REPLY_PORTS_OFFSET = 44;
    static final int IPV6_REPLY_ADDRESSES_OFFSET = 48;
    static final int IPV6_PROTOCOL_PART_OFFSET = 96;

    /** Bytes that a protocol's state machine has for itself. */
    static final int PROTOCOL_PART_SIZE = 32;

    static {
        assert IPV4_PROTOCOL_PART_OFFSET + PROTOCOL_PART_SIZE == IPV4_SIZE;
        assert IPV6_PROTOCOL_PART_OFFSET + PROTOCOL_PART_SIZE == IPV6_SIZE;
    }

    private FlowRecord() {
    }

    /** Opens a write: from here to {@link #endWrite} the record counts as torn. */
    static void beginWrite(final long record) {
        OffHeap.putInt(record + SEQUENCE_OFFSET, OffHeap.getInt(record + SEQUENCE_OFFSET) | 1);
        /* The odd sequence must be visible before any of the stores that follow. */
        VarHandle.storeStoreFence();
    }

    /** Closes a write: the record is whole again, under a new even sequence. */
    static void endWrite(final long record) {
        final int sequence = OffHeap.getInt(record + SEQUENCE_OFFSET);
        assert (sequence & 1) == 1 : "endWrite without beginWrite";
        OffHeap.putIntRelease(record + SEQUENCE_OFFSET, sequence + 1);
    }

    static boolean isTorn(final long record) {
        return (OffHeap.getInt(record + SEQUENCE_OFFSET) & 1) != 0;
    }

    static int protocol(final long record) {
        return OffHeap.getByte(record + PROTOCOL_OFFSET) & 0xff;
    }

    static void protocol(final long record, final int protocol) {
        OffHeap.putByte(record + PROTOCOL_OFFSET, (byte)protocol);
    }

    /** The state number of the flow; {@link FlowState#FREE} marks an unused record. */
    static int state(final long record) {
        return OffHeap.getByte(record + STATE_OFFSET) & 0xff;
    }

    static void state(final long record, final int state) {
        OffHeap.putByte(record + STATE_OFFSET, (byte)state);
    }

    /** Bits of {@link FlowFlags}. */
    static int flags(final long record) {
        return OffHeap.getShort(record + FLAGS_OFFSET) & 0xffff;
    }

    static void flags(final long record, final int flags) {
        OffHeap.putShort(record + FLAGS_OFFSET, (short)flags);
    }
}
