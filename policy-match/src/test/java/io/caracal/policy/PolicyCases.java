package io.caracal.policy;

import static io.caracal.policy.PolicyFixture.POD_A;
import static io.caracal.policy.PolicyFixture.POD_B;
import static io.caracal.policy.PolicyFixture.UPLINK;
import static io.caracal.policy.PolicyFixture.rule;
import static io.caracal.policy.PolicyFixture.tcp;
import static io.caracal.policy.PolicyFixture.tcpToB;
import static io.caracal.policy.PolicyFixture.tier;

import io.caracal.policy.model.EndpointToHostAction;
import io.caracal.policy.model.HostTiers;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.MatchDimension.Icmp;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import java.util.ArrayList;
import java.util.List;

/** The table of {@link PolicyCase}. */
final class PolicyCases {
    private static final PolicyPacket HTTP = tcpToB(80);
    private static final PolicyPacket SIX =
        new PolicyPacket().addresses(Prefix.parse("fd00::1"), Prefix.parse("fd00::2")).transport(6, 1, 80)
            .way(POD_A, POD_B);

    private final List<PolicyCase> cases = new ArrayList<>();

    static List<PolicyCase> all() {
        final PolicyCases cases = new PolicyCases();
        cases.tiers();
        cases.profiles();
        cases.families();
        cases.matches();
        cases.ports();
        cases.endpoints();
        cases.hostEndpoints();
        cases.toHost();
        return cases.cases;
    }

    private void add(final String name, final PolicyFixture fixture, final PolicyPacket packet, final boolean allowed,
        final DecisionReason reason) {
        cases.add(new PolicyCase(name, fixture.build(), packet, allowed, reason));
    }

    private void allow(final String name, final PolicyFixture fixture, final PolicyPacket packet) {
        add(name, fixture, packet, true, DecisionReason.FORWARDED);
    }

    private void deny(final String name, final PolicyFixture fixture, final PolicyPacket packet) {
        add(name, fixture, packet, false, DecisionReason.RULE);
    }

    private static PolicyFixture fixture() {
        return new PolicyFixture();
    }

    /** Pod B has one policy of one rule; no match is the end of the tier. */
    private static PolicyFixture only(final Rule rule) {
        return fixture().policy("p", rule).tierB(false, "p");
    }

    private void tiers() {
        final Rule port1 = rule(new RuleFields().ports(PeerSide.DESTINATION, List.of(new PortRange(1, 1)), List.of(), false));
        allow("P1 first tier decides", fixture().policy("a", rule("allow")).policy("d", rule("deny"))
            .tierB(false, "a").tierB(false, "d"), HTTP);
        deny("P1 first policy of a tier decides", fixture().policy("a", rule("allow")).policy("d", rule("deny"))
            .tierB(false, "d", "a"), HTTP);
        allow("P2 tier with egress policies only leaves ingress alone", fixture().policy("d", rule("deny"))
            .tierB(new Tier("t", List.of(), List.of(PolicyFixture.id("d")), false)).profilesB("all"), HTTP);
        allow("P3 pass skips the rest of the tier", fixture().policy("p", rule("pass")).policy("d", rule("deny"))
            .policy("a", rule("allow")).tierB(false, "p", "d").tierB(false, "a"), HTTP);
        allow("P3 pass in the last tier reaches the profiles", fixture().policy("p", rule("next-tier"))
            .tierB(false, "p").profilesB("all"), HTTP);
        add("P3 pass to nowhere", fixture().policy("p", rule("pass")).tierB(false, "p"), HTTP, false,
            DecisionReason.NO_PROFILE_MATCHED);
        add("P4 end of tier denies", fixture().policy("p", port1).tierB(false, "p").profilesB("all"), HTTP, false,
            DecisionReason.END_OF_TIER);
        allow("P4 end of tier passes", fixture().policy("p", port1).tierB(true, "p").profilesB("all"), HTTP);
        add("P4 a policy without rules ends its tier", fixture().policy("p").tierB(false, "p").profilesB("all"), HTTP,
            false, DecisionReason.END_OF_TIER);
        allow("P5 staged policies are skipped", fixture().policy("staged-d", rule("deny")).policy("a", rule("allow"))
            .tierB(false, "staged-d", "a"), HTTP);
        allow("P5 a tier of staged policies passes", fixture().policy("staged-d", rule("deny"))
            .tierB(false, "staged-d").profilesB("all"), HTTP);
        allow("P9 log goes on", fixture().policy("l", rule("log"), rule("allow"), rule("deny")).tierB(false, "l"), HTTP);
        add("P9 log never decides", fixture().policy("l", rule("log")).tierB(false, "l"), HTTP, false,
            DecisionReason.END_OF_TIER);
    }

