package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Covered ranges against a set of bits; slots against what the key says. */
class FragmentTableTest {
    private static final int UNITS = 64;

    private final FragmentTable table = new FragmentTable(7);

    @Test
    void shouldCoverLikeASetOfBits() {
        final long seed = System.nanoTime();
        System.out.println("FragmentTableTest against a bit set: seed " + seed);
        final Random random = new Random(seed);
        int complete = 0;
        for (int datagram = 0; datagram < 3000; datagram++) {
            complete += coverOne(random, datagram, "seed " + seed + " datagram " + datagram) ? 1 : 0;
        }
        assertTrue(complete > 100, "only " + complete + " datagrams became complete: the test shows little");
    }

    private boolean coverOne(final Random random, final int datagram, final String what) {
        table.key(1, 2, 3, 4, datagram);
        final int slot = table.findOrAdd(0);
        final BitSet seen = new BitSet();
        int end = Integer.MAX_VALUE;
        /* Pieces of eight units in any order make a whole now and then; half of the datagrams have others in between. */
        final int disorder = datagram % 2 == 0 ? 0 : random.nextInt(10);
        for (int piece = 0; piece < 40 && !table.isComplete(slot); piece++) {
            final boolean isStray = random.nextInt(20) < disorder;
            final int start = isStray ? random.nextInt(UNITS) : 8 * random.nextInt(UNITS / 8);
            final int stop = Math.min(UNITS, start + (isStray ? 1 + random.nextInt(12) : 8));
            final boolean isLast = stop == UNITS;
            final boolean overlaps = !seen.get(start, stop).isEmpty() || isLast && end == UNITS;
            final BitSet after = (BitSet)seen.clone();
            after.set(start, stop);
            final int expected = overlaps ? FragmentTable.OVERLAPPING
                : pieces(after) > 8 ? FragmentTable.TOO_MANY_GAPS : FragmentTable.NEW_BYTES;
            assertEquals(expected, table.cover(slot, start, stop, isLast), what + ": " + start + ".." + stop + " on " + seen);
            if (expected == FragmentTable.NEW_BYTES) {
                seen.set(start, stop);
                end = isLast ? UNITS : end;
            }
            assertEquals(end == UNITS && seen.cardinality() == UNITS, table.isComplete(slot), what + ": " + seen);
        }
        return table.isComplete(slot);
    }

    private static int pieces(final BitSet bits) {
        int count = 0;
        for (int bit = bits.nextSetBit(0); bit >= 0; bit = bits.nextSetBit(bits.nextClearBit(bit))) {
            count++;
        }
        return count;
    }

    @Test
    void shouldRefuseBytesBeyondTheEnd() {
        table.key(1, 2, 3, 4, 5);
        final int slot = table.findOrAdd(0);
        assertEquals(FragmentTable.NEW_BYTES, table.cover(slot, 800, 900, true));
        assertEquals(FragmentTable.OVERLAPPING, table.cover(slot, 904, 912, false), "behind the last fragment");
        assertEquals(FragmentTable.OVERLAPPING, table.cover(slot, 1000, 1100, true), "a second end");
        table.key(1, 2, 3, 4, 6);
        final int other = table.findOrAdd(0);
        assertEquals(FragmentTable.NEW_BYTES, table.cover(other, 800, 904, false));
        assertEquals(FragmentTable.OVERLAPPING, table.cover(other, 400, 500, true), "an end before bytes that were seen");
    }

    @Test
    void shouldForgetAfterItsLifetimeAndKnowItsTickets() {
        table.key(1, 2, 3, 4, 5);
        final int slot = table.findOrAdd(1000);
        final int ticket = table.ticket(slot);
        table.rememberFirst(slot, 5000 << 16 | 53, 77);
        table.key(1, 2, 3, 4, 5);
        assertEquals(slot, table.findOrAdd(29_999_999_999L));
        assertTrue(table.isFirstSeen(slot));
        assertEquals(slot, table.slotOf(ticket));
        table.key(1, 2, 3, 4, 5);
        final int next = table.findOrAdd(30_000_001_000L);
        assertFalse(table.isFirstSeen(next), "a datagram with the same key, later");
        assertNotEquals(slot, table.slotOf(ticket) == FragmentTable.NO_SLOT ? -1 : table.slotOf(ticket));
    }

    @Test
    void shouldGiveTheOldestOfABucketAway() {
        for (int datagram = 0; datagram < 5000; datagram++) {
            table.key(1, 2, 3, 4, datagram);
            final int slot = table.findOrAdd(datagram);
            table.rememberFirst(slot, datagram, 0);
            table.key(1, 2, 3, 4, datagram);
            assertEquals(slot, table.findOrAdd(datagram), "the newest is kept");
        }
        int kept = 0;
        for (int datagram = 4900; datagram < 5000; datagram++) {
            table.key(1, 2, 3, 4, datagram);
            final int slot = table.findOrAdd(5000);
            kept += table.isFirstSeen(slot) && table.ports(slot) == datagram ? 1 : 0;
        }
        assertTrue(kept > 90, kept + " of the newest 100 are kept");
    }
}
