package io.caracal.perf.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MeanDifferenceTest {
    @Test
    void shouldTellAConstantDifferenceWithoutDoubt() {
        final MeanDifference difference =
            MeanDifference.of(new double[] {5, 105, 25}, new double[] {3, 103, 23});
        assertEquals(2, difference.mean(), 1e-12);
        assertEquals(2, difference.low(), 1e-9);
        assertEquals(2, difference.high(), 1e-9);
    }

    @Test
    void shouldDoubtADifferenceThatOneRoundMakes() {
        final MeanDifference difference =
            MeanDifference.of(new double[] {0, 0, 60, 0, 0, 0}, new double[] {0, 0, 0, 0, 0, 0});
        assertEquals(10, difference.mean(), 1e-12);
        assertEquals(0, difference.low(), 1e-12);
        assertTrue(difference.high() > 20, difference.toString());
    }

    @Test
    void shouldRefuseRoundsThatDoNotPair() {
        assertThrows(IllegalArgumentException.class, () -> MeanDifference.of(new double[1], new double[2]));
        assertThrows(IllegalArgumentException.class, () -> MeanDifference.of(new double[0], new double[0]));
    }
}
