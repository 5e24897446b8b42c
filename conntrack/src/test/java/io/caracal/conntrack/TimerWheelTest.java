package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The wheel against a map from flow to deadline, with a clock that the test moves. */
class TimerWheelTest {
    private static final int SLOTS = 300;

    @Test
    void shouldGiveEachFlowNeverEarlyAndAtMostATickLate() {
        final SplittableRandom random = TestSeed.random("TimerWheelTest");
        try (FlowLinks links = new FlowLinks(SLOTS)) {
            long nowMs = 12_345_678;
            final TimerWheel wheel = new TimerWheel(links, nowMs);
            final Map<Integer, Long> model = new HashMap<>();
            for (int i = 0; i < 400_000; i++) {
                final int slot = random.nextInt(SLOTS);
                if (model.remove(slot) != null) {
                    wheel.cancel(slot);
                } else {
                    final long deadlineMs = nowMs + random.nextLong(TimerWheel.SPAN_MS - TimerWheel.TICK_MS);
                    wheel.arm(slot, slot & 1, deadlineMs);
                    model.put(slot, deadlineMs);
                }
                if (random.nextInt(4) == 0) {
                    nowMs += random.nextInt(20) == 0 ? random.nextLong(2 * TimerWheel.SPAN_MS) : random.nextLong(3000);
                    pollAll(wheel, model, nowMs);
                }
            }
        }
    }

    private static void pollAll(final TimerWheel wheel, final Map<Integer, Long> model, final long nowMs) {
        for (int slot = wheel.due(nowMs); slot != FlowLinks.NONE; slot = wheel.due(nowMs)) {
            wheel.cancel(slot);
            final Long deadlineMs = model.remove(slot);
            assertTrue(deadlineMs != null && deadlineMs <= nowMs, "slot " + slot + " due at " + deadlineMs);
        }
        model.forEach((slot, deadlineMs) -> assertTrue(deadlineMs > nowMs - 2 * TimerWheel.TICK_MS,
            () -> "slot " + slot + " was due at " + deadlineMs + ", now is " + nowMs));
    }

    @Test
    void shouldNameTheEarliestOfALane() {
        final SplittableRandom random = TestSeed.random("TimerWheelTest.earliest");
        try (FlowLinks links = new FlowLinks(SLOTS)) {
            final long nowMs = 5_000_000;
            final TimerWheel wheel = new TimerWheel(links, nowMs);
            assertEquals(FlowLinks.NONE, wheel.earliest(TimerWheel.TRANSIENT));
            final Map<Integer, Long> model = new HashMap<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                final long deadlineMs = nowMs + random.nextLong(TimerWheel.SPAN_MS - TimerWheel.TICK_MS);
                wheel.arm(slot, slot & 1, deadlineMs);
                model.put(slot, deadlineMs / TimerWheel.TICK_MS);
            }
            for (int left = SLOTS; left > 0; left--) {
                final int lane = left > SLOTS / 2 ? TimerWheel.STEADY : TimerWheel.TRANSIENT;
                final int slot = wheel.earliest(lane);
                assertEquals(lane, slot & 1);
                final long earliest = model.entrySet().stream().filter(e -> (e.getKey() & 1) == lane)
                    .mapToLong(Map.Entry::getValue).min().orElseThrow();
                assertEquals(earliest, model.remove(slot));
                wheel.cancel(slot);
            }
        }
    }

    @Test
    void shouldLookAtAFarDeadlineOnItsWay() {
        try (FlowLinks links = new FlowLinks(SLOTS)) {
            final TimerWheel wheel = new TimerWheel(links, 0);
            wheel.arm(0, TimerWheel.STEADY, 3_600_000);
            assertEquals(FlowLinks.NONE, wheel.due(TimerWheel.SPAN_MS - TimerWheel.TICK_MS));
            assertEquals(0, wheel.due(TimerWheel.SPAN_MS + TimerWheel.TICK_MS));
        }
    }
}
