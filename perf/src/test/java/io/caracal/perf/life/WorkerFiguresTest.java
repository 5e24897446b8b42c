package io.caracal.perf.life;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.caracal.perf.BenchException;
import org.junit.jupiter.api.Test;

class WorkerFiguresTest {
    private static final String WORKER = """
        {"rxPackets": 9, "cycles": 4, "allocatedBytes": 0, "frames": 100, "frames-free": 60, "frames-outstanding": 38,
         "frames-held": HELD, "frame-violations": 0, "frame-miscounts": 1, "failures": 0}""";

    private static WorkerFigures read(final String json) throws IOException {
        return WorkerFigures.of(new ObjectMapper().readTree(json));
    }

    @Test
    void shouldCountFramesThatNobodyHasAndBreachesOfTheLaw() throws IOException {
        assertEquals(1, read(WORKER.replace("HELD", "2")).framesMissing(), "one miscount");
        assertEquals(3, read(WORKER.replace("HELD", "0")).framesMissing(), "two frames are nowhere");
        assertEquals(2, read(WORKER.replace("HELD", "3")).framesMissing(), "one frame is in two places");
    }

    @Test
    void shouldRefuseCountersOfAnotherBuild() {
        final BenchException missing = assertThrows(BenchException.class, () -> read("{\"rxPackets\": 9}"));
        assertTrue(missing.getMessage().contains("read cycles of a worker"), missing.getMessage());
    }
}
