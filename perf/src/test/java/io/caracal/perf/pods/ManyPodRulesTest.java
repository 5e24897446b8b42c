package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.Test;

class ManyPodRulesTest {
    private static final List<String> INTERFACES =
        List.of("cali00000000001", "cali00000000002", "califffffffff03");

    private static List<String> lines() {
        return ManyPodRules.of(FelixRules.recorded("node1.iptables-save"), INTERFACES).lines().toList();
    }

    @Test
    void shouldLeaveNoRecordedPodAndGiveEachNewOneItsChains() {
        final List<String> recorded = FelixRules.recorded("node1.iptables-save").lines().toList();
        final List<String> lines = lines();
        assertFalse(lines.stream().anyMatch(line -> line.contains("cali656afe90a5c")));
        final long pattern = recorded.stream().filter(line -> line.contains("-fw-cali656afe90a5c")
            && line.startsWith("-A cali-fw-")).count();
        for (final String name : INTERFACES) {
            assertEquals(pattern, lines.stream().filter(line -> line.startsWith("-A cali-fw-" + name)).count(), name);
            assertEquals(1, lines.stream().filter(line -> line.equals(":cali-tw-" + name + " - [0:0]")).count(), name);
        }
    }

    @Test
    void shouldDispatchByTheFirstDigitAndThenByName() {
        final List<String> from = lines().stream().filter(line -> line.startsWith("-A cali-from-wl-dispatch")).toList();
        assertEquals(List.of(
            "-A cali-from-wl-dispatch -i cali0+ -g cali-from-wl-dispatch-0",
            "-A cali-from-wl-dispatch-0 -i cali00000000001 -g cali-fw-cali00000000001",
            "-A cali-from-wl-dispatch-0 -i cali00000000002 -g cali-fw-cali00000000002",
            "-A cali-from-wl-dispatch-0 -m comment --comment \"Unknown interface\" -j DROP",
            "-A cali-from-wl-dispatch -i calif+ -g cali-from-wl-dispatch-f",
            "-A cali-from-wl-dispatch-f -i califffffffff03 -g cali-fw-califffffffff03",
            "-A cali-from-wl-dispatch-f -m comment --comment \"Unknown interface\" -j DROP"), from.subList(0, 7));
        assertTrue(from.get(7).endsWith("-j DROP"), from.toString());
        assertEquals(8, from.size());
    }
}
