package io.caracal.perf.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.perf.stats.PairedRatio;
import org.junit.jupiter.api.Test;

class BarTest {
    private static final Bar RATE = new Bar("forward-64", "caracal", "c-twin", Bar.Direction.AT_LEAST, 0.95, "");
    private static final Bar TIME = new Bar("rings", "caracal", Bar.LIMIT, Bar.Direction.AT_MOST, 5, "ns/frame");

    @Test
    void shouldBeMetAtTheLimitItself() {
        assertTrue(RATE.judge(0.95).met());
        assertTrue(TIME.judge(5).met());
    }

    @Test
    void shouldKnowWhichSideIsGood() {
        assertFalse(RATE.judge(0.9499).met());
        assertTrue(RATE.judge(2).met());
        assertFalse(TIME.judge(5.01).met());
        assertTrue(TIME.judge(0).met());
    }

    @Test
    void shouldTakeTheMedianOrTheLowEndOfARatioOfRounds() {
        final PairedRatio ratio = PairedRatio.of(new double[] {80, 100, 120}, new double[] {100, 100, 100});
        assertEquals(ratio.median(), RATE.judge(ratio).value());
        final Bar low = RATE.atLowEnd(0.85);
        assertEquals("forward-64-low: caracal / c-twin at least 0.85", low.sentence());
        assertEquals(ratio.low(), low.judge(ratio).value());
        assertTrue(RATE.judge(ratio).met());
        assertFalse(low.judge(ratio).met());
    }

    @Test
    void shouldNotBeMetByWhatIsNoNumber() {
        assertFalse(RATE.judge(Double.NaN).met());
        assertFalse(TIME.judge(Double.NaN).met());
    }

    @Test
    void shouldReadAsASentence() {
        assertEquals("forward-64: caracal / c-twin at least 0.95", RATE.sentence());
        assertEquals("rings: caracal at most 5 ns/frame", TIME.sentence());
    }
}
