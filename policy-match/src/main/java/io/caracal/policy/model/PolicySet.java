package io.caracal.policy.model;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Everything that decides about a node's packets, whole and checked: no id twice, no reference into nothing, no set
 * used as what it is not. A missing profile is no error (Felix means a profile that denies all). Immutable.
 *
 * @param config settings.
 * @param objects IP sets, policies, profiles.
 * @param endpoints endpoints and interfaces.
 */
public record PolicySet(PolicyConfig config, PolicyObjects objects, EndpointSet endpoints) {
    /** Nothing at all, with Felix's default settings. */
    public static final PolicySet EMPTY = new PolicySet(PolicyConfig.DEFAULTS, PolicyObjects.NONE, EndpointSet.NONE);

    /** Checks references. */
    public PolicySet {
        final Map<String, IpSet> sets = index(objects.ipSets(), IpSet::id, "IP set ");
        final Map<PolicyId, Policy> policies = index(objects.policies(), Policy::id, "");
        index(objects.profiles(), Profile::name, "profile ");
        index(endpoints.workloads(), WorkloadEndpoint::id, "workload endpoint ");
        index(endpoints.hosts(), HostEndpoint::id, "host endpoint ");
        index(endpoints.interfaces(), NodeInterface::index, "interface ");
        objects.policies().forEach(policy -> SetReferences.check(policy, id -> kindOf(sets, id)));
        objects.profiles().forEach(profile -> SetReferences.check(profile, id -> kindOf(sets, id)));
        endpoints.workloads().forEach(endpoint -> TierReferences.check(endpoint, policies::containsKey));
        endpoints.hosts().forEach(endpoint -> TierReferences.check(endpoint, policies::containsKey));
    }

    private static IpSetKind kindOf(final Map<String, IpSet> sets, final String id) {
        return sets.containsKey(id) ? sets.get(id).kind() : null;
    }

    private static <K, V> Map<K, V> index(final List<V> values, final Function<V, K> key, final String what) {
        final Map<K, V> map = HashMap.newHashMap(values.size());
        for (final V value : values) {
            if (map.put(key.apply(value), value) != null) {
                throw new PolicyException(what + key.apply(value), "is given twice");
            }
        }
        return map;
    }

    /**
     * The endpoint that holds among those that fit: the one with the lowest id (Felix's rule for workloads that share
     * an interface and for host endpoints that fit one).
     *
     * @param candidates those that fit.
     * @param id how to read an id.
     * @param <E> kind of endpoint.
     * @return the endpoint, or null if there is none.
     */
    public static <E> E lowest(final List<E> candidates, final Function<E, String> id) {
        return candidates.stream().min(Comparator.comparing(id)).orElse(null);
    }
}
