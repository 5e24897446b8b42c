package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** {@link ListAge} beside a list whose entries say when they came. */
class ListAgeTest {
    private static final int WHILE_MS = 10;

    @Test
    void shouldTellWhatHasWaited() {
        final SplittableRandom random = TestSeed.random("ListAgeTest");
        final ArrayDeque<Long> cameMs = new ArrayDeque<>();
        final ListAge age = new ListAge(WHILE_MS);
        int taken = 0;
        for (long nowMs = 100; nowMs < 100_000; nowMs += random.nextInt(3)) {
            for (int count = random.nextInt(4); count > 0; count--) {
                cameMs.add(nowMs);
            }
            age.look(cameMs.size(), nowMs);
            final String where = "at " + nowMs;
            final long now = nowMs;
            final long longAgo = cameMs.stream().filter(ms -> now - ms >= 2 * WHILE_MS + 2).count();
            final long ago = cameMs.stream().filter(ms -> now - ms >= WHILE_MS).count();
            assertTrue(longAgo <= age.oldCount() && age.oldCount() <= ago, where);
            for (int count = random.nextInt(6); count > 0 && !cameMs.isEmpty(); count--) {
                cameMs.remove();
                age.onTaken();
                taken++;
            }
            if (cameMs.isEmpty()) {
                age.onEmpty();
            }
        }
        assertTrue(taken > 10_000, "taken: " + taken);
    }

    @Test
    void shouldKnowNothingOfAListThatWasEmptied() {
        final ListAge age = new ListAge(WHILE_MS);
        age.look(5, 10);
        age.look(7, 20);
        assertEquals(5, age.oldCount());
        age.onTaken();
        assertEquals(4, age.oldCount());
        age.onEmpty();
        assertEquals(0, age.oldCount());
        age.look(3, 30);
        assertEquals(0, age.oldCount());
        age.look(3, 40);
        assertEquals(3, age.oldCount());
    }
}
