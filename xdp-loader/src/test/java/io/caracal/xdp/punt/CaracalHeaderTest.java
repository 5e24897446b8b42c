package io.caracal.xdp.punt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.testing.CHeader;
import io.caracal.xdp.testing.Packet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whether Java's mirror of caracal.h is one: names, numbers, and the place of every field, read from the header itself.
 */
final class CaracalHeaderTest {
    private static CHeader header;
    private static CHeader maps;

    @BeforeAll
    static void read() throws IOException {
        header = CHeader.read("caracal.h");
        maps = CHeader.read("maps.h");
    }

    @Test
    void shouldHaveTheCountersOfTheHeaderWithTheirIds() {
        final Map<String, Integer> expected = new LinkedHashMap<>(header.enumeration("caracal_counter"));
        assertEquals(PuntCounter.values().length, expected.remove("COUNTER_COUNT"));
        final Map<String, Integer> actual = new LinkedHashMap<>();
        for (final PuntCounter counter : PuntCounter.values()) {
            actual.put("COUNTER_" + counter, counter.id());
        }
        assertEquals(expected, actual);
    }

    @Test
    void shouldListEveryCounterInTheReadme() throws IOException {
        final String readme = Files.readString(Path.of("README.md"));
        for (final PuntCounter counter : PuntCounter.values()) {
            final String row = "| `" + counter + "` | " + counter.meaning() + " |\n";
            assertEquals(true, readme.contains(row), row);
        }
    }

    @Test
    void shouldHaveTheChoicesOfTheHeaderWithTheirNumbers() {
        final Map<String, Integer> actual = new LinkedHashMap<>();
        for (final PuntConfig.OnEngineLoss choice : PuntConfig.OnEngineLoss.values()) {
            actual.put("ON_ENGINE_LOSS_" + choice, choice.ordinal());
        }
        assertEquals(header.enumeration("caracal_on_engine_loss"), actual);
        assertEquals(true, maps.defines("QUEUES_MAX", PuntConfig.QUEUES_MAX));
        assertEquals(true, maps.defines("WORKLOADS_MAX", PuntPrograms.WORKLOADS_MAX_DEFAULT));
    }

    @Test
    void shouldWriteEachFieldOfTheConfigurationWhereCReadsIt() {
        final Map<String, Integer> at = header.fieldOffsets("caracal_config");
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocate(PuntConfig.CODEC.size());
            final PuntConfig config = new PuntConfig(11, 12, 1 << 13, 1 << 14, PuntConfig.OnEngineLoss.PASS, 16);
            PuntConfig.CODEC.write(bytes, java.util.Optional.of(config));
            assertEquals(Map.of("punt_ifindex", 11, "queue_count", 12, "mark_handed", 1 << 13, "mark_approved", 1 << 14,
                "on_engine_loss", 1, "hash_seed", 16), ints(bytes, at));
            assertEquals(at.get("sizeof"), PuntConfig.CODEC.size());
            assertEquals(java.util.Optional.of(config), PuntConfig.CODEC.read(bytes));
            assertEquals(java.util.Optional.empty(), PuntConfig.CODEC.read(arena.allocate(PuntConfig.CODEC.size())));
        }
    }

    private static Map<String, Integer> ints(final MemorySegment bytes, final Map<String, Integer> at) {
        final Map<String, Integer> values = new LinkedHashMap<>();
        at.forEach((field, offset) -> {
            if (!field.equals("sizeof")) {
                values.put(field, bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset));
            }
        });
        return values;
    }

    @Test
    void shouldWriteEachFieldOfAWorkloadWhereCReadsIt() {
        final Map<String, Integer> at = header.fieldOffsets("workload");
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocate(Workload.CODEC.size());
            final Workload workload = new Workload(Packet.POD_MAC, Packet.HOST_MAC, new Workload.MissLimit(21, 22));
            Workload.CODEC.write(bytes, workload);
            assertEquals(Packet.POD_MAC[1], bytes.get(ValueLayout.JAVA_BYTE, at.get("pod_mac") + 1));
            assertEquals(Packet.HOST_MAC[1], bytes.get(ValueLayout.JAVA_BYTE, at.get("host_mac") + 1));
            assertEquals(0, bytes.get(ValueLayout.JAVA_INT_UNALIGNED, at.get("flags")));
            assertEquals(21, bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at.get("miss_interval_ns")));
            assertEquals(22, bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at.get("miss_burst_ns")));
            assertEquals(at.get("sizeof"), Workload.CODEC.size());
            assertEquals(workload, Workload.CODEC.read(bytes));
        }
    }

    @Test
    void shouldReadTheTrafficOfAWorkloadInTheOrderOfTheHeader() {
        final List<String> inC = new ArrayList<>(header.fieldOffsets("workload_traffic").keySet());
        inC.remove("sizeof");
        final List<String> inJava = new ArrayList<>();
        for (final java.lang.reflect.RecordComponent component : WorkloadTraffic.class.getRecordComponents()) {
            inJava.add(component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT));
        }
        assertEquals(inC, inJava);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocate(WorkloadTraffic.CODEC.size());
            final WorkloadTraffic traffic = new WorkloadTraffic(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
            WorkloadTraffic.CODEC.write(bytes, traffic);
            for (int i = 0; i < 10; i++) {
                assertEquals(i + 1, bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i));
            }
            assertEquals(traffic, WorkloadTraffic.CODEC.read(bytes));
            assertEquals(new WorkloadTraffic(2, 4, 6, 8, 10, 12, 14, 16, 18, 20), traffic.plus(traffic));
        }
    }
}