    private void profiles() {
        add("P6 nothing matches", fixture().profile("none").profilesB("none"), HTTP, false,
            DecisionReason.NO_PROFILE_MATCHED);
        add("P6 no profile at all", fixture(), HTTP, false, DecisionReason.NO_PROFILE_MATCHED);
        allow("P6 profiles in order", fixture().profile("none").profile("d", rule("deny"))
            .profilesB("none", "all", "d"), HTTP);
        add("P7 missing profile denies", fixture().profilesB("gone", "all"), HTTP, false, DecisionReason.PROFILE_MISSING);
        allow("P8 pass in a profile goes on with the next", fixture().profile("p", rule("pass"), rule("deny"))
            .profilesB("p", "all"), HTTP);
        add("P8 pass in the last profile", fixture().profile("p", rule("pass"), rule("allow")).profilesB("p"), HTTP, false,
            DecisionReason.NO_PROFILE_MATCHED);
    }

    private void families() {
        final RuleFields mixed = new RuleFields().nets(PeerSide.SOURCE, List.of("10.0.0.0/8", "fd00::/8"), false);
        allow("P11 mixed families, IPv4", only(mixed.rule()), HTTP);
        allow("P11 mixed families, IPv6", only(mixed.rule()), SIX);
        final Rule emptied = mixed.nets(PeerSide.DESTINATION, List.of("10.0.0.0/8"), false).rule();
        allow("P11 list with own family", only(emptied), HTTP);
        end("P11 list without own family", only(emptied), SIX);
        end("P11 negated list without own family",
            only(rule(new RuleFields().nets(PeerSide.SOURCE, List.of("fd00::/8"), true))), HTTP);
        end("P11 negated everything", only(rule(new RuleFields().nets(PeerSide.SOURCE, List.of("0.0.0.0/0"), true))), HTTP);
        end("P11 negated everything among others",
            only(rule(new RuleFields().nets(PeerSide.SOURCE, List.of("8.8.8.8/32", "0.0.0.0/0"), true))), HTTP);
        allow("P11 negated everything of the other family",
            only(rule(new RuleFields().nets(PeerSide.SOURCE, List.of("8.8.8.8/32", "::/0"), true))), HTTP);
        allow("P11 ip_version 4", only(rule(new RuleFields().ipVersion(4))), HTTP);
        end("P11 ip_version 6", only(rule(new RuleFields().ipVersion(6))), HTTP);
        allow("P11 ip_version any", only(rule(new RuleFields().ipVersion(0))), SIX);
    }

    private void end(final String name, final PolicyFixture fixture, final PolicyPacket packet) {
        add(name, fixture, packet, false, DecisionReason.END_OF_TIER);
    }

    private void matches() {
        allow("P12 protocol by name", only(rule(new RuleFields().protocol("TCP", false))), HTTP);
        allow("P12 protocol by number", only(rule(new RuleFields().protocol("6", false))), HTTP);
        end("P12 other protocol", only(rule(new RuleFields().protocol("udp", false))), HTTP);
        end("P12 not this protocol", only(rule(new RuleFields().protocol("tcp", true))), HTTP);
        allow("P12 protocol and another negated",
            only(rule(new RuleFields().protocol("tcp", false).protocol("udp", true))), HTTP);
        final Rule both = rule(new RuleFields().ipSets(PeerSide.SOURCE, List.of("s:1", "s:2"), false));
        allow("P10 every set must contain the address", only(both).set("s:1", IpSetKind.NET, "10.0.0.1/32")
            .set("s:2", IpSetKind.NET, "10.0.0.0/24", "fd00::/8"), HTTP);
        end("P10 one set does not", only(both).set("s:1", IpSetKind.NET, "10.0.0.1/32")
            .set("s:2", IpSetKind.NET, "10.0.0.2/32"), HTTP);
        end("P15 empty set", only(rule(new RuleFields().ipSets(PeerSide.SOURCE, List.of("s:1"), false)))
            .set("s:1", IpSetKind.NET), HTTP);
        allow("P15 negated empty set", only(rule(new RuleFields().ipSets(PeerSide.SOURCE, List.of("s:1"), true)))
            .set("s:1", IpSetKind.NET), HTTP);
        end("P15 negated set with everything", only(rule(new RuleFields().ipSets(PeerSide.SOURCE, List.of("s:1"), true)))
            .set("s:1", IpSetKind.NET, "0.0.0.0/0"), HTTP);
        allow("P15 one set mixes families", only(rule(new RuleFields().ipSets(PeerSide.SOURCE, List.of("s:1"), false)))
            .set("s:1", IpSetKind.NET, "10.9.9.9/32", "fd00::1/128"), SIX);
        icmp();
    }

