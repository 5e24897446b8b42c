package io.caracal.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuiltInScenariosTest {
    @ParameterizedTest
    @ValueSource(strings = {"tcp-1", "tcp-4", "udp-64", "udp-1400", "service-tcp", "service-crr", "vxlan-tcp-1",
        "vxlan-tcp-4", "nat-tcp-1", "vxlan", "crr-1", "crr-64", "crr-1000-rules", "crr-10k-rules", "tcp-1-java", "pps-64",
        "latency-p50", "latency-p99", "tcp-rr", "pods-50", "victim", "cpu", "restart", "memory"})
    void shouldHaveEveryScenarioByItsName(final String name) {
        final Scenario scenario = BuiltInScenarios.registry().find(List.of(name)).getFirst();
        assertEquals(name, scenario.name());
        assertEquals("caracal", scenario.contenders().getFirst());
        scenario.bars().forEach(bar -> assertEquals("caracal", bar.of(), bar.sentence()));
    }

    @Test
    void shouldMeasureWhomItsBarsName() {
        for (final Scenario scenario : BuiltInScenarios.registry().scenarios()) {
            scenario.bars().stream().filter(bar -> scenario.name().startsWith("tcp-"))
                .forEach(bar -> assertTrue(scenario.contenders().contains(bar.to()), bar.sentence()));
        }
    }
}
