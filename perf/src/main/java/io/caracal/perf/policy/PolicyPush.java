package io.caracal.perf.policy;

import java.util.ArrayList;
import java.util.List;

import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;

/**
 * Calico's own scale test as one push: 250 policies of 50 rules on a pod, with a million set members, from the texts
 * that Felix's messages carry to the first packet that is decided by them.
 */
final class PolicyPush {
    private static final int POLICIES = 250;
    private static final int RULES = 50;
    private static final int MEMBERS = 1_000_000;
    private static final int SETS = 250;
    private static final int UPLINK = 2;
    private static final int POD = 10;
    private static final double NS_PER_MS = 1e6;

    private PolicyPush() {
    }

    static double measureMs() {
        final List<List<String>> members = members();
        final long startNs = System.nanoTime();
        final PolicyCompiler compiler = new PolicyCompiler(1);
        for (int set = 0; set < SETS; set++) {
            compiler.putIpSet(new IpSet("s:" + set, IpSetMembers.parse(IpSetKind.NET, members.get(set))));
        }
        final List<PolicyId> ids = new ArrayList<>();
        for (int policy = 0; policy < POLICIES; policy++) {
            final PolicyId id = new PolicyId("policy" + policy, "default", "NetworkPolicy");
            final List<Rule> rules = new ArrayList<>();
            for (int rule = 0; rule < RULES; rule++) {
                rules.add(rule(policy, rule));
            }
            compiler.putPolicy(new Policy(id, "default", rules, List.of()));
            ids.add(id);
        }
        compiler.putInterface(new NodeInterface(UPLINK, "eth0", List.of()));
        compiler.putInterface(new NodeInterface(POD, "caliBench", List.of()));
        compiler.putWorkload(new WorkloadEndpoint("k8s/bench/pod/eth0", "caliBench", true,
            List.of(Prefix.parse("10.0.0.1")), List.of(new Tier("default", ids, List.of(), false)), List.of()));
        compiler.publish();
        final boolean allowed = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null)
            .allows(compiler.current(), packet(members));
        final double ms = (System.nanoTime() - startNs) / NS_PER_MS;
        if (!allowed || compiler.current().memberCount() != MEMBERS) {
            throw new IllegalStateException("the pushed policy of " + compiler.current().memberCount()
                + " members denies what its last policy allows");
        }
        return ms;
    }

    private static List<List<String>> members() {
        final List<String> all = MillionMembers.texts(MEMBERS);
        final List<List<String>> members = new ArrayList<>();
        for (int set = 0; set < SETS; set++) {
            members.add(all.subList(set * (MEMBERS / SETS), (set + 1) * (MEMBERS / SETS)));
        }
        return members;
    }

    /** As of a network policy: a selector's addresses to a port. */
    private static Rule rule(final int policy, final int rule) {
        return new RuleFields().protocol("tcp", false)
            .ipSets(PeerSide.SOURCE, List.of("s:" + (policy + rule) % SETS), false)
            .ports(PeerSide.DESTINATION, List.of(new PortRange(policy * RULES + rule, policy * RULES + rule)),
                List.of(), false).rule();
    }

    /** What only the last rule of the last policy allows. */
    private static PolicyPacket packet(final List<List<String>> members) {
        final int policy = POLICIES - 1;
        final String member = members.get((policy + RULES - 1) % SETS).getFirst();
        final Prefix source = Prefix.parse(member.substring(0, member.indexOf('/')));
        return new PolicyPacket().addresses(source, Prefix.parse("10.0.0.1"))
            .transport(6, 40_000, policy * RULES + RULES - 1).way(UPLINK, POD);
    }
}
