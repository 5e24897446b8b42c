package io.caracal.policy;

import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.EndpointToHostAction;
import io.caracal.policy.model.FailsafePorts;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.HostTiers;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random policy sets and packets out of a small world, in which rules meet packets often: a dozen addresses a family,
 * prefixes that end just before and after them, ports at the borders of the ranges in use.
 */
final class RandomPolicy {
    static final int UPLINK = 2;
    static final int OVERLAY = 3;
    static final int FIRST_POD = 10;
    static final int PODS = 3;
    private static final String[] V4 = {"10.0.0.1", "10.0.0.2", "10.0.0.127", "10.0.0.128", "10.0.1.0", "10.128.0.0",
        "0.0.0.0", "255.255.255.255", "192.0.2.1", "127.255.255.255", "128.0.0.0", "10.0.0.255"};
    private static final String[] V6 = {"fd00::1", "fd00::2", "fd00::ffff", "fd00::1:0", "fd00:0:0:1::", "fe80::1", "::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00::8000:0:0:0", "7fff::1", "8000::", "fd00:0:0:0:ffff:ffff:ffff:ffff"};
    private static final int[] LENGTHS4 = {0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 30, 31, 32};
    private static final int[] LENGTHS6 = {0, 1, 8, 16, 48, 63, 64, 65, 96, 112, 120, 126, 127, 128};
    private static final int[] PORTS = {0, 1, 22, 53, 79, 80, 81, 82, 443, 444, 1023, 1024, 4789, 8080, 65_534, 65_535};
    private static final String[] PROTOCOLS = {"tcp", "tcp", "udp", "udp", "icmp", "icmpv6", "sctp", "udplite", "99", "4"};
    private static final int[] TYPES = {0, 3, 8, 128, 130, 135, 255};
    private static final int NET_SETS = 5;
    private static final int PORT_SETS = 3;
    private static final int POLICIES = 6;

    private final Random random;
    private final int rulesMax;
    private final List<IpSet> sets = new ArrayList<>();
    private final List<Policy> policies = new ArrayList<>();
    private final List<Profile> profiles = new ArrayList<>();

    RandomPolicy(final Random random, final int rulesMax) {
        this.random = random;
        this.rulesMax = rulesMax;
    }

    PolicySet next() {
        sets.clear();
        policies.clear();
        profiles.clear();
        for (int i = 0; i < NET_SETS; i++) {
            sets.add(netSet("n" + i));
        }
        for (int i = 0; i < PORT_SETS; i++) {
            sets.add(portSet("p" + i));
        }
        for (int i = 0; i < POLICIES; i++) {
            policies.add(policy(i));
        }
        for (int i = 0; i < 3; i++) {
            profiles.add(new Profile("profile" + i, rules(3), rules(3)));
        }
        return new PolicySet(config(), new PolicyObjects(sets, policies, profiles), endpoints());
    }

    private PolicyConfig config() {
        return new PolicyConfig(List.of("cali"), pick(EndpointToHostAction.values()),
            new FailsafePorts(FailsafePorts.parse("tcp:22,udp:10.0.0.0/24:53"), FailsafePorts.parse("tcp:443,udp:53")),
            new io.caracal.policy.model.WorkloadGuard(4789, oneIn(4), oneIn(4)), !oneIn(4));
    }

    IpSet netSet(final String id) {
        return new IpSet(id, netMembers(oneIn(8) ? 0 : 1 + random.nextInt(5)));
    }

