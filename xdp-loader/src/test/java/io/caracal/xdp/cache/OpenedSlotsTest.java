package io.caracal.xdp.cache;

import static io.caracal.xdp.testing.Packet.SYN;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.testing.TestSkb;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Slots and places of the list for connections that open without Java: full, used, or wanted by two. */
final class OpenedSlotsTest extends OpeningPrograms {
    /** CACHE_OPENED_MAX without OPENED_MARGIN of opening.h. */
    private static final int OPENED_LIMIT = 4096 - 1024;

    /** Source ports of connections of a worker, in their order. */
    private static IntStream sourcePorts(final int worker) {
        return IntStream.range(1024, 0x10000).filter(port -> {
            final CachedFlowSpec spec = way(4);
            spec.ports = port << 16 | PORT;
            return queue(spec) == worker;
        });
    }

    @Test
    void shouldLeaveNothingBehindWhenTheFirstDirectionsBucketIsFull() {
        assertNotOpenedWithAFullBucket(way(4), reply(4));
    }

    @Test
    void shouldLeaveNothingBehindWhenTheAnswersBucketIsFull() {
        assertNotOpenedWithAFullBucket(reply(4), way(4));
    }

    private void assertNotOpenedWithAFullBucket(final CachedFlowSpec full, final CachedFlowSpec other) {
        putEverywhere();
        final FlowCachePart part = part(way(4));
        final List<Integer> inserted = fill(part, part.home(full));
        assertPuntedOnly(run(tcp(SYN)), PuntCounter.CACHE_OPENINGS);
        assertEquals(FlowCachePart.BUCKET_SLOTS, usedSlots());
        assertTaken();
        final int otherHome = part.home(other);
        assertEquals(IntStream.range(otherHome, otherHome + FlowCachePart.BUCKET_SLOTS).boxed().toList(),
            fill(part, otherHome), "Java can have each of its slots");
        inserted.forEach(part::remove);
        fill(part, otherHome).forEach(slot -> assertEquals(FlowCachePart.NONE, slot));
        IntStream.range(otherHome, otherHome + FlowCachePart.BUCKET_SLOTS).forEach(part::remove);
        assertOpened(run(tcp(SYN)));
    }

    /** Four entries of Java in a bucket, of flows that no packet here is of; returns where each is. */
    private static List<Integer> fill(final FlowCachePart part, final int home) {
        final CachedFlowSpec spec = way(4);
        spec.protocol = UDP;
        final List<Integer> slots = new ArrayList<>();
        for (spec.ports = 1; slots.size() < FlowCachePart.BUCKET_SLOTS; spec.ports++) {
            if (part.home(spec) == home) {
                slots.add(part.insert(spec));
            }
        }
        return slots;
    }

    @Test
    void shouldOpenNoMoreThanJavaIsGoodForUntilItTakesSome() {
        putEverywhere();
        final FlowCachePart part = cache.part(0);
        final long openedBefore = opened();
        final int[] ports = sourcePorts(0).toArray();
        int next = 0;
        // Some find their bucket full, which does not count.
        while (opened() - openedBefore < OPENED_LIMIT) {
            run(tcp(ports[next++], PORT, SYN));
        }
        final long openedThen = opened();
        final int usedThen = usedSlots();
        assertEquals(2 * OPENED_LIMIT, usedThen);
        for (int more = 0; more < 100; more++) {
            run(tcp(ports[next++], PORT, SYN));
        }
        assertEquals(openedThen, opened());
        assertEquals(usedThen, usedSlots());
        final Set<Integer> taken = new HashSet<>();
        taken.add(part.openings().take());
        while (opened() == openedThen) {
            run(tcp(ports[next++], PORT, SYN));
        }
        for (int more = 0; more < 100; more++) {
            run(tcp(ports[next++], PORT, SYN));
        }
        assertEquals(openedThen + 1, opened(), "one was taken, so one more opens");
        for (int slot = part.openings().take(); slot != FlowCachePart.NONE; slot = part.openings().take()) {
            assertEquals(true, part.isOpened(slot));
            taken.add(slot);
        }
        assertEquals(OPENED_LIMIT + 1, taken.size(), "each once");
    }

    /** Places are used again and again: positions grow beyond the list's length. */
    @Test
    void shouldGoRoundTheList() {
        putEverywhere();
        final FlowCachePart part = cache.part(0);
        final int[] ports = sourcePorts(0).limit(100).toArray();
        for (int count = 0; count < 2 * CachedFlowLayout.OPENED_MAX + 1; count++) {
            run(tcp(ports[count % ports.length], PORT, SYN));
            final int slot = part.openings().take();
            assertEquals(true, slot != FlowCachePart.NONE && part.isOpened(slot), "after " + count);
            remove(part, slot);
        }
        assertEquals(2L * CachedFlowLayout.OPENED_MAX + 1, opened());
        assertNothingOpened();
    }