    private void icmp() {
        final PolicyPacket echo = tcpToB(0).transport(1, 0, 8 << 8);
        final PolicyPacket echo6 = new PolicyPacket().addresses(Prefix.parse("fd00::1"), Prefix.parse("fd00::2"))
            .transport(58, 0, 128 << 8 | 1).way(POD_A, POD_B);
        final PolicyPacket odd = tcpToB(0).transport(58, 0, 8 << 8);
        allow("P14 type", only(rule(new RuleFields().icmp(8, Icmp.ANY_CODE, false))), echo);
        allow("P14 type and code", only(rule(new RuleFields().icmp(8, 0, false))), echo);
        end("P14 other code", only(rule(new RuleFields().icmp(8, 1, false))), echo);
        end("P14 other type", only(rule(new RuleFields().icmp(0, Icmp.ANY_CODE, false))), echo);
        end("P14 not type", only(rule(new RuleFields().icmp(8, Icmp.ANY_CODE, true))), echo);
        allow("P14 not type and code", only(rule(new RuleFields().icmp(8, 1, true))), echo);
        allow("P14 IPv6 type and code", only(rule(new RuleFields().icmp(128, 1, false))), echo6);
        end("P14 negated wants ICMP", only(rule(new RuleFields().icmp(8, Icmp.ANY_CODE, true))), HTTP);
        end("P14 ICMPv6 in IPv4 is no ICMP", only(rule(new RuleFields().icmp(8, Icmp.ANY_CODE, false))), odd);
    }

