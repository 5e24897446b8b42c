package io.caracal.policy;

import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.HostTiers;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleAction;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What people ask about a policy set beside single packets: which policies an endpoint has, and which rules can never
 * match. Immutable; not for the packet path.
 */
public final class PolicyReport {
    private final PolicySet set;

    /**
     * Reads a set.
     *
     * @param set the set.
     */
    public PolicyReport(final PolicySet set) {
        this.set = set;
    }

    /**
     * A rule that no packet reaches.
     *
     * @param policy where it stands.
     * @param direction {@code ingress} or {@code egress}.
     * @param index its index there.
     * @param rule the rule.
     * @param shadowedBy index of the rule before it that takes all its packets.
     */
    public record Shadowed(PolicyId policy, String direction, int index, Rule rule, int shadowedBy) {
        @Override
        public String toString() {
            return policy + " " + direction + " rule " + index + " (" + rule + ") never matches: rule " + shadowedBy
                + " before it takes all its packets";
        }
    }

    /**
     * The policies that select an endpoint, in the order in which they are asked.
     *
     * @param endpointId id of a workload or host endpoint.
     * @return each policy once, staged ones too; empty if the endpoint has none or there is none of that id.
     */
    public List<PolicyId> policiesOf(final String endpointId) {
        final Set<PolicyId> found = new LinkedHashSet<>();
        for (final WorkloadEndpoint workload : set.endpoints().workloads()) {
            if (workload.id().equals(endpointId)) {
                workload.tiers().forEach(tier -> addAll(tier, found));
            }
        }
        for (final HostEndpoint host : set.endpoints().hosts()) {
            if (host.id().equals(endpointId)) {
                final HostTiers tiers = host.tiers();
                List.of(tiers.untracked(), tiers.preDnat(), tiers.normal(), tiers.forward())
                    .forEach(list -> list.forEach(tier -> addAll(tier, found)));
            }
        }
        return List.copyOf(found);
    }

    private static void addAll(final Tier tier, final Set<PolicyId> found) {
        found.addAll(tier.ingress());
        found.addAll(tier.egress());
    }

    /**
     * Rules that an earlier rule of the same policy and direction hides: each of its criteria holds wherever one of the
     * later rule's does (equal, wider prefixes, more ports), and it decides. What several rules hide together, and what
     * only the members of IP sets would show, is not found.
     *
     * @return the rules, policy by policy.
     */
    public List<Shadowed> shadowed() {
        final List<Shadowed> shadowed = new ArrayList<>();
        for (final Policy policy : set.objects().policies()) {
            find(policy.id(), "ingress", policy.ingress(), shadowed);
            find(policy.id(), "egress", policy.egress(), shadowed);
        }
        return shadowed;
    }

    private static void find(final PolicyId id, final String direction, final List<Rule> rules,
        final List<Shadowed> shadowed) {
        for (int later = 1; later < rules.size(); later++) {
            final Rule hidden = rules.get(later);
            for (int earlier = 0; earlier < later; earlier++) {
                if (rules.get(earlier).action() != RuleAction.LOG
                    && RuleContainment.contains(rules.get(earlier), hidden)) {
                    shadowed.add(new Shadowed(id, direction, later, hidden, earlier));
                    break;
                }
            }
        }
    }
}
