package io.caracal.xsk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rings against a queue of objects, under random operations, with indices that pass zero. */
class RingOracleTest {
    private static final int OPERATIONS = 200_000;
    private static final int NEAR_WRAP = -37;

    /** What a ring is, slowly: entries in order, a reserved tail, a peeked head. */
    private static final class Oracle {
        final int depth;
        final List<long[]> reserved = new ArrayList<>();
        final ArrayDeque<long[]> submitted = new ArrayDeque<>();
        final List<long[]> peeked = new ArrayList<>();

        Oracle(final int depth) {
            this.depth = depth;
        }

        int room() {
            return depth - reserved.size() - submitted.size() - peeked.size();
        }
    }

    /** Both ends of a ring and the oracle, which do the same and are compared at each step. */
    private static final class Race {
        private final Random random;
        private final String seeded;
        private final TxRing producer;
        private final RxRing consumer;
        private final Oracle oracle;
        private long nextAddress = 1;
        private long passed;

        Race(final int depth, final long seed) {
            random = new Random(seed);
            seeded = ", seed " + seed;
            final RingMemory memory = startingAt(RingMemory.allocate(depth, RingMemory.DESCRIPTOR_SIZE), NEAR_WRAP);
            producer = new TxRing(memory);
            consumer = new RxRing(memory);
            oracle = new Oracle(depth);
        }

        void step() {
            final int wanted = 1 + random.nextInt(Math.min(oracle.depth, 70));
            switch (random.nextInt(6)) {
                case 0, 1 -> reserve(wanted);
                case 2 -> submit();
                case 3 -> cancelReserved();
                case 4 -> peek(wanted);
                default -> cancelAndRelease();
            }
            assertEquals(oracle.submitted.size(), consumer.availableCount(), "available" + seeded);
            assertEquals(oracle.submitted.size() + oracle.peeked.size(), producer.pendingCount(), "pending" + seeded);
            assertEquals(Math.min(oracle.room(), 3), producer.room(3), "room" + seeded);
        }

        private void reserve(final int wanted) {
            final int got = producer.reserve(wanted);
            assertEquals(oracle.room() >= wanted ? wanted : 0, got, "reserve " + wanted + seeded);
            for (int entry = 0; entry < got; entry++) {
                final long[] descriptor = {nextAddress++ << 33, random.nextInt(), random.nextInt()};
                producer.putDescriptor(entry, descriptor[0], (int)descriptor[1], (int)descriptor[2]);
                oracle.reserved.add(descriptor);
            }
        }

        private void submit() {
            final int count = random.nextInt(oracle.reserved.size() + 1);
            producer.submit(count);
            for (int n = 0; n < count; n++) {
                oracle.submitted.add(oracle.reserved.removeFirst());
            }
        }

        private void cancelReserved() {
            final int count = random.nextInt(oracle.reserved.size() + 1);
            producer.cancel(count);
            for (int n = 0; n < count; n++) {
                oracle.reserved.removeLast();
            }
        }

        private void peek(final int wanted) {
            final int got = consumer.peek(wanted);
            assertTrue(got <= Math.min(wanted, oracle.submitted.size()), "peek " + got + seeded);
            assertEquals(oracle.submitted.isEmpty(), got == 0, "peek sees what is there" + seeded);
            for (int entry = 0; entry < got; entry++) {
                final long[] expected = oracle.submitted.removeFirst();
                assertEquals(expected[0], consumer.address(entry), "address" + seeded);
                assertEquals((int)expected[1], consumer.length(entry), "length" + seeded);
                assertEquals((int)expected[2], consumer.options(entry), "options" + seeded);
                oracle.peeked.add(expected);
            }
        }

        private void cancelAndRelease() {
            final int back = random.nextInt(oracle.peeked.size() + 1);
            consumer.cancel(back);
            for (int n = 0; n < back; n++) {
                oracle.submitted.addFirst(oracle.peeked.removeLast());
            }
            final int released = oracle.peeked.size();
            consumer.release(released);
            oracle.peeked.clear();
            passed += released;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 64, 1024})
    void shouldBehaveLikeAQueueOfDescriptors(final int depth) {
        final long seed = System.nanoTime();
        System.out.println("RingOracleTest descriptors: depth " + depth + " seed " + seed);
        final Race race = new Race(depth, seed);
        for (int operation = 0; operation < OPERATIONS; operation++) {
            race.step();
        }
        System.out.println("  " + race.passed + " descriptors passed");
        assertTrue(race.passed > 64, "the indices must have passed zero: " + race.passed);
    }

    @Test
    void shouldCarryAddressesAcrossTheWrapOfTheIndices() {
        final RingMemory memory = startingAt(RingMemory.allocate(4, RingMemory.ADDRESS_SIZE), NEAR_WRAP);
        final FillRing producer = new FillRing(memory);
        final CompletionRing consumer = new CompletionRing(memory);
        for (long address = 0; address < 100; address += 2) {
            assertEquals(2, producer.reserve(2));
            producer.putAddress(0, address);
            producer.putAddress(1, address + 1);
            assertEquals(0, consumer.peek(2), "nothing is seen before submit");
            producer.submit(2);
            assertEquals(2, consumer.peek(9));
            assertEquals(address, consumer.address(0));
            assertEquals(address + 1, consumer.address(1));
            consumer.release(2);
        }
    }

    @Test
    void shouldReserveAllOrNothing() {
        final FillRing ring = new FillRing(RingMemory.allocate(8, RingMemory.ADDRESS_SIZE));
        assertEquals(5, ring.reserve(5));
        assertEquals(0, ring.reserve(4));
        assertEquals(3, ring.reserve(3));
        assertEquals(0, ring.reserve(1));
        ring.cancel(8);
        assertEquals(8, ring.reserve(8));
    }

    @Test
    void shouldGoOnWhereTheIndicesInMemoryStand() {
        final RingMemory memory = RingMemory.allocate(4, RingMemory.ADDRESS_SIZE);
        final FillRing before = new FillRing(memory);
        before.reserve(3);
        before.putAddress(2, 77);
        before.submit(3);
        final CompletionRing consumer = new CompletionRing(memory);
        assertEquals(3, consumer.peek(4));
        assertEquals(77, consumer.address(2));
        final FillRing after = new FillRing(memory);
        assertEquals(1, after.room(4), "three of four are still pending");
    }

    @Test
    void shouldTellWhenTheKernelMustBeWoken() {
        final RingMemory memory = RingMemory.allocate(4, RingMemory.ADDRESS_SIZE);
        final FillRing ring = new FillRing(memory);
        assertFalse(ring.needsWakeup());
        memory.buffer().putInt(memory.layout().flagsOffset(), 1);
        assertTrue(ring.needsWakeup());
        memory.buffer().putInt(memory.layout().flagsOffset(), 2);
        assertFalse(ring.needsWakeup(), "only bit 0 is XDP_RING_NEED_WAKEUP");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 3, 1000})
    void shouldRefuseADepthThatIsNoPowerOfTwo(final int depth) {
        assertThrows(IllegalArgumentException.class,
            () -> new RingMemory(RingMemory.allocate(4, 8).buffer(), RingLayout.IN_MEMORY, depth));
    }

    static RingMemory startingAt(final RingMemory memory, final int index) {
        memory.buffer().putInt(memory.layout().producerOffset(), index);
        memory.buffer().putInt(memory.layout().consumerOffset(), index);
        return memory;
    }
}
