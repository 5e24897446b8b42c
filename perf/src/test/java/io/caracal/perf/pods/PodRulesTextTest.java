package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.Test;

class PodRulesTextTest {
    private static final String CHAIN = "-A cali-pi-_LLtil-7nSgDhtQvXB9q ";

    @Test
    void shouldLeaveTheRecordedRulesAloneForOneRule() {
        final String recorded = FelixRules.recorded("node1.iptables-save");
        assertEquals(recorded, FelixRules.withRules(recorded, 1));
        assertFalse(recorded.contains("\n#"));
        assertTrue(recorded.startsWith("*raw\n"), recorded.substring(0, 20));
    }

    @Test
    void shouldPutStrangersBeforeTheRecordedRuleOfThePolicy() {
        final String text = FelixRules.withRules("*filter\n" + CHAIN + "-j LAST\nCOMMIT\n", 3);
        assertEquals(List.of("*filter",
            CHAIN + "-p tcp -s 10.200.0.1/32 -m multiport --dports 8080 -j MARK --set-xmark 0x10000/0x10000",
            CHAIN + "-m mark --mark 0x10000/0x10000 -j RETURN",
            CHAIN + "-p tcp -s 10.200.0.2/32 -m multiport --dports 8080 -j MARK --set-xmark 0x10000/0x10000",
            CHAIN + "-m mark --mark 0x10000/0x10000 -j RETURN",
            CHAIN + "-j LAST", "COMMIT"), text.lines().toList());
    }

    @Test
    void shouldGiveEveryStrangerItsOwnAddress() {
        assertEquals("10.200.0.255", PolicyText.stranger(255));
        assertEquals("10.200.1.0", PolicyText.stranger(256));
        assertEquals("10.200.39.15", PolicyText.stranger(9999));
    }

    @Test
    void shouldWriteAsManyRulesIntoTheManifest() {
        assertEquals(1, PolicyText.yaml(1).lines().filter(line -> line.startsWith("  - {action")).count());
        assertEquals(1000, PolicyText.yaml(1000).lines().filter(line -> line.startsWith("  - {action")).count());
        assertTrue(PolicyText.yaml(1000).stripTrailing().endsWith("source: {selector: app == \"frontend\"},"
            + " destination: {ports: [8080]}}"), PolicyText.yaml(2));
    }
}