    /** As if either were just at it: an odd version is all that tells the other. */
    @Test
    void shouldTakeAnotherSlotWhereOneIsBeingWritten() {
        putEverywhere();
        final FlowCachePart part = part(way(4));
        final int home = part.home(way(4));
        final long version = ((long)queue(way(4)) * part.slotCount() + home) * CachedFlowLayout.SLOT_SIZE;
        cache.memory().set(ValueLayout.JAVA_INT, version, 1);
        assertOpened(run(tcp(SYN)));
        assertEquals(home + 1, part.openings().take());
        assertEquals(List.of(home + 2, home + 3, FlowCachePart.NONE, FlowCachePart.NONE), fill(part, home));
    }

    /**
     * The worker inserts while programs open, in a table that is too small for both: each slot is one's or the other's,
     * and what was full is so to both.
     */
    @Test
    void shouldShareTheTableWithJavaWithoutLosingASlot() {
        unload();
        load(16 * QUEUES);
        putEverywhere();
        final FlowCachePart part = cache.part(0);
        final int[] ports = sourcePorts(0).limit(24).toArray();
        for (int round = 0; round < 200; round++) {
            final long openedBefore = opened();
            final CompletableFuture<List<Integer>> inserting = CompletableFuture.supplyAsync(() -> insertSome(part));
            for (final int port : ports) {
                run(tcp(port, PORT, SYN));
            }
            final List<Integer> inserted = inserting.join();
            final List<Integer> slots = new ArrayList<>(inserted);
            assertEquals(inserted.size(), part.usedCount());
            for (int slot = part.openings().take(); slot != FlowCachePart.NONE; slot = part.openings().take()) {
                assertEquals(true, part.isOpened(slot));
                part.claim(slot);
                slots.add(slot);
                slots.add(part.otherSlot(slot));
            }
            assertEquals(inserted.size() + 2 * (opened() - openedBefore), slots.size());
            assertEquals(slots.size(), Set.copyOf(slots).size(), "a slot of two");
            assertEquals(slots.size(), usedSlots());
            slots.forEach(slot -> assertEquals(true, part.read(slot, new CachedFlowSpec())));
            slots.forEach(part::remove);
            assertEquals(0, part.usedCount());
        }
        assertEquals(true, opened() > 0);
        assertNothingOpened();
    }

    private static List<Integer> insertSome(final FlowCachePart part) {
        final CachedFlowSpec spec = way(4);
        spec.protocol = UDP;
        final List<Integer> slots = new ArrayList<>();
        for (spec.ports = 1; spec.ports <= 32; spec.ports++) {
            final int slot = part.insert(spec);
            if (slot != FlowCachePart.NONE) {
                slots.add(slot);
            }
        }
        return slots;
    }

    /**
     * One bucket, which the kernel opens in as often as it can and the worker inserts into: who did not look again as
     * it takes a slot would write into the other's. The kind leaves the packet as it is, so that it can be repeated.
     */
    @Test
    void shouldNeverWriteIntoASlotThatTheOtherHasTaken() {
        final CachedFlowSpec way = way(4);
        way.action = CachedFlowSpec.TO_HOST;
        way.targetIfindex = 0;
        putEverywhere(way, reply(4));
        final FlowCachePart part = part(way);
        final CachedFlowSpec inserted = inBucketOf(part, way);
        final CompletableFuture<TestSkb.Result> opening = CompletableFuture.supplyAsync(
            () -> TestSkb.of(tcp(SYN), POD_A).run(programs.fromWorkload(), 1_000_000));
        long taken = 0;
        while (!opening.isDone()) {
            final int slot = part.insert(inserted);
            taken += removeOpened(part);
            assertEquals(slot, part.find(inserted));
            assertEquals(true, part.read(slot, new CachedFlowSpec()));
            part.remove(slot);
        }
        opening.join();
        taken += removeOpened(part);
        assertEquals(opened(), taken);
        assertEquals(0, part.usedCount());
        assertNothingOpened();
    }

    /** Of a flow that no packet here is of. */
    private static CachedFlowSpec inBucketOf(final FlowCachePart part, final CachedFlowSpec other) {
        final CachedFlowSpec spec = way(4);
        spec.protocol = UDP;
        spec.ports = 1;
        while (part.home(spec) != part.home(other)) {
            spec.ports++;
        }
        return spec;
    }

    private static long removeOpened(final FlowCachePart part) {
        long removed = 0;
        for (int slot = part.openings().take(); slot != FlowCachePart.NONE; slot = part.openings().take()) {
            assertEquals(true, part.isOpened(slot));
            remove(part, slot);
            removed++;
        }
        return removed;
    }

    private static void remove(final FlowCachePart part, final int slot) {
        part.claim(slot);
        part.remove(part.otherSlot(slot));
        part.remove(slot);
    }
}
