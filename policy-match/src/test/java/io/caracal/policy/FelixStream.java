package io.caracal.policy;

import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.EndpointToHostAction;
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
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/**
 * Reads a recorded Felix stream up to its end into a {@link PolicySet}: only the messages that policy needs, by field
 * numbers of felixbackend.proto. The real decoder is elsewhere; this one keeps policy's tests independent of it.
 */
final class FelixStream {
    private final Map<String, Set<String>> setMembers = new LinkedHashMap<>();
    private final Map<String, IpSetKind> setKinds = new LinkedHashMap<>();
    private final Map<PolicyId, Policy> policies = new LinkedHashMap<>();
    private final Map<String, Profile> profiles = new LinkedHashMap<>();
    private final Map<String, WorkloadEndpoint> workloads = new LinkedHashMap<>();
    private final Map<String, HostEndpoint> hosts = new LinkedHashMap<>();
    private PolicyConfig config = PolicyConfig.DEFAULTS;

    static FelixStream read(final InputStream compressed) throws IOException {
        final FelixStream stream = new FelixStream();
        try (DataInputStream in = new DataInputStream(new GZIPInputStream(compressed))) {
            final byte[] header = new byte[Long.BYTES];
            while (in.readNBytes(header, 0, header.length) == header.length) {
                long length = 0;
                for (int i = header.length - 1; i >= 0; i--) {
                    length = length << Byte.SIZE | header[i] & 0xff;
                }
                stream.take(new ProtobufFields(in.readNBytes((int)length)));
            }
        }
        return stream;
    }

    PolicySet policySet(final List<NodeInterface> hostInterfaces) {
        final List<NodeInterface> interfaces = new ArrayList<>(hostInterfaces);
        workloads.values().forEach(endpoint -> interfaces.add(
            new NodeInterface(100 + interfaces.size(), endpoint.interfaceName(), List.of())));
        final List<IpSet> sets = setMembers.entrySet().stream().map(entry -> new IpSet(entry.getKey(),
            IpSetMembers.parse(setKinds.get(entry.getKey()), List.copyOf(entry.getValue())))).toList();
        return new PolicySet(config,
            new PolicyObjects(sets, List.copyOf(policies.values()), List.copyOf(profiles.values())),
            new EndpointSet(List.copyOf(workloads.values()), List.copyOf(hosts.values()), interfaces));
    }

    private void take(final ProtobufFields message) {
        for (final int kind : message.numbers()) {
            final ProtobufFields body = message.message(kind == 15 ? 0 : kind);
            switch (kind) {
                case 2 -> {
                    setKinds.put(body.string(1), body.number(3) == 1 ? IpSetKind.IP_AND_PORT : IpSetKind.NET);
                    setMembers.put(body.string(1), new LinkedHashSet<>(body.strings(2)));
                }
                case 3 -> {
                    setMembers.get(body.string(1)).removeAll(body.strings(3));
                    setMembers.get(body.string(1)).addAll(body.strings(2));
                }
                case 4 -> setMembers.remove(body.string(1));
                case 5 -> takeProfile(body);
                case 6 -> profiles.remove(body.message(1).string(1));
                case 7 -> takePolicy(body);
                case 8 -> policies.remove(policyId(body.message(1)));
                case 9 -> takeHost(body);
                case 10 -> hosts.remove(body.message(1).string(2));
                case 11 -> takeWorkload(body);
                case 12 -> workloads.remove(workloadId(body.message(1)));
                case 13 -> takeConfig(body);
                default -> { }
            }
        }
    }

    private void takeConfig(final ProtobufFields body) {
        for (final ProtobufFields entry : body.messages(1)) {
            if (entry.string(1).equals("DefaultEndpointToHostAction")) {
                config = config.withEndpointToHost(EndpointToHostAction.parse(entry.string(2)));
            }
        }
    }

    private void takeProfile(final ProtobufFields body) {
        final String name = body.message(1).string(1);
        profiles.put(name, new Profile(name, rules(body.message(2), 1), rules(body.message(2), 2)));
    }

    private void takePolicy(final ProtobufFields body) {
        final PolicyId id = policyId(body.message(1));
        final ProtobufFields policy = body.message(2);
        policies.put(id, new Policy(id, policy.string(8), rules(policy, 1), rules(policy, 2)));
    }

