package io.caracal.xdp.cache;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Where the fields of {@code struct cached_flow} and {@code struct flow_cache_state} of {@code caracal.h} are. */
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

    static final int STATE_BUCKET_COUNT = 0;
    static final int STATE_GENERATION_MIN = 4;
    static final int STATE_SIZE = 8;

    static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private CachedFlowLayout() {
    }
}
