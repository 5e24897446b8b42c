package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** What holds of the wheel for every set of deadlines and every way the clock is advanced. */
class TimerWheelPropertiesTest {
    @Property(tries = 300)
    void shouldGiveEveryDeadlineOnceNeverEarlyAndWithinATickOfTheLook(
        @ForAll @LongRange(max = 1L << 40) final long startMs,
        @ForAll @Size(min = 1, max = 60) final List<@LongRange(max = 3L * 1_048_576) Long> delaysMs,
        @ForAll @Size(min = 1, max = 40) final List<@IntRange(min = 1, max = 400_000) Integer> stepsMs) {
        try (FlowLinks links = new FlowLinks(delaysMs.size())) {
            final TimerWheel wheel = new TimerWheel(links, startMs);
            final long[] deadlineMs = new long[delaysMs.size()];
            for (int slot = 0; slot < deadlineMs.length; slot++) {
                deadlineMs[slot] = startMs + delaysMs.get(slot);
                wheel.arm(slot, slot & 1, deadlineMs[slot]);
            }
            final List<Integer> given = new ArrayList<>();
            long nowMs = startMs;
            for (final int stepMs : stepsMs) {
                nowMs += stepMs;
                takeDue(wheel, deadlineMs, nowMs, given);
                for (int slot = 0; slot < deadlineMs.length; slot++) {
                    if (deadlineMs[slot] + TimerWheel.TICK_MS < nowMs - TimerWheel.TICK_MS) {
                        assertTrue(given.contains(slot), "slot " + slot + " is overdue");
                    }
                }
            }
            assertEquals(given.size(), given.stream().distinct().count());
        }
    }

    /** As the flow table does: what is not due yet was armed at the wheel's end, and is armed again. */
    private static void takeDue(final TimerWheel wheel, final long[] deadlineMs, final long nowMs,
        final List<Integer> given) {
        for (int slot = wheel.due(nowMs); slot != FlowLinks.NONE; slot = wheel.due(nowMs)) {
            wheel.cancel(slot);
            if (deadlineMs[slot] <= nowMs) {
                given.add(slot);
            } else {
                wheel.arm(slot, slot & 1, deadlineMs[slot]);
            }
        }
    }

    @Property(tries = 300)
    void shouldNameAFlowOfTheLaneThatComesDueNoLaterThanAnyOther(
        @ForAll @LongRange(max = 1L << 40) final long startMs,
        @ForAll @Size(min = 1, max = 60) final List<@LongRange(max = TimerWheel.SPAN_MS - 1000) Long> delaysMs) {
        try (FlowLinks links = new FlowLinks(delaysMs.size())) {
            final TimerWheel wheel = new TimerWheel(links, startMs);
            long earliestMs = Long.MAX_VALUE;
            for (int slot = 0; slot < delaysMs.size(); slot++) {
                wheel.arm(slot, TimerWheel.STEADY, startMs + delaysMs.get(slot));
                earliestMs = Math.min(earliestMs, startMs + delaysMs.get(slot));
            }
            final int found = wheel.earliest(TimerWheel.STEADY);
            assertTrue(startMs + delaysMs.get(found) < earliestMs + TimerWheel.TICK_MS);
            assertEquals(FlowLinks.NONE, wheel.earliest(TimerWheel.TRANSIENT));
        }
    }
}
