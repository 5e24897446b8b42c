package io.caracal.perf.policy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;

import io.caracal.policy.PolicyPacket;
import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;

/**
 * Any number of ingress rules on one pod, as Calico's users write them: three tiers, policies of fifty rules, selectors
 * that Felix has turned into IP sets (each of 4096 addresses is in four), single ports and ranges, some prefixes,
 * some exclusions. The same number gives the same rules. Immutable.
 */
public final class PodRules {
    /** The pod's ifindex. */
    public static final int POD = 10;
    /** Where packets come from. */
    public static final int UPLINK = 2;
    /** The pod's address. */
    static final String POD_ADDRESS = "10.2.0.1";
    static final List<String> TIERS = List.of("security", "platform", "application");

    private static final int ADDRESSES = 4096;
    private static final int FIRST_ADDRESS = 10 << 24 | 64 << 16;
    private static final int SETS_OF_ADDRESS = 4;
    private static final int SETS_MIN = 8;
    private static final int SETS_MAX = 1000;
    private static final int RULES_OF_SET = 8;
    private static final int PORTS = 256;
    private static final int FIRST_PORT = 1024;
    private static final int POLICY_RULES = 50;
    private static final int UNMATCHED_PORT = 60_000;
    private static final int PERCENT = 100;
    /** Share of rules in each tier, in percent. */
    private static final int[] TIER_SHARES = {10, 30, 60};

    private final SplittableRandom random;
    private final List<BitSet> members = new ArrayList<>();
    private final List<List<PodRule>> tiers = new ArrayList<>();
    private final List<PodRule> rules = new ArrayList<>();

    /**
     * Makes rules.
     *
     * @param count how many, at least 10.
     */
    public PodRules(final int count) {
        random = new SplittableRandom(count);
        final int setCount = Math.clamp(count / RULES_OF_SET, SETS_MIN, SETS_MAX);
        for (int set = 0; set < setCount; set++) {
            members.add(new BitSet(ADDRESSES));
        }
        for (int address = 0; address < ADDRESSES; address++) {
            for (int i = 0; i < SETS_OF_ADDRESS; i++) {
                members.get(random.nextInt(setCount)).set(address);
            }
        }
        for (int tier = 0; tier < TIER_SHARES.length; tier++) {
            final List<PodRule> own = new ArrayList<>();
            for (int i = 0; i < count * TIER_SHARES[tier] / PERCENT; i++) {
                own.add(rule(tier == TIER_SHARES.length - 1));
            }
            tiers.add(own);
            rules.addAll(own);
        }
    }

    private PodRule rule(final boolean lastTier) {
        final int dice = random.nextInt(PERCENT);
        final String action = lastTier ? "allow" : dice < 70 ? "allow" : dice < 90 ? "deny" : "pass";
        final String protocol = random.nextInt(PERCENT) < 60 ? "tcp" : "udp";
        final int set = random.nextInt(members.size());
        final int port = FIRST_PORT + random.nextInt(PORTS);
        final PortRange one = new PortRange(port, port);
        final int kind = random.nextInt(PERCENT);
        if (kind < 76) {
            return new PodRule(action, protocol, set, PodRule.NO_SET, "", one);
        }
        if (kind < 86) {
            return new PodRule(action, protocol, set, PodRule.NO_SET, "", new PortRange(port, port + 9));
        }
        if (kind < 92) {
            return new PodRule(action, protocol, set, random.nextInt(members.size()), "", one);
        }
        if (kind < 98) {
            return new PodRule(action, protocol, PodRule.NO_SET, PodRule.NO_SET, net(28), one);
        }
        return new PodRule(action, "", PodRule.NO_SET, PodRule.NO_SET, net(31), null);
    }

    private String net(final int length) {
        final int address = random.nextInt(ADDRESSES) & -1 << Integer.SIZE - length;
        return text(address) + "/" + length;
    }

    static String text(final int address) {
        final int bits = FIRST_ADDRESS + address;
        return (bits >>> 24) + "." + (bits >>> 16 & 0xff) + "." + (bits >>> 8 & 0xff) + "." + (bits & 0xff);
    }

