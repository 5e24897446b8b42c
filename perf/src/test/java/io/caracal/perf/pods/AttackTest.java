package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.caracal.perf.BenchException;
import org.junit.jupiter.api.Test;

class AttackTest {
    private static final String COUNTERS = """
        {"workers": [{"fromWorkloadPackets": 5}, {"fromWorkloadPackets": 7}],
         "workloads": [{"interface": "cali1", "sentPackets": 40}, {"interface": "cali2", "sentPackets": 9}]}
        """;

    private static Attack.Counted counted(final String interfaceName) throws Exception {
        return Attack.Counted.of(new ObjectMapper().readTree(COUNTERS), interfaceName);
    }

    @Test
    void shouldCountWhatHasComeToAllWorkersAndWhatTheAttackerHasSent() throws Exception {
        assertEquals(new Attack.Counted(12, 40), counted("cali1"));
        assertEquals(new Attack.Counted(12, 9), counted("cali2"));
    }

    @Test
    void shouldSayThatTheEngineHasNoSuchWorkload() {
        final BenchException failure = assertThrows(BenchException.class, () -> counted("cali3"));
        assertTrue(failure.getMessage().endsWith("no workload cali3"), failure.getMessage());
    }

    /** A hundred datagrams: each comes to Java where the flow cache has no room for its flow, else none. */
    @Test
    void shouldLeaveOutThoseOfTheAttackerThatCameToJava() {
        final Attack.Counted before = new Attack.Counted(1000, 500);
        assertEquals(3, new Attack.Counted(1103, 600).othersJavaPacketsSince(before, new Attack.Sender(null, false)));
        assertEquals(3, new Attack.Counted(1003, 600).othersJavaPacketsSince(before, new Attack.Sender(null, true)));
    }
}
