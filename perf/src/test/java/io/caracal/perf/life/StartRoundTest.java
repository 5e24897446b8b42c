package io.caracal.perf.life;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caracal.perf.BenchException;
import org.junit.jupiter.api.Test;

class StartRoundTest {
    private static final long[] BUCKETS = {10, 50, 85, 95, 100, 104, 100, 98, 102, 100, 3};

    @Test
    void shouldTakeTheMedianOfTheLaterHalfWithoutTheCutOffEnd() {
        assertEquals(100, StartRound.steadyRate(BUCKETS));
    }

    @Test
    void shouldRefuseTooFewPackets() {
        assertThrows(BenchException.class, () -> StartRound.steadyRate(new long[] {5, 5, 5}));
    }

    @Test
    void shouldCountBucketsUntilOneReachesTheRate() {
        assertEquals(4, StartRound.bucketsUntil(BUCKETS, 90));
        assertEquals(1, StartRound.bucketsUntil(BUCKETS, 10));
        assertEquals(BUCKETS.length, StartRound.bucketsUntil(BUCKETS, 1000), "never reached: all of them");
    }
}
