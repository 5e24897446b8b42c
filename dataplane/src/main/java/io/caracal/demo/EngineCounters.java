package io.caracal.demo;

import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What the engine has counted since it started, all workers together.
 *
 * @param rxPackets packets that Java received.
 * @param rxBytes   their bytes.
 * @param txPackets packets that Java sent.
 * @param txBytes   their bytes.
 * @param drops     packets that Java dropped, by the label of the reason; reasons that occurred only.
 * @param bpf       what the eBPF programs counted, by label; what occurred only.
 */
record EngineCounters(long rxPackets, long rxBytes, long txPackets, long txBytes, Map<String, Long> drops,
                      Map<String, Long> bpf) {
    static final EngineCounters ZERO = new EngineCounters(0, 0, 0, 0, Map.of(), Map.of());

    /** From the answer to {@code counters}. */
    static EngineCounters of(final JsonNode answer) {
        long rxPackets = 0;
        long rxBytes = 0;
        long txPackets = 0;
        long txBytes = 0;
        final Map<String, Long> drops = new TreeMap<>();
        for (final JsonNode worker : answer.path("workers")) {
            rxPackets += worker.path("rxPackets").asLong();
            rxBytes += worker.path("rxBytes").asLong();
            txPackets += worker.path("txPackets").asLong();
            txBytes += worker.path("txBytes").asLong();
            add(worker.path("drops"), drops);
        }
        final Map<String, Long> bpf = new TreeMap<>();
        add(answer.path("bpf"), bpf);
        return new EngineCounters(rxPackets, rxBytes, txPackets, txBytes, drops, bpf);
    }

    private static void add(final JsonNode counts, final Map<String, Long> sums) {
        counts.properties().forEach(count -> {
            if (count.getValue().asLong() != 0) {
                sums.merge(count.getKey(), count.getValue().asLong(), Long::sum);
            }
        });
    }

    /** Packets that the flow cache has sent on, without Java; a GSO packet counts as one. */
    long cachedPackets() {
        return bpf.getOrDefault("cache-hits", 0L);
    }

    /** Packets dropped for any reason. */
    long dropCount() {
        return drops.values().stream().mapToLong(Long::longValue).sum();
    }
}
