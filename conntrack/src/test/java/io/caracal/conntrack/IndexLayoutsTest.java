package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.MappedRegion;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Two layouts of the index, each in front of the same 64-byte records, in bursts of 64 of random keys with the same
 * touching passes: groups with a stride ({@link FlowIndex}) and a bucketised cuckoo. Prints what each costs; asserts
 * only that both find what is there and nothing else. {@code docs/decisions/010-flow-table-layout.md} has the figures:
 *
 * <pre>mvn test -pl conntrack -am -Dtest=IndexLayoutsTest -Dcaracal.index.keys=8000000 …</pre>
 */
class IndexLayoutsTest {
    private static final int KEYS = Integer.getInteger("caracal.index.keys", 20_000);
    private static final int LOOKUPS = Integer.getInteger("caracal.index.lookups", 200_000);
    private static final int ROUNDS = Integer.getInteger("caracal.index.rounds", 3);
    private static final int BURST = 64;
    private static final int LOAD_PERCENT = 75;

    private final long[] hash = new long[BURST];
    private final FlowHash hashing = new FlowHash(42);
    private long sink;

    /** An index in front of records. */
    private interface Layout extends AutoCloseable {
        boolean insert(long hash, int slot);

        int find(long hash, long records);

        long touch(long hash, long records);

        @Override
        void close();
    }

    private static final class Strided implements Layout {
        private final FlowIndex index = new FlowIndex(KEYS);

        @Override
        public boolean insert(final long hash, final int slot) {
            return index.insert(hash, slot);
        }

        @Override
        public int find(final long hash, final long records) {
            final long tagWord = FlowIndex.tagWord(hash);
            long group = index.home(hash);
            for (int probe = 0; probe < FlowIndex.MAX_PROBES; probe++) {
                final int slot = findIn(group, tagWord, hash, records);
                if (slot >= 0 || !FlowIndex.overflowed(group)) {
                    return slot;
                }
                group = index.next(group, hash);
            }
            return -1;
        }

        @Override
        public long touch(final long hash, final long records) {
            final int slot = index.candidate(hash);
            return slot < 0 ? 0 : OffHeap.getLong(records + (long)slot * FlowRecord.IPV4_SIZE);
        }

        @Override
        public void close() {
            index.close();
        }
    }

    private static final class Cuckoo implements Layout {
        private final CuckooIndex index = new CuckooIndex(KEYS, LOAD_PERCENT);

        @Override
        public boolean insert(final long hash, final int slot) {
            return index.insert(hash, slot);
        }

        @Override
        public int find(final long hash, final long records) {
            final long tagWord = FlowIndex.tagWord(hash);
            final long group = index.home(hash);
            final int slot = findIn(group, tagWord, hash, records);
            return slot >= 0 || !CuckooIndex.moved(group) ? slot
                : findIn(index.second(hash), tagWord, hash, records);
        }

        @Override
        public long touch(final long hash, final long records) {
            final long matches = FlowIndex.matches(index.home(hash), FlowIndex.tagWord(hash));
            return matches == 0 ? 0 : OffHeap.getLong(records
                + (long)FlowIndex.slot(index.home(hash), FlowIndex.entry(matches)) * FlowRecord.IPV4_SIZE);
        }

        @Override
        public void close() {
            index.close();
        }
    }

    private static int findIn(final long group, final long tagWord, final long hash, final long records) {
        for (long matches = FlowIndex.matches(group, tagWord); matches != 0; matches &= matches - 1) {
            final int slot = FlowIndex.slot(group, FlowIndex.entry(matches));
            if (OffHeap.getLong(records + (long)slot * FlowRecord.IPV4_SIZE) == hash) {
                return slot;
            }
        }
        return -1;
    }

    @Test
    void shouldFindTheSameByBothLayouts() {
        try (MappedRegion records = OffHeap.reserve((long)KEYS * FlowRecord.IPV4_SIZE)) {
            for (int key = 0; key < KEYS; key++) {
                OffHeap.putLong(records.address() + (long)key * FlowRecord.IPV4_SIZE, keyHash(key));
            }
            for (int round = 0; round < ROUNDS; round++) {
                try (Layout strided = new Strided()) {
                    measure("strided groups", strided, records.address());
                }
                try (Layout cuckoo = new Cuckoo()) {
                    measure("cuckoo buckets", cuckoo, records.address());
                }
            }
        }
    }

    private long keyHash(final int key) {
        return hashing.ofIpv4(key * 0x9e3779b97f4a7c15L, key, 17);
    }

    private void measure(final String name, final Layout layout, final long records) {
        final long startNs = System.nanoTime();
        for (int key = 0; key < KEYS; key++) {
            assertTrue(layout.insert(keyHash(key), key), name + " has no room for key " + key);
        }
        final double insertNs = (double)(System.nanoTime() - startNs) / KEYS;
        final double hitNs = look(layout, records, 0);
        final double missNs = look(layout, records, KEYS);
        System.out.printf(Locale.ROOT, "%s: %d keys at %d %%: insert %.1f ns, hit %.1f ns, miss %.1f ns%n", name, KEYS,
            LOAD_PERCENT, insertNs, hitNs, missNs);
    }

    private double look(final Layout layout, final long records, final int first) {
        long random = 88172645463325252L;
        int wrong = 0;
        final long startNs = System.nanoTime();
        for (int done = 0; done < LOOKUPS; done += BURST) {
            final long before = random;
            for (int i = 0; i < BURST; i++) {
                random = next(random);
                hash[i] = keyHash(first + keyOf(random));
                sink ^= OffHeap.getLong(home(layout, hash[i]));
            }
            for (int i = 0; i < BURST; i++) {
                sink ^= layout.touch(hash[i], records);
            }
            random = before;
            for (int i = 0; i < BURST; i++) {
                random = next(random);
                final int found = layout.find(hash[i], records);
                wrong += found == (first == 0 ? keyOf(random) : -1) ? 0 : 1;
            }
        }
        final double ns = (double)(System.nanoTime() - startNs) / LOOKUPS;
        assertEquals(0, wrong);
        return ns;
    }

    private static long home(final Layout layout, final long hash) {
        return layout instanceof Strided strided ? strided.index.home(hash) : ((Cuckoo)layout).index.home(hash);
    }

    private static int keyOf(final long random) {
        return (int)((random >>> 32) * KEYS >>> 32);
    }

    private static long next(final long random) {
        long x = random;
        x ^= x << 13;
        x ^= x >>> 7;
        return x ^ x << 17;
    }
}
