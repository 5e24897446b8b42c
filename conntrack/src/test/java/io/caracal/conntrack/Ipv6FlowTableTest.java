package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The IPv6 table against plain maps. */
class Ipv6FlowTableTest {
    private static final int CAPACITY = 500;

    @TempDir
    Path directory;

    private record Tuple(List<Long> words, int ports) {
        static Tuple of(final Ipv6Tuple t) {
            return new Tuple(List.of(t.sourceHigh, t.sourceLow, t.destinationHigh, t.destinationLow), t.ports);
        }

        Tuple inverse() {
            return new Tuple(List.of(words.get(2), words.get(3), words.get(0), words.get(1)),
                Integer.rotateLeft(ports, 16));
        }
    }

    private record Flow(int slot, Tuple original, Tuple reply) {
    }

    private final Ipv6FlowSpec spec = new Ipv6FlowSpec();
    private final Map<Tuple, Integer> model = new HashMap<>();
    private final List<Flow> flows = new ArrayList<>();

    @Test
    void shouldAgreeWithMapsOverRandomOperationsAndARestart() {
        final SplittableRandom random = TestSeed.random("Ipv6FlowTableTest");
        final Ipv6Tuple tuple = new Ipv6Tuple();
        try (FlowImage image = Tables.image(directory, 6, CAPACITY)) {
            try (Ipv6FlowTable table = Tables.ipv6(image)) {
                for (int i = 0; i < 200_000; i++) {
                    fillRandomly(tuple, random);
                    if (random.nextInt(100) < 40) {
                        create(table, tuple, random);
                    } else if (random.nextInt(100) < 25 && !flows.isEmpty()) {
                        final Flow flow = flows.removeLast();
                        table.remove(flow.slot, RemovalCause.FLUSHED);
                        model.remove(flow.original);
                        model.remove(flow.original.inverse());
                        model.remove(flow.reply);
                    }
                    assertEquals(model.getOrDefault(Tuple.of(tuple), FlowTable.MISS),
                        table.find(tuple, IpProtocol.UDP), "operation " + i);
                }
                assertTrue(flows.size() > CAPACITY / 2, "flows: " + flows.size());
            }
            try (Ipv6FlowTable table = Tables.ipv6(image)) {
                assertEquals(flows.size() + " restored, 0 torn, 0 invalid, 0 duplicate",
                    table.restoration().toString());
                assertBurstFinds(table);
            }
        }
    }

    private void create(final Ipv6FlowTable table, final Ipv6Tuple tuple, final SplittableRandom random) {
        spec.reset(tuple, IpProtocol.UDP);
        spec.state = FlowState.UNREPLIED;
        spec.nowMs = Tables.START_MS;
        if (random.nextInt(3) == 0) {
            spec.reply.destinationLow += random.nextInt(2);
            spec.reply.ports ^= random.nextInt(3);
        }
        spec.deriveNatFlags();
        if (model.containsKey(Tuple.of(spec.original)) || model.containsKey(Tuple.of(spec.reply))
            || model.containsKey(Tuple.of(spec.original).inverse())) {
            return;
        }
        final int slot = table.create(spec);
        if (flows.size() == CAPACITY) {
            assertEquals(FlowTable.MISS, slot);
            return;
        }
        flows.add(new Flow(slot, Tuple.of(spec.original), Tuple.of(spec.reply)));
        model.put(Tuple.of(spec.reply), slot << 1 | FlowTable.REPLY);
        model.put(Tuple.of(spec.original).inverse(), slot << 1 | FlowTable.REPLY);
        model.put(Tuple.of(spec.original), slot << 1);
    }

    private void assertBurstFinds(final Ipv6FlowTable table) {
        final Ipv6Burst burst = new Ipv6Burst();
        for (final Map.Entry<Tuple, Integer> entry : model.entrySet()) {
            burst.count = 0;
            final Ipv6Tuple row = burst.add(IpProtocol.UDP);
            row.sourceHigh = entry.getKey().words.get(0);
            row.sourceLow = entry.getKey().words.get(1);
            row.destinationHigh = entry.getKey().words.get(2);
            row.destinationLow = entry.getKey().words.get(3);
            row.ports = entry.getKey().ports;
            burst.add(IpProtocol.SCTP).set(row);
            table.lookup(burst);
            assertEquals(entry.getValue() & 1, burst.found[0] & 1, "direction of " + entry.getKey());
            assertTrue(burst.found[0] >= 0);
            assertEquals(FlowTable.MISS, burst.found[1], "another protocol");
        }
    }

    private static void fillRandomly(final Ipv6Tuple tuple, final SplittableRandom random) {
        tuple.sourceHigh = 0xfd00L << 48;
        tuple.sourceLow = random.nextInt(12);
        tuple.destinationHigh = (0xfd00L << 48) + random.nextInt(2);
        tuple.destinationLow = random.nextInt(12);
        tuple.ports = random.nextInt(3) << 16 | random.nextInt(3);
    }
}
