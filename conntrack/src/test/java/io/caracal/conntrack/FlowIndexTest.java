package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The index against a map of lists: same keys in, same slots out, whatever the order of inserts and removals. */
class FlowIndexTest {
    @Test
    void shouldAgreeWithAMapOverRandomInsertsAndRemovals() {
        final SplittableRandom random = TestSeed.random("FlowIndexTest");
        try (FlowIndex index = new FlowIndex(4000)) {
            final Map<Long, List<Integer>> model = new HashMap<>();
            final List<long[]> present = new ArrayList<>();
            for (int i = 0; i < 300_000; i++) {
                if (present.size() < 4000 && random.nextInt(100) < 60) {
                    /* A small key space, so that equal hashes with different slots occur. */
                    final long key = mix(random.nextInt(6000));
                    assertTrue(index.insert(key, i), "insert at " + present.size() + " of 4000");
                    model.computeIfAbsent(key, k -> new ArrayList<>()).add(i);
                    present.add(new long[] {key, i});
                } else if (!present.isEmpty()) {
                    final int victim = random.nextInt(present.size());
                    final long[] entry = present.set(victim, present.getLast());
                    present.removeLast();
                    assertTrue(index.remove(entry[0], (int)entry[1]));
                    assertFalse(index.remove(entry[0], (int)entry[1]), "removed twice");
                    model.get(entry[0]).remove(Integer.valueOf((int)entry[1]));
                }
                final long probe = mix(random.nextInt(6000));
                assertEquals(model.getOrDefault(probe, List.of()).size(), slotsOf(index, probe, model.get(probe)));
            }
            assertEquals(present.size(), index.entryCount());
            present.forEach(entry -> assertTrue(index.remove(entry[0], (int)entry[1])));
            assertNoGroupIsMarkedAsPassed(index);
        }
    }

    @Test
    void shouldTakeEveryKeyUpToItsCapacityAndVisitNoMoreGroupsThanAllowed() {
        final SplittableRandom random = TestSeed.random("FlowIndexTest.capacity");
        final int keys = 1_000_000;
        try (FlowIndex index = new FlowIndex(keys)) {
            for (int slot = 0; slot < keys; slot++) {
                assertTrue(index.insert(random.nextLong(), slot), "key " + slot + " of " + keys);
            }
            final long load = index.entryCount() * 100 / index.entryCapacity();
            assertTrue(load >= FlowIndex.MAX_LOAD_PERCENT - 1 && load <= FlowIndex.MAX_LOAD_PERCENT, "load " + load);
        }
    }

    @Test
    void shouldRefuseAKeyWhoseGroupsAreAllFullAndChangeNothing() {
        try (FlowIndex index = new FlowIndex(10_000)) {
            final int room = FlowIndex.GROUP_ENTRIES * FlowIndex.MAX_PROBES;
            for (int slot = 0; slot < room; slot++) {
                assertTrue(index.insert(0x1234_5678_0000_0101L, slot), "entry " + slot);
            }
            assertFalse(index.insert(0x1234_5678_0000_0101L, room));
            assertEquals(room, index.entryCount());
            assertTrue(index.remove(0x1234_5678_0000_0101L, 7));
            assertTrue(index.insert(0x1234_5678_0000_0101L, room), "the entry that became free");
        }
    }

    private static int slotsOf(final FlowIndex index, final long hash, final List<Integer> expected) {
        int found = 0;
        long group = index.home(hash);
        for (int probe = 0; probe < FlowIndex.MAX_PROBES; probe++) {
            for (long m = FlowIndex.matches(group, FlowIndex.tagWord(hash)); m != 0; m &= m - 1) {
                if (expected != null && expected.contains(FlowIndex.slot(group, FlowIndex.entry(m)))) {
                    found++;
                }
            }
            if (!FlowIndex.overflowed(group)) {
                return found;
            }
            group = index.next(group, hash);
        }
        return found;
    }

    private static void assertNoGroupIsMarkedAsPassed(final FlowIndex index) {
        for (long number = 0; number < index.entryCapacity() / FlowIndex.GROUP_ENTRIES; number++) {
            final long hash = (number << 32) / (index.entryCapacity() / FlowIndex.GROUP_ENTRIES) << 32;
            assertFalse(FlowIndex.overflowed(index.home(hash)), "group " + number);
        }
    }

    private static long mix(final int key) {
        return new SplittableRandom(key).nextLong();
    }
}
