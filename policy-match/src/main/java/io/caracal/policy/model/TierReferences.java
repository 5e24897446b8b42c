package io.caracal.policy.model;

import java.util.List;
import java.util.function.Predicate;

/** Checks that endpoints' tiers name only policies that exist; staged ones need not, for they are never asked. */
public final class TierReferences {
    private TierReferences() {
    }

    /**
     * Checks a workload endpoint.
     *
     * @param endpoint the endpoint.
     * @param exists whether there is a policy of that id.
     * @throws PolicyException naming endpoint, tier and policy.
     */
    public static void check(final WorkloadEndpoint endpoint, final Predicate<PolicyId> exists) {
        check(endpoint.toString(), endpoint.tiers(), exists);
    }

    /**
     * Checks a host endpoint.
     *
     * @param endpoint the endpoint.
     * @param exists whether there is a policy of that id.
     * @throws PolicyException naming endpoint, tier and policy.
     */
    public static void check(final HostEndpoint endpoint, final Predicate<PolicyId> exists) {
        final HostTiers tiers = endpoint.tiers();
        for (final List<Tier> list : List.of(tiers.normal(), tiers.untracked(), tiers.preDnat(), tiers.forward())) {
            check(endpoint.toString(), list, exists);
        }
    }

    private static void check(final String owner, final List<Tier> tiers, final Predicate<PolicyId> exists) {
        for (final Tier tier : tiers) {
            for (final PolicyDirection direction : PolicyDirection.values()) {
                for (final PolicyId id : tier.enforced(direction)) {
                    if (!exists.test(id)) {
                        throw new PolicyException(owner, "names " + id + " in tier " + tier.name()
                            + ", but there is no such policy");
                    }
                }
            }
        }
    }
}
