package io.caracal.control.manifest;

import io.caracal.control.felix.FelixKey;
import io.caracal.control.felix.FelixState;
import io.caracal.control.manifest.ManifestModel.Application;
import io.caracal.control.manifest.ManifestModel.Host;
import io.caracal.control.manifest.ManifestModel.PolicyResource;
import io.caracal.control.manifest.ManifestModel.ProfileResource;
import io.caracal.control.manifest.ManifestModel.TierResource;
import io.caracal.control.manifest.ManifestModel.Workload;
import io.caracal.control.proto.ActivePolicyUpdate;
import io.caracal.control.proto.ActiveProfileUpdate;
import io.caracal.control.proto.HostEndpointID;
import io.caracal.control.proto.HostEndpointUpdate;
import io.caracal.control.proto.Policy;
import io.caracal.control.proto.Profile;
import io.caracal.control.proto.ProfileID;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpointUpdate;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Puts resources together into what Felix of one node would send: only policies that select an endpoint of this node,
 * only profiles that one has, only IP sets that those need.
 */
final class ManifestCompiler {
    private static final String ASSUME_NEEDED = "AssumeNeededOnEveryNode";
    private static final Set<Application> NORMAL = EnumSet.of(Application.NORMAL, Application.NORMAL_AND_FORWARD);
    private static final Set<Application> FORWARD = EnumSet.of(Application.NORMAL_AND_FORWARD);
    /** The tiers that every Calico cluster has. */
    private static final Map<String, TierResource> BUILT_IN_TIERS = Map.of(
        PolicyReader.DEFAULT_TIER, new TierResource(PolicyReader.TIER_ORDER_DEFAULT, "Deny"),
        "kube-admin", new TierResource(1000, "Pass"),
        "kube-baseline", new TierResource(10_000_000, "Pass"));

    private final ManifestModel model;
    private final String node;
    private final FelixState state = new FelixState();
    private final Map<FelixKey, ManifestObject> origins = new HashMap<>();
    private final Set<IpSetDefinition> sets = new LinkedHashSet<>();
    private final Set<PolicyResource> active = new LinkedHashSet<>();
    private final Map<String, Map<String, String>> profileLabels = new TreeMap<>();
    private final TierCompiler tiers;

    ManifestCompiler(final ManifestModel model, final String node) {
        this.model = model;
        this.node = node;
        BUILT_IN_TIERS.forEach(model.tiers::putIfAbsent);
        model.profiles.forEach((name, profile) -> profileLabels.put(name, profile.labels()));
        tiers = new TierCompiler(model, profileLabels);
    }

    /** @param overrides Felix settings that win over all others, as Felix's environment does. */
    FelixState compile(final Map<String, String> overrides) {
        new NetworkCompiler(model, node, overrides).messages().forEach(message -> put(message, null));
        final List<Workload> workloads = model.workloads.stream().filter(w -> w.node().equals(node)).toList();
        final List<Host> hosts = model.hosts.stream().filter(host -> host.node().equals(node)).toList();
        workloads.forEach(this::putWorkload);
        hosts.forEach(this::putHost);
        model.policies.stream().filter(policy -> policy.performanceHints().contains(ASSUME_NEEDED))
            .forEach(active::add);
        active.forEach(this::putPolicy);
        final Set<String> profiles = new LinkedHashSet<>();
        workloads.forEach(workload -> profiles.addAll(workload.membership().profiles()));
        hosts.forEach(host -> profiles.addAll(host.membership().profiles()));
        profiles.forEach(this::putProfile);
        final IpSetCompiler compiler = new IpSetCompiler(model, profileLabels);
        sets.forEach(set -> put(ToDataplane.newBuilder().setIpsetUpdate(compiler.compile(set)).build(), null));
        return state;
    }

    /** Where the object behind a message was written; null for what no single object says. */
    ManifestObject origin(final FelixKey key) {
        return origins.get(key);
    }

    private void put(final ToDataplane message, final ManifestObject origin) {
        final FelixKey key = state.take(message);
        if (origin != null) {
            origins.put(key, origin);
        }
    }

    private void putWorkload(final Workload workload) {
        final List<PolicyResource> matching = tiers.matching(workload.membership());
        active.addAll(matching);
        put(ToDataplane.newBuilder().setWorkloadEndpointUpdate(WorkloadEndpointUpdate.newBuilder().setId(workload.id())
            .setEndpoint(workload.endpoint().toBuilder().addAllTiers(tiers.tiers(matching, NORMAL)))).build(),
            workload.object());
    }

    private void putHost(final Host host) {
        final List<PolicyResource> matching = tiers.matching(host.membership());
        active.addAll(matching);
        put(ToDataplane.newBuilder().setHostEndpointUpdate(HostEndpointUpdate.newBuilder()
            .setId(HostEndpointID.newBuilder().setEndpointId(host.name())).setEndpoint(host.endpoint().toBuilder()
                .addAllTiers(tiers.tiers(matching, NORMAL)).addAllForwardTiers(tiers.tiers(matching, FORWARD))
                .addAllUntrackedTiers(tiers.tiers(matching, EnumSet.of(Application.UNTRACKED)))
                .addAllPreDnatTiers(tiers.tiers(matching, EnumSet.of(Application.PRE_DNAT))))).build(), host.object());
    }

    private void putPolicy(final PolicyResource policy) {
        sets.addAll(policy.ingress().sets());
        sets.addAll(policy.egress().sets());
        final String name = policy.id().name();
        put(ToDataplane.newBuilder().setActivePolicyUpdate(ActivePolicyUpdate.newBuilder()
            .setId(TierCompiler.id(policy.id())).setPolicy(Policy.newBuilder().setTier(policy.tier())
                .setNamespace(policy.id().namespace()).setOriginalSelector(policy.selector().toString())
                .setUntracked(policy.application() == Application.UNTRACKED)
                .setPreDnat(policy.application() == Application.PRE_DNAT).addAllPerfHints(policy.performanceHints())
                .addAllInboundRules(policy.ingress().withIds("pol-in-default/" + name))
                .addAllOutboundRules(policy.egress().withIds("pol-out-default/" + name)))).build(), policy.object());
    }

    /** A profile that is named but not there denies all (felix/calc/active_rules_calculator.go). */
    private void putProfile(final String name) {
        final CompiledRules deny =
            new CompiledRules(List.of(Rule.newBuilder().setAction("deny").build()), List.of());
        final ProfileResource profile =
            model.profiles.getOrDefault(name, new ProfileResource(null, Map.of(), deny, deny));
        sets.addAll(profile.ingress().sets());
        sets.addAll(profile.egress().sets());
        put(ToDataplane.newBuilder().setActiveProfileUpdate(ActiveProfileUpdate.newBuilder()
            .setId(ProfileID.newBuilder().setName(name)).setProfile(Profile.newBuilder()
                .addAllInboundRules(profile.ingress().withIds("prof-in-" + name))
                .addAllOutboundRules(profile.egress().withIds("prof-out-" + name)))).build(), profile.object());
    }
}
