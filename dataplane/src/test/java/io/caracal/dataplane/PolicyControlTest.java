package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.caracal.control.NodeChange.FelixSettings;
import io.caracal.control.PolicyChange.WorkloadPolicyRemove;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.WorkloadEndpoint;
import io.caracal.stage.SourcePrefixes;
import org.junit.jupiter.api.Test;

class PolicyControlTest {
    private static final WorkloadEndpoint WEB = new WorkloadEndpoint("k8s/shop/web/eth0", "cali1", true,
        List.of(Prefix.parse("10.65.0.2")), List.of(), List.of());

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final PolicyControl policy = new PolicyControl(1, new EngineLog(new PrintStream(logged, true)));

    private static FelixSettings spoofing(final String word) {
        return new FelixSettings(Map.of("WorkloadSourceSpoofing", word));
    }

    @Test
    void shouldNameEndpointsWhoseExemptionHasNoEffect() {
        final WorkloadPolicyUpdate exempt = new WorkloadPolicyUpdate(WEB, List.of(Prefix.parse("203.0.113.0/24")));
        policy.onChange(exempt);
        policy.onChange(exempt);
        final String problem = "workload endpoint k8s/shop/web/eth0: allowSpoofedSourcePrefixes [203.0.113.0/24] have no"
            + " effect: the setting WorkloadSourceSpoofing is not Any";
        assertEquals(List.of(problem), policy.problems());
        assertEquals(1, logged.toString().lines().filter(line -> line.contains(problem)).count(), logged.toString());
        assertEquals(SourcePrefixes.NONE, policy.exemptions().of(WEB.id()));
        policy.onChange(new WorkloadPolicyUpdate(WEB, List.of()));
        assertEquals(List.of(), policy.problems());
        policy.onChange(exempt);
        policy.onChange(new WorkloadPolicyRemove(WEB.id()));
        assertTrue(policy.problems().isEmpty(), policy.problems().toString());
    }

    @Test
    void shouldExemptWhileTheSettingIsAny() {
        final SourceExemptions exemptions = policy.exemptions();
        exemptions.onSettings(spoofing("Any"));
        policy.onChange(new WorkloadPolicyUpdate(WEB,
            List.of(Prefix.parse("203.0.113.0/24"), Prefix.parse("2001:db8:5::/48"))));
        assertTrue(exemptions.takeChange());
        assertFalse(exemptions.takeChange());
        assertEquals(List.of(), policy.problems());
        assertEquals(SourcePrefixes.of("203.0.113.0/24", "2001:db8:5::/48"), exemptions.of(WEB.id()));
        assertEquals(SourcePrefixes.NONE, exemptions.of("k8s/shop/db/eth0"));
        exemptions.onSettings(spoofing("any"));
        assertFalse(exemptions.takeChange());
        exemptions.onSettings(spoofing("Disabled"));
        assertTrue(exemptions.takeChange());
        assertEquals(SourcePrefixes.NONE, exemptions.of(WEB.id()));
        assertEquals(1, policy.problems().size());
    }

    @Test
    void shouldTellWhoMayLessThanBefore() {
        final SourceExemptions exemptions = policy.exemptions();
        final SourcePrefixes wide = SourcePrefixes.of("203.0.113.0/24");
        assertEquals(Set.of(), exemptions.published(Map.of(12, wide, 13, SourcePrefixes.NONE, 14, wide)));
        assertEquals(Set.of(12, 14), exemptions.published(Map.of(12, SourcePrefixes.of("203.0.113.0/25"), 13, wide)));
        assertEquals(Set.of(), exemptions.published(Map.of(12, SourcePrefixes.of("203.0.113.0/25"), 13, wide)));
    }
}
