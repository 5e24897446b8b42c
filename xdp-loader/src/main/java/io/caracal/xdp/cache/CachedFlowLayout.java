package io.caracal.xdp.cache;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Where the fields of {@code struct cached_flow}, {@code flow_cache_state} and {@code opened_flows} of
 * {@code caracal.h} are.
 */
final class CachedFlowLayout {
    /** Bytes of a slot: two cache lines, of which IPv4 packets need the first. */
    static final int SLOT_SIZE = 128;
    /** Slots of a bucket: the probes of a look-up. */
    static final int BUCKET_SLOTS = 4;

    static final int VERSION = 0;
    static final int INGRESS_IFINDEX = 4;
    static final int SOURCE_BE = 8;
    static final int DESTINATION_BE = 12;
    static final int SOURCE_PORT_BE = 16;
    static final int DESTINATION_PORT_BE = 18;
    static final int PROTOCOL = 20;
    static final int WORDS = 21;
    static final int ACTION = 22;
    static final int IS_TRANSLATED = 23;
    static final int TARGET_IFINDEX = 24;
    static final int MTU = 28;
    static final int PACKETS = 32;
    static final int BYTES = 40;
    static final int LAST_SEEN_NS = 48;
    static final int SEEN = 56;
    static final int GENERATION = 60;
    static final int SOURCE_REST_BE = 64;
    static final int DESTINATION_REST_BE = 76;
    static final int FLOW = 88;
    static final int NAT_ADDRESS_BE = 92;
    static final int NAT_PORT_BE = 96;
    static final int REPLY_ACTION = 98;
    static final int REPLY_INGRESS_IFINDEX = 100;
    static final int REPLY_TARGET_IFINDEX = 104;
    static final int REPLY_MTU = 108;
    static final int EPOCH = 112;
    static final int SOURCE_RULE = 116;
    static final int DESTINATION_RULE = 120;
    static final int OTHER_SLOT = 124;

    static final int STATE_BUCKET_COUNT = 0;
    static final int STATE_GENERATION_MIN = 4;
    static final int STATE_OPENING_BUCKET_COUNT = 8;
    static final int STATE_EPOCH = 12;
    static final int STATE_SIZE = 16;

    static final int OPENED_TAKEN = 0;
    static final int OPENED_NOTED = 64;
    static final int OPENED_SLOTS = 128;
    /** Connections that a worker may have left to see. */
    static final int OPENED_MAX = 4096;
    static final int OPENED_SIZE = OPENED_SLOTS + OPENED_MAX * Integer.BYTES;
    /** In the protocol of an opening. */
    static final int OPENING_OF = 0x80;
    /** In the field of a slot that is its owner's: a program has opened it, this is its first packet's direction. */
    static final int OPENED = -1;
    /** The same, of the answers. */
    static final int OPENED_REPLY = -2;

    static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private CachedFlowLayout() {
    }
}