    private void ports() {
        final List<PortRange> web = List.of(new PortRange(80, 81), new PortRange(443, 443));
        final Rule rule = rule(new RuleFields().ports(PeerSide.DESTINATION, web, List.of(), false));
        allow("P13 first of a range", only(rule), tcpToB(80));
        allow("P13 last of a range", only(rule), tcpToB(81));
        end("P13 one beyond", only(rule), tcpToB(82));
        end("P13 one before", only(rule), tcpToB(79));
        final Rule not = rule(new RuleFields().ports(PeerSide.DESTINATION, web, List.of(), true));
        end("P13 not ports", only(not), tcpToB(443));
        allow("P13 not ports, other port", only(not), tcpToB(444));
        end("P13 not ports wants ports", only(not), tcpToB(80).transport(99, 0, 0));
        allow("P13 extremes", only(rule(new RuleFields().ports(PeerSide.DESTINATION,
            List.of(new PortRange(0, 0), new PortRange(65_535, 65_535)), List.of(), false))), tcpToB(65_535));
        final Rule source = rule(new RuleFields().ports(PeerSide.SOURCE, List.of(new PortRange(40_000, 40_000)),
            List.of(), false));
        allow("P13 source port", only(source), HTTP);
        final Rule named = rule(new RuleFields().ports(PeerSide.DESTINATION, web, List.of("n"), false));
        allow("P13 named port or number, by name", only(named).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,tcp:8080"),
            tcpToB(8080));
        allow("P13 named port or number, by number", only(named).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,tcp:8080"), HTTP);
        end("P13 named port of another protocol", only(named).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,udp:8080"),
            tcpToB(8080));
        final Rule notNamed = rule(new RuleFields().ports(PeerSide.DESTINATION, List.of(), List.of("n"), true));
        end("P13 not named port", only(notNamed).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,tcp:80"), HTTP);
        allow("P13 not named port lets other protocols through",
            only(notNamed).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,tcp:80"), tcpToB(80).transport(99, 0, 0));
        final Rule service = rule(new RuleFields().dstIpPortSets(List.of("n")));
        allow("P17 service", only(service).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,tcp:80"), HTTP);
        end("P17 service, other port", only(service).set("n", IpSetKind.IP_AND_PORT, "10.0.0.2,tcp:81"), HTTP);
        final PolicyPacket fragment = tcpToB(80);
        fragment.hasTransport = false;
        end("no transport header, no ports", only(rule), fragment);
    }

    private void endpoints() {
        add("E1 unknown workload interface in", fixture().profilesB("all"), tcp("10.0.0.3", "10.0.0.2", 80).way(12, POD_B),
            false, DecisionReason.INTERFACE_UNKNOWN);
        add("E1 unknown workload interface out", fixture().profilesB("all"), tcp("10.0.0.3", "10.0.0.2", 80).way(POD_A, 12),
            false, DecisionReason.INTERFACE_UNKNOWN);
        add("E1 interface that does not exist", fixture(), tcp("10.0.0.3", "10.0.0.2", 80).way(99, POD_B), false,
            DecisionReason.INTERFACE_UNKNOWN);
        add("E2 endpoint not active", fixture().downB().profilesB("all"), HTTP, false, DecisionReason.ENDPOINT_DOWN);
        deny("both pods must agree", fixture().policy("d", rule("deny")).tierB(false, "d"),
            tcp("10.0.0.2", "10.0.0.1", 80).way(POD_B, POD_A));
        add("E17 host to its own pod", fixture(), tcp("192.0.2.1", "10.0.0.2", 80).way(0, POD_B), true,
            DecisionReason.HOST_TO_WORKLOAD);
        add("E19 VXLAN of a pod", fixture().profilesB("all"),
            tcp("10.0.0.1", "192.0.2.9", 0).transport(17, 1, 4789).way(POD_A, UPLINK), false,
            DecisionReason.TUNNEL_FROM_WORKLOAD);
        add("E19 IPIP of a pod", fixture().profilesB("all"),
            tcp("10.0.0.1", "192.0.2.9", 0).transport(4, 0, 0).way(POD_A, UPLINK), false,
            DecisionReason.TUNNEL_FROM_WORKLOAD);
        allow("E19 VXLAN to a pod", fixture().profilesB("all"),
            tcp("192.0.2.9", "10.0.0.2", 0).transport(17, 1, 4789).way(UPLINK, POD_B));
        final PolicyPacket invalid = tcpToB(80);
        invalid.invalid = true;
        add("invalid packet", fixture().profilesB("all"), invalid, false, DecisionReason.CONNECTION_INVALID);
    }

    private static HostTiers hostTiers(final List<Tier> normal, final List<Tier> untracked, final List<Tier> preDnat,
        final List<Tier> forward) {
        return new HostTiers(normal, untracked, preDnat, forward);
    }

    private void hostEndpoints() {
        final HostTiers nothing = hostTiers(List.of(), List.of(), List.of(), List.of());
        final List<Tier> denies = List.of(tier("t", false, "d"));
        final PolicyFixture denied = fixture().policy("d", rule("deny")).profilesB("all");
        add("no host endpoint", fixture(), tcp("192.0.2.9", "192.0.2.1", 80).way(UPLINK, 0), true,
            DecisionReason.NO_HOST_ENDPOINT);
        add("E11 no profile, no policy", fixture().host("eth0", nothing), tcp("192.0.2.9", "192.0.2.1", 80).way(UPLINK, 0),
            false, DecisionReason.NO_PROFILE_MATCHED);
        add("E15 failsafe in", fixture().host("eth0", nothing), tcp("192.0.2.9", "192.0.2.1", 22).way(UPLINK, 0), true,
            DecisionReason.FAILSAFE);
        add("E15 failsafe out", fixture().host("eth0", nothing), tcp("192.0.2.1", "192.0.2.9", 6443).way(0, UPLINK), true,
            DecisionReason.FAILSAFE);
        add("E15 inbound failsafe is none outbound", fixture().host("eth0", nothing),
            tcp("192.0.2.1", "192.0.2.9", 22).way(0, UPLINK), false, DecisionReason.NO_PROFILE_MATCHED);
        allow("E12 no forward policy", fixture().profilesB("all").host("eth0", nothing),
            tcp("192.0.2.9", "10.0.0.2", 80).way(UPLINK, POD_B));
        deny("E12 forward policy", denied.host("eth0", hostTiers(List.of(), List.of(), List.of(), denies)),
            tcp("192.0.2.9", "10.0.0.2", 80).way(UPLINK, POD_B));
        deny("E12 forward policy has no failsafes", denied, tcp("192.0.2.9", "10.0.0.2", 22).way(UPLINK, POD_B));
        deny("E13 before DNAT", fixture().policy("d", rule("deny")).profilesB("all")
            .host("eth0", hostTiers(List.of(), List.of(), denies, List.of())),
            tcp("192.0.2.9", "10.0.0.2", 80).way(UPLINK, POD_B));
        add("E13 accepted before DNAT skips normal policy", fixture().policy("a", rule("allow"))
            .host("eth0", hostTiers(List.of(), List.of(), List.of(tier("t", true, "a")), List.of())),
            tcp("192.0.2.9", "192.0.2.1", 80).way(UPLINK, 0), true, DecisionReason.RULE);
        deny("E14 untracked", fixture().policy("d", rule("deny")).profilesB("all")
            .host("eth0", hostTiers(List.of(), denies, List.of(), List.of())),
            tcp("192.0.2.9", "10.0.0.2", 80).way(UPLINK, POD_B));
        allow("E14 untracked policy of * is ignored", fixture().policy("d", rule("deny")).profilesB("all")
            .host("*", hostTiers(List.of(), denies, List.of(), List.of())),
            tcp("192.0.2.9", "10.0.0.2", 80).way(UPLINK, POD_B));
        deny("E12 forward policy of * from pod to pod", fixture().policy("d", rule("deny")).profilesB("all")
            .host("*", hostTiers(List.of(), List.of(), List.of(), denies)), HTTP);
        allow("E10 own host endpoint hides *", fixture().policy("d", rule("deny")).profilesB("all").host("eth0", nothing)
            .host("*", hostTiers(List.of(), List.of(), denies, List.of())),
            tcp("192.0.2.9", "10.0.0.2", 80).way(UPLINK, POD_B));
    }

    private void toHost() {
        final PolicyPacket packet = tcp("10.0.0.1", "192.0.2.1", 80).way(POD_A, 0);
        for (final EndpointToHostAction action : EndpointToHostAction.values()) {
            add("E16 " + action, fixture().toHost(action), packet, action.allows(), DecisionReason.ENDPOINT_TO_HOST);
        }
        final List<Tier> denies = List.of(tier("t", false, "d"));
        add("2.9 host endpoint of the uplink is not asked", fixture().toHost(EndpointToHostAction.ACCEPT)
            .policy("d", rule("deny")).host("eth0", hostTiers(denies, List.of(), denies, denies)), packet, true,
            DecisionReason.ENDPOINT_TO_HOST);
        deny("2.9 * denies before DNAT", fixture().toHost(EndpointToHostAction.ACCEPT).policy("d", rule("deny"))
            .host("*", hostTiers(List.of(), List.of(), denies, List.of())), packet);
        add("2.9 * accepts before DNAT, action drops", fixture().policy("a", rule("allow"))
            .host("*", hostTiers(List.of(), List.of(), List.of(tier("t", true, "a")), List.of())), packet, false,
            DecisionReason.ENDPOINT_TO_HOST);
        add("2.9 normal policy of * is not asked", fixture().toHost(EndpointToHostAction.ACCEPT).policy("d", rule("deny"))
            .host("*", hostTiers(denies, List.of(), List.of(), List.of())), packet, true, DecisionReason.ENDPOINT_TO_HOST);
        for (final int type : new int[] {130, 131, 132, 133, 135, 136}) {
            add("E18 ICMPv6 type " + type, fixture(), new PolicyPacket().addresses(Prefix.parse("fe80::1"),
                Prefix.parse("fe80::2")).transport(58, 0, type << 8).way(POD_A, 0), true, DecisionReason.NEIGHBOUR_DISCOVERY);
        }
        add("E18 ICMPv6 type 134", fixture(), new PolicyPacket().addresses(Prefix.parse("fe80::1"),
            Prefix.parse("fe80::2")).transport(58, 0, 134 << 8).way(POD_A, 0), false, DecisionReason.ENDPOINT_TO_HOST);
    }
}
