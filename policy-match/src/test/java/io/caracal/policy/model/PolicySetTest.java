package io.caracal.policy.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong is refused, and the message names the object. */
class PolicySetTest {
    private static final PolicyId ID = new PolicyId("web", "app", "NetworkPolicy");
    private static final IpSet NETS = new IpSet("s:1", IpSetMembers.parse(IpSetKind.NET, List.of("10.0.0.0/8")));

    private static PolicySet set(final List<IpSet> sets, final List<Rule> rules, final List<Tier> tiers) {
        final List<Policy> policies = List.of(new Policy(ID, "default", rules, List.of()));
        final WorkloadEndpoint pod =
            new WorkloadEndpoint("k8s/app/web-1/eth0", "cali1", true, List.of(), tiers, List.of("kns.app"));
        return new PolicySet(PolicyConfig.DEFAULTS, new PolicyObjects(sets, policies, List.of()),
            new EndpointSet(List.of(pod), List.of(), List.of()));
    }

    private static String refusal(final Runnable act) {
        return assertThrows(PolicyException.class, act::run).getMessage();
    }

    @Test
    void shouldNameTheRuleThatUsesAMissingSet() {
        final Rule rule = new RuleFields().ipSets(PeerSide.SOURCE, List.of("s:none"), true).rule();
        assertEquals("policy NetworkPolicy app/web ingress rule 1: uses IP set s:none as NET, but there is no such set",
            refusal(() -> set(List.of(NETS), List.of(new RuleFields().rule(), rule), List.of())));
    }

    @Test
    void shouldNameTheRuleThatUsesASetAsWhatItIsNot() {
        final Rule rule = new RuleFields().ports(PeerSide.DESTINATION, List.of(), List.of("s:1"), false).rule();
        assertEquals("policy NetworkPolicy app/web ingress rule 0: uses IP set s:1 as IP_AND_PORT, but it is NET",
            refusal(() -> set(List.of(NETS), List.of(rule), List.of())));
    }

    @Test
    void shouldNameTheEndpointWhoseTierListsAMissingPolicy() {
        final PolicyId missing = new PolicyId("none", "", "GlobalNetworkPolicy");
        final PolicyId staged = new PolicyId("none", "", "StagedGlobalNetworkPolicy");
        final Tier tier = new Tier("ops", List.of(ID, staged, missing), List.of(), false);
        assertEquals("workload endpoint k8s/app/web-1/eth0: names policy GlobalNetworkPolicy none in tier ops, "
            + "but there is no such policy", refusal(() -> set(List.of(), List.of(), List.of(tier))));
    }

    @Test
    void shouldRefuseAnIdGivenTwice() {
        assertEquals("IP set s:1: is given twice", refusal(() -> set(List.of(NETS, NETS), List.of(), List.of())));
    }

    @ParameterizedTest
    @CsvSource({
        "allow, ALLOW", "'', ALLOW", "deny, DENY", "pass, PASS", "next-tier, PASS", "log, LOG",
    })
    void shouldReadFelixActions(final String word, final RuleAction action) {
        assertEquals(action, new RuleFields().action(word).rule().action());
    }

    @Test
    void shouldRefuseFieldsByName() {
        assertEquals("rule field http_match: is not supported: this dataplane matches layers 3 and 4 only",
            refusal(() -> new RuleFields().unsupported("http_match")));
        assertEquals("action reject: is none of allow, deny, pass, next-tier, log",
            refusal(() -> new RuleFields().action("reject")));
        assertEquals("ip_version 5: is none of 0 (any), 4, 6", refusal(() -> new RuleFields().ipVersion(5)));
        assertEquals("ICMP type 256 code -1: is not within 0-255", refusal(() -> new RuleFields().icmp(256, -1, false)));
        assertEquals("port range 80-79: is not ascending within 0-65535", refusal(() -> new PortRange(80, 79)));
        for (final String word : List.of("0", "256", "-1", "ipip", "")) {
            assertEquals("protocol " + word + ": is neither tcp, udp, icmp, icmpv6, sctp, udplite nor 1-255",
                refusal(() -> new RuleFields().protocol(word, false)));
        }
        assertEquals("default_action Allow: is neither Deny nor Pass", refusal(() -> Tier.parseDefaultPass("Allow")));
        assertEquals("DefaultEndpointToHostAction Allow: is none of Drop, Accept, Return, Reject",
            refusal(() -> EndpointToHostAction.parse("Allow")));
    }

    @ParameterizedTest
    @CsvSource({"22, tcp:22", "udp:53, udp:53", "tcp:10.0.0.0/8:22, tcp:10.0.0.0/8:22",
        "tcp:[fd00::/8]:22, tcp:fd00:0:0:0:0:0:0:0/8:22"})
    void shouldReadFailsafePorts(final String text, final String expected) {
        assertEquals(expected, FailsafePort.parse(text).toString());
    }

    @Test
    void shouldReadFailsafeLists() {
        assertEquals(List.of(), FailsafePorts.parse("none"));
        assertEquals(2, FailsafePorts.parse("tcp:22, udp:53").size());
        assertEquals("failsafe port tcp:: is none of port, protocol:port, protocol:net:port",
            refusal(() -> FailsafePorts.parse("tcp:")));
    }
}
