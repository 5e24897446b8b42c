package io.caracal.xdp.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.punt.PuntPrograms;
import java.util.EnumMap;
import java.util.Map;

/** What the programs' counters have done since the last look. */
public final class CounterWatch {
    private final PuntPrograms programs;
    private Map<PuntCounter, Long> before;

    public CounterWatch(final PuntPrograms programs) {
        this.programs = programs;
        before = programs.counters();
    }

    /** Exactly these went up since the last call, by one for each time that they are named; no others moved. */
    public void assertCounted(final PuntCounter... counters) {
        final Map<PuntCounter, Long> expected = new EnumMap<>(PuntCounter.class);
        for (final PuntCounter counter : counters) {
            expected.merge(counter, 1L, Long::sum);
        }
        assertEquals(expected, moved(), "counters that moved");
    }

    private Map<PuntCounter, Long> moved() {
        final Map<PuntCounter, Long> moved = new EnumMap<>(PuntCounter.class);
        final Map<PuntCounter, Long> now = programs.counters();
        now.forEach((counter, value) -> {
            if (!value.equals(before.get(counter))) {
                moved.put(counter, value - before.get(counter));
            }
        });
        before = now;
        return moved;
    }
}
