package io.caracal.perf.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class ForwarderCountersTest {
    private static final String DEVICES = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls
            lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0
            s0: 1234567   54321    0    0    0     0          0         0      888       8    0    0    0     0
        """;

    @Test
    void shouldSubtractTheKernelsTimeAndTheClocksFromTheBusyTime() throws IOException {
        final ForwarderCounters counters = ForwarderCounters.of(new ObjectMapper().readTree("""
            {"received": 100, "transmitted": 99, "dropped": 1, "cycles": 40, "idleCycles": 7, "kicks": 41,
             "busyNs": 15000, "kickNs": 8000, "clockNs": 25}"""));
        /* 15000 - 8000 in the kernel - 2 x 25 x 40 for the clocks = 5000 for 100 packets. */
        assertEquals(50, counters.userNsPerPacket(), 1e-12);
        assertEquals(2.5, counters.packetsPerCycle(), 1e-12);
        assertEquals(99, counters.transmitted());
        assertEquals(1, counters.dropped());
    }

    @Test
    void shouldRefuseAnAnswerThatLacksAFigure() {
        assertThrows(IllegalArgumentException.class,
            () -> ForwarderCounters.of(new ObjectMapper().readTree("{\"received\": 100}")));
    }

    @Test
    void shouldFindReceivedPacketsInProcNetDev() throws IOException {
        assertEquals(54321, VethTopology.receivedPackets(DEVICES, "s0"));
        assertThrows(IOException.class, () -> VethTopology.receivedPackets(DEVICES, "s1"));
    }

    @Test
    void shouldGiveTheRateBetweenTwoMoments() {
        final VethTopology.CountedPackets before = new VethTopology.CountedPackets(1000, 2_000_000_000L);
        assertEquals(400, new VethTopology.CountedPackets(2000, 4_500_000_000L).ppsSince(before), 1e-9);
    }
}
