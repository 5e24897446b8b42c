package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

import io.caracal.perf.stats.Latencies;

class PodLoadTest {
    private static LoadCounters at(final double seconds, final long operations, final long bytes) {
        return new LoadCounters((long)(seconds * 1e9), operations, bytes, 0, 0, Latencies.NONE);
    }

    /** Two seconds: the server read 500 MB in 4000 pieces, the client had 100 answers; 1.5 processors were busy. */
    private static final PodLoad.Window WINDOW = new PodLoad.Window(at(10, 1000, 0), at(12, 5000, 500_000_000),
        at(10, 50, 0), at(12, 150, 0), 1.5);

    @Test
    void shouldCountAtTheServerOrAtTheClient() {
        assertEquals(2.0, PodLoad.Figure.GIGABITS.of(WINDOW), 1e-9);
        assertEquals(2000, PodLoad.Figure.PACKETS.of(WINDOW), 1e-9);
        assertEquals(50, PodLoad.Figure.CONNECTIONS.of(WINDOW), 1e-9);
        assertEquals(50, PodLoad.Figure.REQUESTS.of(WINDOW), 1e-9);
    }

    @Test
    void shouldSayWhatAGigabitAndAMillionPacketsCost() {
        assertEquals(0.75, PodLoad.Figure.CPU_PER_GIGABIT.of(WINDOW), 1e-9);
        assertEquals(750, PodLoad.Figure.CPU_PER_MEGAPACKET.of(WINDOW), 1e-9);
    }

    @Test
    void shouldAskForPayloadsThatGiveTheFrameOfItsName() {
        assertEquals(List.of("udp", "--length", "22", "--parallel", "100"), PodLoad.datagrams(64, 100).client());
        assertEquals(List.of("udp", "--length", "1358", "--parallel", "1"), PodLoad.datagrams(1400, 1).client());
    }
}
