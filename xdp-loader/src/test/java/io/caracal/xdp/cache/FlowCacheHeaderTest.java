package io.caracal.xdp.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.testing.CHeader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether Java's mirror of the flow cache's structs in caracal.h is one. */
final class FlowCacheHeaderTest {
    @Test
    void shouldKnowWhereCHasEachFieldOfASlot() throws IOException {
        final Map<String, Integer> inC = CHeader.read("caracal.h").fieldOffsets("cached_flow");
        inC.keySet().removeIf(field -> field.startsWith("unused"));
        final Map<String, Integer> inJava = new LinkedHashMap<>();
        inJava.put("version", CachedFlowLayout.VERSION);
        inJava.put("ingress_ifindex", CachedFlowLayout.INGRESS_IFINDEX);
        inJava.put("source_be", CachedFlowLayout.SOURCE_BE);
        inJava.put("destination_be", CachedFlowLayout.DESTINATION_BE);
        inJava.put("source_port_be", CachedFlowLayout.SOURCE_PORT_BE);
        inJava.put("destination_port_be", CachedFlowLayout.DESTINATION_PORT_BE);
        inJava.put("protocol", CachedFlowLayout.PROTOCOL);
        inJava.put("words", CachedFlowLayout.WORDS);
        inJava.put("action", CachedFlowLayout.ACTION);
        inJava.put("is_translated", CachedFlowLayout.IS_TRANSLATED);
        inJava.put("target_ifindex", CachedFlowLayout.TARGET_IFINDEX);
        inJava.put("mtu", CachedFlowLayout.MTU);
        inJava.put("packets", CachedFlowLayout.PACKETS);
        inJava.put("bytes", CachedFlowLayout.BYTES);
        inJava.put("last_seen_ns", CachedFlowLayout.LAST_SEEN_NS);
        inJava.put("seen", CachedFlowLayout.SEEN);
        inJava.put("generation", CachedFlowLayout.GENERATION);
        inJava.put("source_rest_be", CachedFlowLayout.SOURCE_REST_BE);
        inJava.put("destination_rest_be", CachedFlowLayout.DESTINATION_REST_BE);
        inJava.put("flow", CachedFlowLayout.FLOW);
        inJava.put("nat_address_be", CachedFlowLayout.NAT_ADDRESS_BE);
        inJava.put("nat_port_be", CachedFlowLayout.NAT_PORT_BE);
        inJava.put("reply_action", CachedFlowLayout.REPLY_ACTION);
        inJava.put("reply_ingress_ifindex", CachedFlowLayout.REPLY_INGRESS_IFINDEX);
        inJava.put("reply_target_ifindex", CachedFlowLayout.REPLY_TARGET_IFINDEX);
        inJava.put("reply_mtu", CachedFlowLayout.REPLY_MTU);
        inJava.put("epoch", CachedFlowLayout.EPOCH);
        inJava.put("source_rule", CachedFlowLayout.SOURCE_RULE);
        inJava.put("destination_rule", CachedFlowLayout.DESTINATION_RULE);
        inJava.put("other_slot", CachedFlowLayout.OTHER_SLOT);
        inJava.put("sizeof", CachedFlowLayout.SLOT_SIZE);
        assertEquals(inC, inJava);
    }

    @Test
    void shouldKnowWhereCHasEachFieldOfTheState() throws IOException {
        assertEquals(Map.of("bucket_count", CachedFlowLayout.STATE_BUCKET_COUNT, "generation_min",
            CachedFlowLayout.STATE_GENERATION_MIN, "opening_bucket_count",
            CachedFlowLayout.STATE_OPENING_BUCKET_COUNT, "epoch", CachedFlowLayout.STATE_EPOCH, "sizeof",
            CachedFlowLayout.STATE_SIZE), CHeader.read("caracal.h").fieldOffsets("flow_cache_state"));
    }

    @Test
    void shouldKnowWhereCHasEachFieldOfWhatIsOpened() throws IOException {
        final Map<String, Integer> inC = CHeader.read("caracal.h").fieldOffsets("opened_flows");
        inC.keySet().removeIf(field -> field.startsWith("unused"));
        assertEquals(Map.of("taken", CachedFlowLayout.OPENED_TAKEN, "noted", CachedFlowLayout.OPENED_NOTED,
            "slot_plus_one", CachedFlowLayout.OPENED_SLOTS, "sizeof", CachedFlowLayout.OPENED_SIZE), inC);
    }

    @Test
    void shouldHaveTheNumbersOfTheHeader() throws IOException {
        final CHeader header = CHeader.read("caracal.h");
        assertEquals(Map.of("CACHE_SEEN_SYN_ACK", CachedFlowSeen.SYN_ACK, "CACHE_SEEN_ACK", CachedFlowSeen.ACK,
            "CACHE_SEEN_FIN", CachedFlowSeen.FIN, "CACHE_SEEN_RST", CachedFlowSeen.RST,
            "CACHE_SEEN_LAST_ACK", CachedFlowSeen.LAST_ACK),
            header.enumeration("cache_seen"));
        assertEquals(Map.of("CACHE_TO_WORKLOAD", CachedFlowSpec.TO_WORKLOAD, "CACHE_TO_DEVICE",
            CachedFlowSpec.TO_DEVICE, "CACHE_TO_HOST", CachedFlowSpec.TO_HOST, "CACHE_PASS", CachedFlowSpec.PASS),
            header.enumeration("cache_action"));
        assertEquals(true, header.defines("CACHE_EGRESS", "0x" + Integer.toHexString(CachedFlowSpec.EGRESS)));
        assertEquals(true,
            header.defines("CACHE_ANY_INTERFACE", "0x" + Integer.toHexString(CachedFlowSpec.ANY_INTERFACE)));
        assertEquals(true, header.defines("CACHE_BUCKET_SLOTS", CachedFlowLayout.BUCKET_SLOTS));
        assertEquals(true, header.defines("CACHE_OPENED_MAX", CachedFlowLayout.OPENED_MAX));
        assertEquals(true, header.defines("CACHE_OPENING_OF", "0x" + Integer.toHexString(CachedFlowLayout.OPENING_OF)));
        assertEquals(true, header.defines("CACHE_OPENED", "0x" + Integer.toHexString(CachedFlowLayout.OPENED)));
        assertEquals(true,
            header.defines("CACHE_OPENED_REPLY", "0x" + Integer.toHexString(CachedFlowLayout.OPENED_REPLY)));
    }
}