    private void takeHost(final ProtobufFields body) {
        final String id = body.message(1).string(2);
        final ProtobufFields endpoint = body.message(3);
        final List<Prefix> addresses = new ArrayList<>();
        endpoint.strings(4).forEach(text -> addresses.add(Prefix.parse(text)));
        endpoint.strings(5).forEach(text -> addresses.add(Prefix.parse(text)));
        hosts.put(id, new HostEndpoint(id, endpoint.string(1), addresses,
            new HostTiers(tiers(endpoint, 3), tiers(endpoint, 6), tiers(endpoint, 7), tiers(endpoint, 8)),
            endpoint.strings(2)));
    }

    private void takeWorkload(final ProtobufFields body) {
        final String id = workloadId(body.message(1));
        final ProtobufFields endpoint = body.message(5);
        final List<Prefix> addresses = new ArrayList<>();
        endpoint.strings(5).forEach(text -> addresses.add(Prefix.parse(text)));
        endpoint.strings(6).forEach(text -> addresses.add(Prefix.parse(text)));
        workloads.put(id, new WorkloadEndpoint(id, endpoint.string(2), endpoint.string(1).equals("active"), addresses,
            tiers(endpoint, 7), endpoint.strings(4)));
    }

    private static String workloadId(final ProtobufFields id) {
        return id.string(2) + "/" + id.string(3) + "/" + id.string(4);
    }

    private static PolicyId policyId(final ProtobufFields id) {
        return new PolicyId(id.string(2), id.string(3), id.string(4));
    }

    private static List<Tier> tiers(final ProtobufFields endpoint, final int number) {
        return endpoint.messages(number).stream().map(tier -> new Tier(tier.string(1),
            tier.messages(2).stream().map(FelixStream::policyId).toList(),
            tier.messages(3).stream().map(FelixStream::policyId).toList(),
            Tier.parseDefaultPass(tier.string(4)))).toList();
    }

    private static List<Rule> rules(final ProtobufFields owner, final int number) {
        return owner.messages(number).stream().map(FelixStream::rule).toList();
    }

    private static Rule rule(final ProtobufFields rule) {
        final RuleFields fields = new RuleFields().action(rule.string(1)).ipVersion(rule.number(2))
            .nets(PeerSide.SOURCE, rule.strings(4), false).nets(PeerSide.DESTINATION, rule.strings(6), false)
            .nets(PeerSide.SOURCE, rule.strings(103), true).nets(PeerSide.DESTINATION, rule.strings(105), true)
            .ipSets(PeerSide.SOURCE, rule.strings(10), false).ipSets(PeerSide.DESTINATION, rule.strings(11), false)
            .ipSets(PeerSide.SOURCE, rule.strings(109), true).ipSets(PeerSide.DESTINATION, rule.strings(110), true)
            .ports(PeerSide.SOURCE, ports(rule, 5), rule.strings(12), false)
            .ports(PeerSide.DESTINATION, ports(rule, 7), rule.strings(13), false)
            .ports(PeerSide.SOURCE, ports(rule, 104), rule.strings(112), true)
            .ports(PeerSide.DESTINATION, ports(rule, 106), rule.strings(113), true)
            .dstIpPortSets(rule.strings(15)).ruleId(rule.string(201));
        protocol(fields, rule, 3, false);
        protocol(fields, rule, 102, true);
        icmp(fields, rule, 8, 9, false);
        icmp(fields, rule, 107, 108, true);
        return rule.has(122) ? fields.unsupported("http_match").rule() : fields.rule();
    }

    private static void protocol(final RuleFields fields, final ProtobufFields rule, final int number,
        final boolean negated) {
        if (rule.has(number)) {
            final ProtobufFields protocol = rule.message(number);
            fields.protocol(protocol.has(2) ? protocol.string(2) : Integer.toString(protocol.number(1)), negated);
        }
    }

    private static void icmp(final RuleFields fields, final ProtobufFields rule, final int type, final int typeCode,
        final boolean negated) {
        if (rule.has(type)) {
            fields.icmp(rule.number(type), MatchDimension.Icmp.ANY_CODE, negated);
        }
        if (rule.has(typeCode)) {
            fields.icmp(rule.message(typeCode).number(1), rule.message(typeCode).number(2), negated);
        }
    }

    private static List<PortRange> ports(final ProtobufFields rule, final int number) {
        return rule.messages(number).stream().map(p -> new PortRange(p.number(1), p.number(2))).toList();
    }
}
