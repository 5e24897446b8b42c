package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

final class SteadinessTest {
    private final Steadiness steadiness = new Steadiness(500, 70);
    private long progress = 500;
    private double compilingMs = 70;

    private int stepsUntilSteady(final int done, final int compiled) {
        for (int steps = 1; steps <= 100; steps++) {
            progress += done;
            compilingMs += compiled;
            steadiness.step(progress, compilingMs);
            if (steadiness.isSteady()) {
                return steps;
            }
        }
        return 0;
    }

    @Test
    void shouldBeSteadyAfterSixStepsThatAreNoFaster() {
        assertEquals(7, stepsUntilSteady(1000, 0), "the first is the fastest until then");
    }

    @Test
    void shouldBeginAnewWithEachFasterStep() {
        for (int done = 1000; done < 5000; done += 100) {
            progress += done;
            steadiness.step(progress, compilingMs);
            assertFalse(steadiness.isSteady());
        }
        assertEquals(6, stepsUntilSteady(4900, 0));
    }

    @Test
    void shouldWaitForCompilers() {
        assertEquals(0, stepsUntilSteady(1000, 30));
        assertEquals(6, stepsUntilSteady(1000, 20));
    }
}
