package io.caracal.xdp.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.xdp.punt.FlowQueue;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The table without a kernel, raced against a map of Java's own. */
final class FlowCachePartTest {
    private static final int BUCKETS = 16;
    private static final long SEED = Long.getLong("seed", 4711);

    private record Key(int version, int protocol, long sourceHigh, long sourceLow, long destinationHigh,
                       long destinationLow, int ports, int ifindex) {
        static Key of(final CachedFlowSpec spec) {
            return new Key(spec.ipVersion, spec.protocol, spec.sourceHigh, spec.sourceLow, spec.destinationHigh,
                spec.destinationLow, spec.ports, spec.ingressIfindex);
        }
    }

    private static CachedFlowSpec random(final Random random) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = random.nextBoolean() ? 4 : 6;
        spec.protocol = random.nextBoolean() ? 6 : 17;
        spec.sourceLow = random.nextInt(1 << 20);
        spec.destinationLow = spec.ipVersion == 4 ? random.nextInt() & 0xffff_ffffL : random.nextLong();
        spec.sourceHigh = spec.ipVersion == 4 ? 0 : random.nextLong();
        spec.destinationHigh = spec.ipVersion == 4 ? 0 : random.nextLong();
        spec.ports = random.nextInt();
        spec.ingressIfindex = 1 + random.nextInt(100);
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = 1 + random.nextInt(100);
        spec.mtu = 1500;
        spec.generation = random.nextInt();
        spec.flow = random.nextInt();
        return spec;
    }

    @Test
    void shouldHoldWhatAMapHoldsAsLongAsBucketsHaveRoom() {
        final Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            final FlowCachePart part = part(arena);
            final Map<Key, Integer> slotByKey = new HashMap<>();
            final Map<Integer, CachedFlowSpec> specBySlot = new HashMap<>();
            for (int step = 0; step < 20_000; step++) {
                if (random.nextInt(5) < 3) {
                    final CachedFlowSpec spec = random(random);
                    final int slot = part.insert(spec);
                    final int home = part.home(spec);
                    final long inBucket =
                        specBySlot.keySet().stream().filter(used -> used >= home && used < home + 4).count();
                    assertEquals(inBucket == 4, slot == FlowCachePart.NONE, "seed " + SEED + " step " + step);
                    if (slot != FlowCachePart.NONE) {
                        assertTrue(slot >= home && slot < home + 4);
                        assertEquals(null, specBySlot.put(slot, spec), "a used slot");
                        slotByKey.put(Key.of(spec), slot);
                    }
                } else if (!specBySlot.isEmpty()) {
                    final int slot = List.copyOf(specBySlot.keySet()).get(random.nextInt(specBySlot.size()));
                    part.remove(slot);
                    slotByKey.remove(Key.of(specBySlot.remove(slot)));
                }
                assertEquals(specBySlot.size(), part.usedCount());
            }
            assertContent(part, specBySlot);
            part.recount();
            assertEquals(specBySlot.size(), part.usedCount());
            part.clear();
            assertEquals(0, part.usedCount());
        }
    }

    private static void assertContent(final FlowCachePart part, final Map<Integer, CachedFlowSpec> specBySlot) {
        final CachedFlowSpec read = new CachedFlowSpec();
        for (int slot = 0; slot < part.slotCount(); slot++) {
            final CachedFlowSpec expected = specBySlot.get(slot);
            assertEquals(expected != null, part.read(slot, read));
            if (expected != null) {
                assertEquals(Key.of(expected), Key.of(read));
                assertEquals(expected.generation, read.generation);
                assertEquals(expected.targetIfindex, read.targetIfindex);
                assertEquals(expected.mtu, read.mtu);
                assertEquals(expected.flow, part.flow(slot));
            }
        }
    }

    @Test
    void shouldGiveBothDirectionsBucketsOfTheirOwn() {
        final Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            final FlowCachePart part = part(arena);
            int alike = 0;
            for (int i = 0; i < 1000; i++) {
                final CachedFlowSpec spec = random(random);
                final int home = part.home(spec);
                spec.reverse();
                spec.ingressIfindex += 1000;
                alike += home == part.home(spec) ? 1 : 0;
            }
            assertTrue(alike < 150, alike + " of 1000 in one of 16 buckets with their answers");
        }
    }

    @Test
    void shouldNotTakeOverAnEntryThatIsNotWhereItsKeyBelongs() {
        final Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            final var memory = arena.allocate(BUCKETS * 512L, 64);
            final FlowCachePart part = new FlowCachePart(memory, new FlowQueue(7, 1), null);
            final CachedFlowSpec spec = random(random);
            final int slot = part.insert(spec);
            final FlowCachePart otherSeed = new FlowCachePart(memory, new FlowQueue(8, 1), null);
            assertNotEquals(part.home(spec), otherSeed.home(spec), "choose another seed");
            assertEquals(true, part.read(slot, new CachedFlowSpec()));
            assertEquals(false, otherSeed.read(slot, new CachedFlowSpec()));
        }
    }

    private static FlowCachePart part(final Arena arena) {
        return new FlowCachePart(arena.allocate(BUCKETS * 512L, 64), new FlowQueue(0x1234, 1), null);
    }
}