    IpSetMembers netMembers(final int count) {
        final List<String> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(random.nextInt(3) > 0 ? address(random.nextBoolean()).toString() : net().toString());
        }
        return IpSetMembers.parse(IpSetKind.NET, members);
    }

    IpSet portSet(final String id) {
        return new IpSet(id, portMembers(oneIn(8) ? 0 : 1 + random.nextInt(6)));
    }

    IpSetMembers portMembers(final int count) {
        final List<String> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            members.add(pick(random.nextBoolean() ? V4 : V6) + "," + pick(new String[] {"tcp", "udp", "sctp"}) + ":" + port());
        }
        return IpSetMembers.parse(IpSetKind.IP_AND_PORT, members);
    }

    Policy policy(final int number) {
        return new Policy(new PolicyId("policy" + number, "", number == 0 ? "StagedGlobalNetworkPolicy" : "NetworkPolicy"),
            "tier", rules(rulesMax), rules(rulesMax));
    }

    private List<Rule> rules(final int most) {
        final List<Rule> rules = new ArrayList<>();
        for (int count = random.nextInt(most + 1); count > 0; count--) {
            rules.add(rule());
        }
        return rules;
    }

    private Rule rule() {
        final RuleFields fields = new RuleFields().action(pick(new String[] {"allow", "", "deny", "pass", "next-tier", "log"}));
        for (int count = 1 + random.nextInt(3); count > 0; count--) {
            criterion(fields, random.nextInt(8), oneIn(3));
        }
        return fields.rule();
    }

    private void criterion(final RuleFields fields, final int kind, final boolean negated) {
        final PeerSide side = pick(PeerSide.values());
        switch (kind) {
            case 0 -> fields.ipVersion(pick(new Integer[] {0, 4, 6}));
            case 1 -> fields.protocol(pick(PROTOCOLS), negated);
            case 2 -> fields.nets(side, nets(), negated);
            case 3 -> fields.ipSets(side, setIds("n", NET_SETS, 2), negated);
            case 4 -> fields.ports(side, ranges(1 + random.nextInt(3)), List.of(), negated);
            case 5 -> {
                final boolean mixed = random.nextBoolean();
                fields.ports(side, mixed ? ranges(1) : List.of(), setIds("p", PORT_SETS, 2), negated);
            }
            case 6 -> fields.dstIpPortSets(setIds("p", PORT_SETS, 1));
            default -> fields.icmp(type(), random.nextBoolean() ? MatchDimension.Icmp.ANY_CODE : random.nextInt(3), negated);
        }
    }

    private List<String> setIds(final String prefix, final int sets, final int most) {
        final List<String> ids = new ArrayList<>();
        for (int count = 1 + random.nextInt(most); count > 0; count--) {
            ids.add(prefix + random.nextInt(sets));
        }
        return ids;
    }

    private List<String> nets() {
        final List<String> nets = new ArrayList<>();
        for (int count = 1 + random.nextInt(3); count > 0; count--) {
            nets.add(net().toString());
        }
        return nets;
    }

    Prefix net() {
        final boolean v6 = oneIn(3);
        final Prefix address = address(v6);
        final int[] lengths = v6 ? LENGTHS6 : LENGTHS4;
        return new Prefix(v6, address.high(), address.low(), lengths[random.nextInt(lengths.length)]);
    }

    private Prefix address(final boolean v6) {
        return Prefix.parse(pick(v6 ? V6 : V4));
    }

    private int port() {
        return PORTS[random.nextInt(PORTS.length)];
    }

    private int type() {
        return TYPES[random.nextInt(TYPES.length)];
    }

    private List<PortRange> ranges(final int count) {
        final List<PortRange> ranges = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final int a = port();
            final int b = random.nextBoolean() ? a : port();
            ranges.add(new PortRange(Math.min(a, b), Math.max(a, b)));
        }
        return ranges;
    }

    private List<Tier> tiers(final int most) {
        final List<Tier> tiers = new ArrayList<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            tiers.add(new Tier("tier" + i, policyIds(), policyIds(), oneIn(3)));
        }
        return tiers;
    }

    private List<PolicyId> policyIds() {
        final List<PolicyId> ids = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            ids.add(policies.get(random.nextInt(POLICIES)).id());
        }
        return ids;
    }

    private List<String> profileNames() {
        final List<String> names = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            names.add("profile" + random.nextInt(oneIn(8) ? 4 : 3));
        }
        return names;
    }

    EndpointSet endpoints() {
        final List<WorkloadEndpoint> pods = new ArrayList<>();
        final List<NodeInterface> interfaces = new ArrayList<>(List.of(
            new NodeInterface(UPLINK, "eth0", List.of(Prefix.parse("192.0.2.1"))), new NodeInterface(OVERLAY, "vxlan", List.of())));
        for (int i = 0; i < PODS; i++) {
            interfaces.add(new NodeInterface(FIRST_POD + i, "cali" + i, List.of()));
            if (!oneIn(16)) {
                pods.add(new WorkloadEndpoint("k8s/pod" + i, "cali" + i, !oneIn(16), List.of(Prefix.parse(V4[i])), tiers(3),
                    profileNames()));
            }
        }
        return new EndpointSet(pods, hosts(), interfaces);
    }

    private List<HostEndpoint> hosts() {
        final List<HostEndpoint> hosts = new ArrayList<>();
        for (int i = random.nextInt(4) - 1; i > 0; i--) {
            final List<Prefix> expected = oneIn(4) ? List.of(Prefix.parse("192.0.2.1")) : List.of();
            final String name = expected.isEmpty() ? pick(new String[] {"eth0", "*", "vxlan"}) : "";
            hosts.add(new HostEndpoint("host" + i, name, expected,
                new HostTiers(tiers(2), tiers(1), tiers(1), tiers(2)), profileNames()));
        }
        return hosts;
    }

    /** Fills a packet from the edges of the world. */
    void packet(final PolicyPacket packet) {
        packet.addresses(V4_ADDRESSES[random.nextInt(V4.length)], V4_ADDRESSES[random.nextInt(V4.length)]);
        if (oneIn(3)) {
            packet.addresses(V6_ADDRESSES[random.nextInt(V6.length)], V6_ADDRESSES[random.nextInt(V6.length)]);
        }
        final int protocol = PROTOCOL_NUMBERS[random.nextInt(PROTOCOL_NUMBERS.length)];
        final boolean icmp = protocol == 1 || protocol == 58;
        packet.transport(protocol, port(), icmp ? type() << 8 | random.nextInt(3) : port());
        packet.hasTransport = random.nextInt(32) > 0;
        if (oneIn(4)) {
            aimAtPortSet(packet);
        }
        packet.invalid = oneIn(32);
        packet.way(interfaceIndex(), interfaceIndex());
    }

    /** Few packets would hit address, protocol and port of a member by chance. */
    private void aimAtPortSet(final PolicyPacket packet) {
        final IpSetMembers members = sets.get(NET_SETS + random.nextInt(PORT_SETS)).members();
        if (members.count() == 0) {
            return;
        }
        final int row = random.nextInt(members.count());
        final Prefix member = members.prefix(row);
        final Prefix other = (member.v6() ? V6_ADDRESSES : V4_ADDRESSES)[random.nextInt(V4.length)];
        final int port = members.protocolAndPort(row) & PortRange.MAX_PORT;
        final int protocol = members.protocolAndPort(row) >>> 16;
        if (random.nextBoolean()) {
            packet.addresses(other, member).transport(protocol, port(), port);
        } else {
            packet.addresses(member, other).transport(protocol, port, port());
        }
    }

    private static final int[] PROTOCOL_NUMBERS = {6, 6, 6, 17, 17, 1, 58, 132, 136, 99, 4};
    private static final Prefix[] V4_ADDRESSES = parse(V4);
    private static final Prefix[] V6_ADDRESSES = parse(V6);

    private static Prefix[] parse(final String[] texts) {
        return java.util.Arrays.stream(texts).map(Prefix::parse).toArray(Prefix[]::new);
    }

    private int interfaceIndex() {
        return switch (random.nextInt(8)) {
            case 0 -> PolicyPacket.HOST;
            case 1 -> UPLINK;
            case 2 -> oneIn(8) ? 99 : OVERLAY;
            default -> FIRST_POD + random.nextInt(PODS);
        };
    }

    private boolean oneIn(final int n) {
        return random.nextInt(n) == 0;
    }

    private <T> T pick(final T[] choices) {
        return choices[random.nextInt(choices.length)];
    }
}
