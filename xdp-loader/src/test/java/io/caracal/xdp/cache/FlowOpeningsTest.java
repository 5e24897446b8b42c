package io.caracal.xdp.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.punt.FlowQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Kinds and the list without a kernel: one bucket, so that every kind is in the way of the others. */
final class FlowOpeningsTest {
    private static final FlowQueue QUEUE = new FlowQueue(0x1234, 1);

    private final MemorySegment memory = Arena.ofAuto().allocate(
        (long)CachedFlowLayout.BUCKET_SLOTS * CachedFlowLayout.SLOT_SIZE, CachedFlowLayout.SLOT_SIZE);
    private final MemorySegment opened = Arena.ofAuto().allocate(CachedFlowLayout.OPENED_SIZE, Long.BYTES);
    private final MemorySegment state = Arena.ofAuto().allocate(CachedFlowLayout.STATE_SIZE, Long.BYTES);
    private final CachedSlots kinds = new CachedSlots(memory);
    private final FlowOpenings openings = new FlowOpenings(memory, QUEUE, opened, state);

    private static CachedFlowSpec way(final int port) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = 4;
        spec.protocol = 6;
        spec.sourceLow = 0x0a410002L;
        spec.destinationLow = 0x0a410003L;
        spec.ports = 5000 << 16 | port;
        spec.ingressIfindex = 1;
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = 2;
        return spec;
    }

    private void put(final int port, final int epoch) {
        openings.put(way(port), new CachedFlowSpec(), epoch);
    }

    /** Destination ports of the kinds that are there, in their order. */
    private List<Integer> ports() {
        return slots().map(slot -> read(slot).ports).sorted().toList();
    }

    private Stream<Integer> slots() {
        return IntStream.range(0, CachedFlowLayout.BUCKET_SLOTS).filter(kinds::isUsed).boxed();
    }

    private CachedFlowSpec read(final int slot) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        assertEquals(true, kinds.read(slot, spec));
        return spec;
    }

    @Test
    void shouldHaveOnePlaceForAKindAndItsNewestAnswer() {
        put(80, 1);
        final CachedFlowSpec again = way(80);
        again.ports = 6000 << 16 | 80;
        again.targetIfindex = 3;
        openings.put(again, new CachedFlowSpec(), 1);
        openings.put(again, new CachedFlowSpec(), 2);
        assertEquals(List.of(80), ports(), "whatever the source port and the epoch");
        assertEquals(List.of(3), slots().map(slot -> read(slot).targetIfindex).toList());
        assertEquals(List.of(6 | CachedFlowLayout.OPENING_OF), slots().map(slot -> read(slot).protocol).toList());
        assertEquals(6000 << 16 | 80, again.ports, "the caller's is as it was");
        assertEquals(6, again.protocol);
    }

    @Test
    void shouldTellKindsByAllOfTheirKeyButTheSourcePort() {
        put(80, 1);
        final CachedFlowSpec otherInterface = way(80);
        otherInterface.ingressIfindex = 7;
        openings.put(otherInterface, new CachedFlowSpec(), 1);
        final CachedFlowSpec otherSource = way(80);
        otherSource.sourceLow++;
        openings.put(otherSource, new CachedFlowSpec(), 1);
        final CachedFlowSpec otherDestination = way(80);
        otherDestination.destinationLow++;
        openings.put(otherDestination, new CachedFlowSpec(), 1);
        assertEquals(List.of(80, 80, 80, 80), ports());
    }

    @Test
    void shouldHaveTheNewestKindInAFullBucketAndThreeOfTheOthers() {
        for (int port = 1; port <= 100; port++) {
            put(port, 1);
            assertEquals(Math.min(port, CachedFlowLayout.BUCKET_SLOTS), ports().size());
            assertEquals(true, ports().contains(port), "kind " + port);
        }
        assertEquals(List.of(97, 98, 99, 100), ports(), "each has its turn to go");
    }

    @Test
    void shouldUseThePlaceOfAnOutdatedKindFirst() {
        for (int port = 1; port <= 4; port++) {
            put(port, 1);
        }
        put(3, 2);
        put(5, 2);
        put(6, 2);
        assertEquals(4, ports().size());
        assertEquals(true, ports().containsAll(List.of(3, 5, 6)), "of this epoch: " + ports());
        put(7, 2);
        assertEquals(List.of(3, 5, 6, 7), ports());
    }

    @Test
    void shouldKnowOfWhichEpochItHasKinds() {
        assertEquals(false, openings.hasOf(1));
        put(80, 1);
        assertEquals(true, openings.hasOf(1));
        assertEquals(false, openings.hasOf(2));
        put(81, 2);
        assertEquals(true, openings.hasOf(2));
    }

    /** A program that has a place and has not written it yet holds up those behind it. */
    @Test
    void shouldTakeInTheOrderOfPlacesAndWaitForOneThatIsNotWrittenYet() {
        assertEquals(false, openings.hasOpened());
        assertEquals(FlowCachePart.NONE, openings.take());
        note(1, 7);
        assertEquals(false, openings.hasOpened());
        assertEquals(FlowCachePart.NONE, openings.take());
        note(0, 0);
        assertEquals(true, openings.hasOpened());
        assertEquals(0, openings.take());
        assertEquals(7, openings.take());
        assertEquals(FlowCachePart.NONE, openings.take());
        assertEquals(2, opened.get(ValueLayout.JAVA_LONG, CachedFlowLayout.OPENED_TAKEN));
    }

    @Test
    void shouldForgetTheListOfAnEarlierProcessAndGoOnBehindIt() {
        for (int place = 0; place < 5; place++) {
            note(place, 10 + place);
        }
        opened.set(ValueLayout.JAVA_LONG, CachedFlowLayout.OPENED_NOTED, 5);
        assertEquals(10, openings.take());
        openings.forgetOpened();
        assertEquals(FlowCachePart.NONE, openings.take());
        note(5, 20);
        assertEquals(20, openings.take());
    }

    private void note(final int place, final int slot) {
        opened.set(ValueLayout.JAVA_INT, CachedFlowLayout.OPENED_SLOTS + (long)place * Integer.BYTES, slot + 1);
    }
}
