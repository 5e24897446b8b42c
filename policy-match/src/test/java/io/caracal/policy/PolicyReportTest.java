package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What people ask: who selects this endpoint, which rule is useless, which member decided, what is logged. */
class PolicyReportTest {
    private final PolicySet set = new PolicyFixture().set("s:peers", IpSetKind.NET, "10.8.0.0/16", "10.8.3.0/24")
        .policy("web", PolicyFixture.rule(new RuleFields().protocol("tcp", false)
                .ipSets(PeerSide.SOURCE, List.of("s:peers"), false)),
            PolicyFixture.rule(new RuleFields().action("log")),
            PolicyFixture.rule(new RuleFields().action("deny").protocol("udp", false)),
            PolicyFixture.rule(new RuleFields().protocol("udp", false).nets(PeerSide.SOURCE, List.of("10.8.0.0/16"),
                false)))
        .policy("staged-all", PolicyFixture.rule("deny")).tierB(false, "staged-all", "web").profilesB("all").build();

    @Test
    void shouldNameThePoliciesOfAnEndpoint() {
        final PolicyReport report = new PolicyReport(set);
        assertEquals(List.of(PolicyFixture.id("staged-all"), PolicyFixture.id("web")),
            report.policiesOf("k8s/b/b/eth0"));
        assertEquals(List.of(), report.policiesOf("k8s/a/a/eth0"));
    }

    @Test
    void shouldFindRulesThatNeverMatch() {
        final List<PolicyReport.Shadowed> shadowed = new PolicyReport(set).shadowed();
        assertEquals(List.of("ingress 3 by 2", "egress 3 by 2"), shadowed.stream()
            .map(found -> found.direction() + " " + found.index() + " by " + found.shadowedBy()).toList());
    }

    @Test
    void shouldFindRulesBehindWiderPrefixesAndPorts() {
        final PolicySet wide = new PolicyFixture().policy("web",
            rule("deny", "10.8.0.0/16", 80, 90), rule("allow", "10.8.3.0/24", 85, 85),
            rule("allow", "10.8.3.0/24", 85, 95),
            rule("log", "10.0.0.0/8", 1, 1023), rule("allow", "10.9.0.0/16", 80, 80)).build();
        assertEquals(List.of("ingress 1 by 0", "egress 1 by 0"), new PolicyReport(wide).shadowed().stream()
            .map(found -> found.direction() + " " + found.index() + " by " + found.shadowedBy()).toList());
    }

    private static Rule rule(final String action, final String net, final int first, final int last) {
        return new RuleFields().action(action).protocol("tcp", false).nets(PeerSide.SOURCE, List.of(net), false)
            .ports(PeerSide.DESTINATION, List.of(new PortRange(first, last)), List.of(), false).rule();
    }

    @Test
    void shouldNameTheMemberThatDecided() {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(set);
        final PolicyPacket packet =
            PolicyFixture.tcp("10.8.3.4", "10.0.0.2", 80).way(PolicyFixture.UPLINK, PolicyFixture.POD_B);
        final Decision decision = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null)
            .explain(compiler.publish(), packet);
        assertTrue(decision.allowed(), decision::toString);
        assertEquals("[src 10.8.3.0/24 is in IP set s:peers]",
            SetEvidence.of(compiler, packet, decision).toString());
    }

    @Test
    void shouldLogWithPrefixAndLimit() {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(set);
        final CompiledPolicy policy = compiler.publish();
        final PolicyLog ring = new PolicyLog(8);
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, ring);
        final List<String> lines = new ArrayList<>();
        final PolicyLogThread thread = new PolicyLogThread(List.of(ring), new PolicyLogFormat("drop %t|%k|%n"),
            new PolicyLogThread.Limit(10, 2), lines::add);
        final PolicyPacket packet = PolicyFixture.tcpToB(80);
        for (int i = 0; i < 10; i++) {
            evaluator.allows(policy, packet);
        }
        assertEquals(2, ring.lost(), "ten packets in a ring of eight");
        assertEquals(8, thread.drain(0));
        assertEquals(2, lines.size(), "a burst of two");
        assertTrue(lines.getFirst().startsWith("drop tier0|gnp|web: "), lines.getFirst());
        evaluator.allows(policy, packet);
        evaluator.allows(policy, packet);
        assertEquals(2, thread.drain(100_000_000));
        assertEquals(3, thread.writtenCount(), "one more after a tenth of a second");
        assertEquals(7, thread.limitedCount());
    }
}
