package io.caracal.control.felix;

import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.PolicyDirection;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.SetReferences;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who names whom among the objects in force, so that nothing is taken away while it is named. */
final class References {
    private final Map<FelixKey, Set<FelixKey>> named = new HashMap<>();
    private final Map<FelixKey, Integer> useCounts = new HashMap<>();

    /** Says what an object names now, in place of what it named before. */
    void put(final FelixKey owner, final Set<FelixKey> names) {
        remove(owner);
        if (!names.isEmpty()) {
            named.put(owner, names);
            names.forEach(name -> useCounts.merge(name, 1, Integer::sum));
        }
    }

    void remove(final FelixKey owner) {
        final Set<FelixKey> names = named.remove(owner);
        if (names != null) {
            names.forEach(name -> useCounts.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1));
        }
    }

    boolean isUsed(final FelixKey name) {
        return useCounts.containsKey(name);
    }

    static FelixKey policy(final PolicyId id) {
        return new FelixKey(FelixObjectKind.POLICY, id.kind() + " " + id.qualifiedName());
    }

    static Set<FelixKey> of(final List<Rule> ingress, final List<Rule> egress) {
        final Set<FelixKey> sets = new HashSet<>();
        for (final List<Rule> rules : List.of(ingress, egress)) {
            rules.forEach(rule -> rule.matches().forEach(match -> SetReferences.setsOf(match)
                .forEach(id -> sets.add(new FelixKey(FelixObjectKind.IP_SET, id)))));
        }
        return sets;
    }

    static Set<FelixKey> of(final WorkloadEndpoint endpoint) {
        return of(List.of(endpoint.tiers()));
    }

    static Set<FelixKey> of(final HostEndpoint endpoint) {
        final var tiers = endpoint.tiers();
        return of(List.of(tiers.normal(), tiers.untracked(), tiers.preDnat(), tiers.forward()));
    }

    /** Staged policies are never asked, so they need not be there. */
    private static Set<FelixKey> of(final List<List<Tier>> lists) {
        final Set<FelixKey> policies = new HashSet<>();
        for (final List<Tier> tiers : lists) {
            for (final Tier tier : tiers) {
                for (final PolicyDirection direction : PolicyDirection.values()) {
                    tier.enforced(direction).forEach(id -> policies.add(policy(id)));
                }
            }
        }
        return policies;
    }
}
