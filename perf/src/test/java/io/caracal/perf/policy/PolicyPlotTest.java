package io.caracal.perf.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.perf.report.ResultRow;
import io.caracal.perf.stats.Sample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyPlotTest {
    @TempDir
    private Path directory;

    private static ResultRow row(final String scenario, final String who, final String unit, final double value) {
        return ResultRow.of(scenario, who, unit, Sample.of(value));
    }

    @Test
    void shouldDrawVerdictsAndFlowsByTheNumberOfRules() throws IOException {
        PolicyPlot.write(List.of(row("policy-10", "caracal", "ns/verdict", 90),
            row("policy-100000", "caracal", "ns/verdict", 180), row("policy-10-cold", "caracal", "ns/verdict", 500),
            row("policy-10-build", "caracal", "ms", 3), row("policy-10-flows", "caracal", "flows/s", 100_000),
            row("policy-10-flows", "iptables", "flows/s", 200_000),
            row("policy-1000-flows", "iptables", "flows/s", 20_000)), directory);
        assertTrue(Files.readString(directory.resolve("policy.svg")).contains("<svg"));
        assertTrue(Files.readString(directory.resolve("policy-flows.svg")).contains("<svg"));
        assertEquals((byte)'P', Files.readAllBytes(directory.resolve("policy.png"))[1]);
        assertEquals((byte)'P', Files.readAllBytes(directory.resolve("policy-flows.png"))[1]);
    }

    @Test
    void shouldDrawALineForEachContender() throws IOException {
        final ResultRow ours = row("policy-10-flows", "caracal", "flows/s", 100_000);
        PolicyPlot.write(List.of(ours), directory);
        final long alone = Files.size(directory.resolve("policy-flows.svg"));
        PolicyPlot.write(List.of(ours, row("policy-10-flows", "nftables", "flows/s", 200_000)), directory);
        assertTrue(Files.size(directory.resolve("policy-flows.svg")) > alone, "a second line and its name are drawn");
    }

    @Test
    void shouldRefuseARowWhoseNumberOfRulesIsUnknown() {
        assertThrows(IllegalArgumentException.class,
            () -> PolicyPlot.write(List.of(row("policy", "caracal", "ns/verdict", 1)), directory));
    }
}
