package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;

import io.caracal.control.PolicyChange;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;

/**
 * What is in force, for people: {@code caracal policy}. Remembers each object that the compiler has taken.
 *
 * <p>Control thread only.</p>
 */
final class PolicyListing {
    private final SortedMap<String, Policy> policies = new TreeMap<>();
    private final SortedMap<String, Profile> profiles = new TreeMap<>();
    private final SortedMap<String, WorkloadPolicyUpdate> workloads = new TreeMap<>();
    private final SortedMap<String, HostEndpoint> hosts = new TreeMap<>();
    private final SortedMap<String, IpSetKind> sets = new TreeMap<>();
    private PolicyConfig config = PolicyConfig.DEFAULTS;

    /** Takes a change that the compiler has taken. */
    void onChange(final PolicyChange change) {
        switch (change) {
            case PolicyChange.SettingsUpdate(var settings) -> config = settings;
            case PolicyChange.IpSetUpdate(var set) -> sets.put(set.id(), set.kind());
            case final PolicyChange.IpSetDelta delta -> { }
            case PolicyChange.IpSetRemove(var id) -> sets.remove(id);
            case PolicyChange.PolicyUpdate(var policy) -> policies.put(policy.id().toString(), policy);
            case PolicyChange.PolicyRemove(var id) -> policies.remove(id.toString());
            case PolicyChange.ProfileUpdate(var profile) -> profiles.put(profile.name(), profile);
            case PolicyChange.ProfileRemove(var name) -> profiles.remove(name);
            case final WorkloadPolicyUpdate workload -> workloads.put(workload.endpoint().id(), workload);
            case PolicyChange.WorkloadPolicyRemove(var id) -> workloads.remove(id);
            case PolicyChange.HostEndpointUpdate(var endpoint) -> hosts.put(endpoint.id(), endpoint);
            case PolicyChange.HostEndpointRemove(var id) -> hosts.remove(id);
        }
    }

    /**
     * All of it, as maps and lists that Jackson writes.
     *
     * @param memberCount members of an IP set, by its id.
     */
    Map<String, Object> describe(final ToIntFunction<String> memberCount) {
        final Map<String, Object> report = new LinkedHashMap<>();
        report.put("defaultEndpointToHostAction", config.endpointToHost().toString());
        report.put("tiers", tiers());
        report.put("policies", policies.values().stream().map(PolicyListing::policy).toList());
        report.put("profiles", profiles.values().stream().map(PolicyListing::profile).toList());
        report.put("workloadEndpoints", workloads.values().stream().map(PolicyListing::workload).toList());
        report.put("hostEndpoints", hosts.values().stream().map(PolicyListing::host).toList());
        final List<Object> ipSets = new ArrayList<>();
        sets.forEach((id, kind) -> ipSets.add(row("id", id, "kind", kind.name().toLowerCase(Locale.ROOT),
            "members", memberCount.applyAsInt(id))));
        report.put("ipSets", ipSets);
        return report;
    }

    private List<Object> tiers() {
        final SortedMap<String, Set<String>> names = new TreeMap<>();
        policies.values().forEach(policy ->
            names.computeIfAbsent(policy.tier(), tier -> new LinkedHashSet<>()).add(name(policy.id())));
        final List<Object> tiers = new ArrayList<>();
        names.forEach((tier, members) -> tiers.add(row("name", tier, "policies", List.copyOf(members))));
        return tiers;
    }

    private static Object policy(final Policy policy) {
        return row("name", name(policy.id()), "tier", policy.tier(), "enforced", !policy.id().staged(),
            "ingress", texts(policy.ingress()), "egress", texts(policy.egress()));
    }

    private static Object profile(final Profile profile) {
        return row("name", profile.name(), "ingress", texts(profile.ingress()), "egress", texts(profile.egress()));
    }

    private static Object workload(final WorkloadPolicyUpdate workload) {
        final WorkloadEndpoint endpoint = workload.endpoint();
        return row("id", endpoint.id(), "interface", endpoint.interfaceName(), "active", endpoint.active(),
            "addresses", texts(endpoint.addresses()), "tiers", tiers(endpoint.tiers()),
            "profiles", endpoint.profiles(), "allowSpoofedSourcePrefixes", texts(workload.spoofedSourcePrefixes()));
    }

    private static Object host(final HostEndpoint endpoint) {
        final List<Prefix> addresses = endpoint.expectedAddresses();
        return row("id", endpoint.id(), "interface", endpoint.interfaceName(), "addresses", texts(addresses),
            "normal", tiers(endpoint.tiers().normal()), "untracked", tiers(endpoint.tiers().untracked()),
            "preDnat", tiers(endpoint.tiers().preDnat()), "forward", tiers(endpoint.tiers().forward()),
            "profiles", endpoint.profiles());
    }

    private static List<Object> tiers(final List<Tier> tiers) {
        return tiers.stream().map(tier -> (Object)row("name", tier.name(), "ingress", names(tier.ingress()),
            "egress", names(tier.egress()), "defaultAction", tier.defaultPass() ? "Pass" : "Deny")).toList();
    }

    private static List<String> names(final List<PolicyId> ids) {
        return ids.stream().map(PolicyListing::name).toList();
    }

    private static String name(final PolicyId id) {
        return id.kind() + ' ' + id.qualifiedName();
    }

    private static List<String> texts(final List<?> values) {
        return values.stream().map(Object::toString).toList();
    }

    private static Map<String, Object> row(final Object... namesAndValues) {
        final Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            row.put((String)namesAndValues[i], namesAndValues[i + 1]);
        }
        return row;
    }
}
