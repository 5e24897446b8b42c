package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BpfMapsTest {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    @Test
    void shouldUpdateLookUpAndDeleteElements() {
        try (Fd map = hash(4); Arena arena = Arena.ofConfined()) {
            final MemorySegment key = arena.allocateFrom(INT, 7);
            final MemorySegment value = arena.allocateFrom(LONG, 70L);
            assertFalse(BpfMaps.lookupElem(map.number(), key, value));

            BpfMaps.updateElem(map.number(), key, value, BpfMaps.NOEXIST);

            value.set(LONG, 0, 0L);
            assertTrue(BpfMaps.lookupElem(map.number(), key, value));
            assertEquals(70L, value.get(LONG, 0));
            assertTrue(BpfMaps.deleteElem(map.number(), key));
            assertFalse(BpfMaps.deleteElem(map.number(), key));
        }
    }

    @Test
    void shouldNameMapAndErrnoWhenItIsFull() {
        try (Fd map = hash(1); Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocateFrom(LONG, 1L);
            BpfMaps.updateElem(map.number(), arena.allocateFrom(INT, 1), value, BpfMaps.ANY);

            final NativeCallException failure = assertThrows(NativeCallException.class,
                () -> BpfMaps.updateElem(map.number(), arena.allocateFrom(INT, 2), value, BpfMaps.ANY));

            assertEquals("update element of map (fd " + map.number() + "): E2BIG (argument list too long)",
                failure.getMessage());
        }
    }

    @Test
    void shouldReadAndWriteInBatches() {
        final int count = 100;
        try (Fd map = hash(128); Arena arena = Arena.ofConfined()) {
            final MemorySegment keys = arena.allocate(INT, count);
            final MemorySegment values = arena.allocate(LONG, count);
            for (int i = 0; i < count; i++) {
                keys.setAtIndex(INT, i, i);
                values.setAtIndex(LONG, i, i * 3L);
            }

            assertEquals(count, BpfMaps.updateBatch(map.number(), keys, values, count));

            final Map<Integer, Long> found = readAll(map, arena);
            assertEquals(count, found.size());
            found.forEach((key, value) -> assertEquals(key * 3L, value));
            assertEquals(count, BpfMaps.deleteBatch(map.number(), keys, count));
            assertFalse(BpfMaps.nextKey(map.number(), MemorySegment.NULL, keys));
        }
    }

    @Test
    void shouldWalkKeys() {
        try (Fd map = hash(8); Arena arena = Arena.ofConfined()) {
            for (int i = 1; i <= 3; i++) {
                BpfMaps.updateElem(map.number(), arena.allocateFrom(INT, i), arena.allocateFrom(LONG, i), BpfMaps.ANY);
            }
            final MemorySegment key = arena.allocate(INT);
            int sum = 0;
            MemorySegment previous = MemorySegment.NULL;
            while (BpfMaps.nextKey(map.number(), previous, key)) {
                sum += key.get(INT, 0);
                previous = key;
            }
            assertEquals(6, sum);
        }
    }

    @Test
    void shouldTellWhatAMapIs() {
        try (Fd map = hash(4)) {
            final BpfMaps.MapInfo info = BpfMaps.info(map.number());

            assertEquals(new BpfMaps.MapInfo(info.id(), BpfMaps.TYPE_HASH, 4, 8, 4, 0, "bindings_test"), info);
            assertTrue(BpfMaps.numPossibleCpus() >= 1);
        }
    }

    @Test
    void shouldRefuseWhatTheTypeDoesNotAllow() {
        final NativeCallException failure = assertThrows(NativeCallException.class,
            () -> BpfMaps.create(BpfMaps.TYPE_LPM_TRIE, "no_prealloc", 8, 8, 4, 0).close());

        assertEquals("create map no_prealloc of type 11: EINVAL (invalid argument)", failure.getMessage());
    }

    private static Map<Integer, Long> readAll(final Fd map, final Arena arena) {
        final int capacity = 32;
        final MemorySegment cursor = arena.allocate(LONG);
        final MemorySegment keys = arena.allocate(INT, capacity);
        final MemorySegment values = arena.allocate(LONG, capacity);
        final Map<Integer, Long> found = new TreeMap<>();
        BpfMaps.Batch batch = BpfMaps.lookupBatch(map.number(), cursor, true, keys, values, capacity);
        while (true) {
            for (int i = 0; i < batch.count(); i++) {
                found.put(keys.getAtIndex(INT, i), values.getAtIndex(LONG, i));
            }
            if (batch.isLast()) {
                return found;
            }
            batch = BpfMaps.lookupBatch(map.number(), cursor, false, keys, values, capacity);
        }
    }

    private static Fd hash(final int maxEntries) {
        return BpfMaps.create(BpfMaps.TYPE_HASH, "bindings_test", 4, 8, maxEntries, 0);
    }
}
