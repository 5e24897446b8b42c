package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;

import io.caracal.control.PolicyChange.WorkloadPolicyRemove;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.WorkloadEndpoint;
import org.junit.jupiter.api.Test;

class PolicyControlTest {
    private static final WorkloadEndpoint WEB = new WorkloadEndpoint("k8s/shop/web/eth0", "cali1", true,
        List.of(Prefix.parse("10.65.0.2")), List.of(), List.of());

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final PolicyControl policy = new PolicyControl(1, new EngineLog(new PrintStream(logged, true)));

    @Test
    void shouldNameEndpointsWhoseSpoofedSourcesAreNotLetThrough() {
        final WorkloadPolicyUpdate spoofing = new WorkloadPolicyUpdate(WEB, List.of(Prefix.parse("203.0.113.0/24")));
        policy.onChange(spoofing);
        policy.onChange(spoofing);
        final String problem = "workload endpoint k8s/shop/web/eth0: allowSpoofedSourcePrefixes [203.0.113.0/24] have no"
            + " effect: packets from sources that are not its own are dropped";
        assertEquals(List.of(problem), policy.problems());
        assertEquals(1, logged.toString().lines().filter(line -> line.contains(problem)).count(), logged.toString());
        policy.onChange(new WorkloadPolicyUpdate(WEB, List.of()));
        assertEquals(List.of(), policy.problems());
        policy.onChange(spoofing);
        policy.onChange(new WorkloadPolicyRemove(WEB.id()));
        assertTrue(policy.problems().isEmpty(), policy.problems().toString());
    }
}
