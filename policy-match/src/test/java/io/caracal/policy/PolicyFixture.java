package io.caracal.policy;

import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.EndpointToHostAction;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.HostTiers;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.ArrayList;
import java.util.List;

/** Builds small policy sets of two pods (interfaces 10, 11), an uplink (2) and maybe a host endpoint. */
final class PolicyFixture {
    static final int UPLINK = 2;
    static final int POD_A = 10;
    static final int POD_B = 11;
    static final Prefix IP_A = Prefix.parse("10.0.0.1");
    static final Prefix IP_B = Prefix.parse("10.0.0.2");

    private final List<IpSet> sets = new ArrayList<>();
    private final List<Policy> policies = new ArrayList<>();
    private final List<Profile> profiles = new ArrayList<>();
    private final List<HostEndpoint> hosts = new ArrayList<>();
    private final List<Tier> tiersB = new ArrayList<>();
    private final List<String> profilesB = new ArrayList<>();
    private boolean activeB = true;
    private PolicyConfig config = PolicyConfig.DEFAULTS;

    static PolicyId id(final String name) {
        return new PolicyId(name, "", name.startsWith("staged") ? "StagedGlobalNetworkPolicy" : "GlobalNetworkPolicy");
    }

    static Rule rule(final String action) {
        return new RuleFields().action(action).rule();
    }

    static Rule rule(final RuleFields fields) {
        return fields.rule();
    }

    PolicyFixture set(final String id, final IpSetKind kind, final String... members) {
        sets.add(new IpSet(id, IpSetMembers.parse(kind, List.of(members))));
        return this;
    }

    /** A policy with the same rules both ways. */
    PolicyFixture policy(final String name, final Rule... rules) {
        policies.add(new Policy(id(name), "tier", List.of(rules), List.of(rules)));
        return this;
    }

    PolicyFixture profile(final String name, final Rule... rules) {
        profiles.add(new Profile(name, List.of(rules), List.of(rules)));
        return this;
    }

    /** Gives pod B a tier with the policies in both directions. */
    PolicyFixture tierB(final boolean pass, final String... names) {
        tiersB.add(tier("tier" + tiersB.size(), pass, names));
        return this;
    }

    PolicyFixture tierB(final Tier tier) {
        tiersB.add(tier);
        return this;
    }

    PolicyFixture profilesB(final String... names) {
        profilesB.addAll(List.of(names));
        return this;
    }

    PolicyFixture downB() {
        activeB = false;
        return this;
    }

    PolicyFixture host(final String interfaceName, final HostTiers tiers, final String... hostProfiles) {
        hosts.add(new HostEndpoint("host-" + hosts.size(), interfaceName, List.of(), tiers, List.of(hostProfiles)));
        return this;
    }

    PolicyFixture toHost(final EndpointToHostAction action) {
        config = config.withEndpointToHost(action);
        return this;
    }

    static Tier tier(final String name, final boolean pass, final String... names) {
        final List<PolicyId> ids = java.util.Arrays.stream(names).map(PolicyFixture::id).toList();
        return new Tier(name, ids, ids, pass);
    }

    PolicySet build() {
        final List<WorkloadEndpoint> pods = List.of(
            new WorkloadEndpoint("k8s/a/a/eth0", "caliA", true, List.of(IP_A), List.of(), List.of("all")),
            new WorkloadEndpoint("k8s/b/b/eth0", "caliB", activeB, List.of(IP_B), tiersB, profilesB));
        final List<Profile> all = new ArrayList<>(profiles);
        all.add(new Profile("all", List.of(rule("allow")), List.of(rule("allow"))));
        return new PolicySet(config, new PolicyObjects(sets, policies, all), new EndpointSet(pods, hosts, List.of(
            new NodeInterface(UPLINK, "eth0", List.of(Prefix.parse("192.0.2.1"))),
            new NodeInterface(POD_A, "caliA", List.of()), new NodeInterface(POD_B, "caliB", List.of()),
            new NodeInterface(12, "caliUnknown", List.of()))));
    }

    static PolicyPacket tcp(final String source, final String destination, final int port) {
        return new PolicyPacket().addresses(Prefix.parse(source), Prefix.parse(destination)).transport(6, 40_000, port);
    }

    /** From pod A to pod B. */
    static PolicyPacket tcpToB(final int port) {
        return tcp("10.0.0.1", "10.0.0.2", port).way(POD_A, POD_B);
    }
}
