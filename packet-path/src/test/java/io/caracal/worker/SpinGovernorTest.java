package io.caracal.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SpinGovernorTest {
    private static final long SPIN_NS = 50_000;
    private static final long SHORT_NS = 20_000;
    private static final long LONG_NS = 100_000;

    private final SpinGovernor governor = new SpinGovernor(SPIN_NS);

    @Test
    void shouldSpinAtFirstForAsLongAsConfigured() {
        assertTrue(governor.allows(0));
        assertTrue(governor.allows(SPIN_NS - 1));
        assertFalse(governor.allows(SPIN_NS));
    }

    @Test
    void shouldStopWherePacketsComeTooLateAndBeginAgainWhereTheyComeSoon() {
        assertEquals(5, idleTimesUntilItChanges(LONG_NS));
        assertEquals(1, idleTimesUntilItChanges(SHORT_NS));
        for (int n = 0; n < 100; n++) {
            governor.ended(LONG_NS);
        }
        assertEquals(SpinGovernor.CONFIDENCE_MIN, idleTimesUntilItChanges(SHORT_NS));
    }

    @Test
    void shouldNotSpinWhereHalfOfThePacketsComeTooLate() {
        for (int n = 0; n < 100; n++) {
            governor.ended(LONG_NS);
        }
        for (int n = 0; n < 100; n++) {
            governor.ended(n % 2 == 0 ? SHORT_NS : LONG_NS);
            assertFalse(governor.allows(0), "after " + n);
        }
    }

    @Test
    void shouldNeverSpinWithoutTimeForIt() {
        assertFalse(new SpinGovernor(0).allows(0));
    }

    private int idleTimesUntilItChanges(final long idleNs) {
        final boolean before = governor.allows(0);
        int count = 0;
        while (governor.allows(0) == before) {
            governor.ended(idleNs);
            count++;
        }
        return count;
    }
}
