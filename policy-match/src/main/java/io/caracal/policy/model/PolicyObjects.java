package io.caracal.policy.model;

import java.util.List;

/**
 * The objects that endpoints refer to.
 *
 * @param ipSets IP sets, each id once.
 * @param policies policies, each id once.
 * @param profiles profiles, each name once.
 */
public record PolicyObjects(List<IpSet> ipSets, List<Policy> policies, List<Profile> profiles) {
    /** No objects. */
    public static final PolicyObjects NONE = new PolicyObjects(List.of(), List.of(), List.of());

    /** Copies the lists. */
    public PolicyObjects {
        ipSets = List.copyOf(ipSets);
        policies = List.copyOf(policies);
        profiles = List.copyOf(profiles);
    }
}