    /**
     * How many rules there are.
     *
     * @return rules of all tiers.
     */
    public int count() {
        return rules.size();
    }

    /** Rules of a tier by policy. */
    List<List<PodRule>> policies(final int tier) {
        final List<PodRule> own = tiers.get(tier);
        final List<List<PodRule>> policies = new ArrayList<>();
        for (int begin = 0; begin < own.size(); begin += POLICY_RULES) {
            policies.add(own.subList(begin, Math.min(own.size(), begin + POLICY_RULES)));
        }
        return policies;
    }

    /** Whether the end of a tier drops: only that of the last one. */
    static boolean drops(final int tier) {
        return tier == TIERS.size() - 1;
    }

    int setCount() {
        return members.size();
    }

    /** Addresses of a set. */
    List<String> members(final int set) {
        return members.get(set).stream().mapToObj(PodRules::text).toList();
    }

    /**
     * The rules as Felix would send them.
     *
     * @return a new set with one pod.
     */
    public PolicySet policySet() {
        final List<IpSet> sets = new ArrayList<>();
        for (int set = 0; set < members.size(); set++) {
            final List<String> texts = members(set).stream().map(text -> text + "/32").toList();
            sets.add(new IpSet(PodRule.setId(set), IpSetMembers.parse(IpSetKind.NET, texts)));
        }
        final List<Policy> policies = new ArrayList<>();
        final List<Tier> list = new ArrayList<>();
        for (int tier = 0; tier < TIERS.size(); tier++) {
            final List<PolicyId> ids = new ArrayList<>();
            for (final List<PodRule> own : policies(tier)) {
                final PolicyId id = new PolicyId(TIERS.get(tier) + ids.size(), "default", "NetworkPolicy");
                final List<Rule> ingress = own.stream().map(PodRule::rule).toList();
                policies.add(new Policy(id, TIERS.get(tier), ingress, List.of()));
                ids.add(id);
            }
            list.add(new Tier(TIERS.get(tier), ids, List.of(), !drops(tier)));
        }
        return new PolicySet(PolicyConfig.DEFAULTS, new PolicyObjects(sets, policies, List.of()),
            new EndpointSet(List.of(new WorkloadEndpoint("k8s/bench/pod/eth0", "caliBench", true,
                List.of(Prefix.parse(POD_ADDRESS)), list, List.of())), List.of(),
                List.of(new NodeInterface(UPLINK, "eth0", List.of()),
                    new NodeInterface(POD, "caliBench", List.of()))));
    }

    /**
     * First packets of flows to the pod, each aimed at a rule from anywhere in the list; one in ten at none.
     *
     * @param count how many.
     * @param seed of the choice.
     * @return new packets.
     */
    public PolicyPacket[] packets(final int count, final long seed) {
        final SplittableRandom choice = new SplittableRandom(seed);
        final PolicyPacket[] packets = new PolicyPacket[count];
        for (int i = 0; i < count; i++) {
            packets[i] = packet(choice, rules.get(choice.nextInt(rules.size())));
        }
        return packets;
    }

    private PolicyPacket packet(final SplittableRandom choice, final PodRule rule) {
        int address = choice.nextInt(ADDRESSES);
        if (rule.set() != PodRule.NO_SET) {
            final int found = members.get(rule.set()).nextSetBit(address);
            address = found >= 0 ? found : Math.max(0, members.get(rule.set()).nextSetBit(0));
        } else {
            final Prefix net = Prefix.parse(rule.net());
            address = (int)(net.high() >>> Integer.SIZE) - FIRST_ADDRESS + choice.nextInt(2);
        }
        int port = rule.ports() == null ? UNMATCHED_PORT
            : choice.nextInt(rule.ports().first(), rule.ports().last() + 1);
        if (choice.nextInt(10) == 0) {
            port = UNMATCHED_PORT;
        }
        return new PolicyPacket().addresses(Prefix.parse(text(address)), Prefix.parse(POD_ADDRESS))
            .transport("udp".equals(rule.protocol()) ? 17 : 6, 32_768 + choice.nextInt(16_384), port)
            .way(UPLINK, POD);
    }
}
