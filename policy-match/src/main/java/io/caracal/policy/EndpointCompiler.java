package io.caracal.policy;

import io.caracal.policy.lookup.HostTable;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.HostTiers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyDirection;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * Gives every interface its endpoints, and every endpoint its lists of rules; equal lists are compiled once and kept as
 * long as some endpoint has them. Control thread only.
 */
final class EndpointCompiler {
    private static final int ADDRESS_WORDS_V6 = 2;

    private final SetRegistry sets;
    private final Map<PolicyId, RuleSource> policies;
    private final Map<String, RuleSource> profiles;
    private Map<RuleListKey, RuleListCompiler.Compiled> lists = new HashMap<>();
    private CompiledPolicy.Interfaces interfaces;
    private long listsVersion;

    EndpointCompiler(final SetRegistry sets, final Map<PolicyId, RuleSource> policies,
        final Map<String, RuleSource> profiles) {
        this.sets = sets;
        this.policies = policies;
        this.profiles = profiles;
    }

    /** Compiles what is new and drops what nobody has any more. Changes nothing if it throws. */
    void compile(final PolicyConfig config, final Collection<WorkloadEndpoint> workloads,
        final Collection<HostEndpoint> hosts, final Collection<NodeInterface> nodes) {
        final Run run = new Run();
        try {
            final Map<String, CompiledEndpoint> byInterface = new HashMap<>();
            final Map<String, WorkloadEndpoint> owners = new HashMap<>();
            for (final WorkloadEndpoint endpoint : workloads) {
                if (owners.putIfAbsent(endpoint.interfaceName(), endpoint) == null) {
                    byInterface.put(endpoint.interfaceName(), run.workload(endpoint));
                }
            }
            final Map<HostEndpoint, CompiledEndpoint> compiledHosts = new java.util.LinkedHashMap<>();
            hosts.forEach(host -> compiledHosts.put(host, run.host(host)));
            interfaces = interfaces(config, nodes, new Parts(byInterface, owners, compiledHosts));
        } catch (final RuntimeException e) {
            run.fresh.values().forEach(this::release);
            throw e;
        }
        if (!run.fresh.isEmpty() || run.used.size() != lists.size()) {
            listsVersion++;
        }
        lists.forEach((key, compiled) -> {
            if (!run.used.containsKey(key)) {
                release(compiled);
            }
        });
        lists = run.used;
    }

    private void release(final RuleListCompiler.Compiled compiled) {
        compiled.netLists().forEach(sets::release);
    }

    private record Parts(Map<String, CompiledEndpoint> byInterface, Map<String, WorkloadEndpoint> owners,
        Map<HostEndpoint, CompiledEndpoint> hosts) {
    }

    private static CompiledPolicy.Interfaces interfaces(final PolicyConfig config,
        final Collection<NodeInterface> nodes, final Parts parts) {
        final Int2ObjectHashMap<CompiledInterface> byIndex = new Int2ObjectHashMap<>();
        final HostTable.Editor<CompiledInterface> byIpv4 = HostTable.<CompiledInterface>empty(1).edit();
        final HostTable.Editor<CompiledInterface> byIpv6 = HostTable.<CompiledInterface>empty(ADDRESS_WORDS_V6).edit();
        for (final NodeInterface node : nodes) {
            final CompiledInterface compiled = compile(config, node, parts);
            byIndex.put(node.index(), compiled);
            if (compiled.workload() != null) {
                for (final Prefix address : parts.owners.get(node.name()).addresses()) {
                    (address.v6() ? byIpv6 : byIpv4).put(address.high(), address.low(), 0, compiled);
                }
            }
        }
        return new CompiledPolicy.Interfaces(byIndex, byIpv4.finish(), byIpv6.finish());
    }

    private static CompiledInterface compile(final PolicyConfig config, final NodeInterface node, final Parts parts) {
        CompiledEndpoint own = null;
        CompiledEndpoint all = null;
        for (final Map.Entry<HostEndpoint, CompiledEndpoint> host : parts.hosts.entrySet()) {
            if (host.getKey().coversAll()) {
                all = all == null ? host.getValue() : all;
            } else if (own == null && host.getKey().isOf(node)) {
                own = host.getValue();
            }
        }
        final CompiledEndpoint workload = parts.byInterface.get(node.name());
        final boolean refused = workload == null && config.isWorkloadInterface(node.name());
        return new CompiledInterface(node.index(), node.name(), refused, workload, own, own == null ? all : own);
    }

    CompiledPolicy.Interfaces interfaces() {
        return interfaces;
    }

    long listsVersion() {
        return listsVersion;
    }

    /** One pass over all endpoints. */
    private final class Run {
        private final Map<RuleListKey, RuleListCompiler.Compiled> used = new HashMap<>();
        private final Map<RuleListKey, RuleListCompiler.Compiled> fresh = new HashMap<>();

        CompiledEndpoint workload(final WorkloadEndpoint endpoint) {
            final RuleIndex[] chains = new RuleIndex[CompiledEndpoint.slots()];
            put(chains, PolicyChain.WORKLOAD_INGRESS, endpoint.toString(), endpoint.tiers(), endpoint.profiles());
            put(chains, PolicyChain.WORKLOAD_EGRESS, endpoint.toString(), endpoint.tiers(), endpoint.profiles());
            return new CompiledEndpoint(endpoint.toString(), endpoint.active(), chains);
        }

        CompiledEndpoint host(final HostEndpoint endpoint) {
            final RuleIndex[] chains = new RuleIndex[CompiledEndpoint.slots()];
            final HostTiers tiers = endpoint.tiers();
            final String name = endpoint.toString();
            put(chains, PolicyChain.HOST_INGRESS, name, tiers.normal(), endpoint.profiles());
            put(chains, PolicyChain.HOST_EGRESS, name, tiers.normal(), endpoint.profiles());
            put(chains, PolicyChain.FORWARD_INGRESS, name, tiers.forward(), null);
            put(chains, PolicyChain.FORWARD_EGRESS, name, tiers.forward(), null);
            put(chains, PolicyChain.UNTRACKED_INGRESS, name, tiers.untracked(), null);
            put(chains, PolicyChain.UNTRACKED_EGRESS, name, tiers.untracked(), null);
            put(chains, PolicyChain.PRE_DNAT, name, tiers.preDnat(), null);
            return new CompiledEndpoint(name, true, chains);
        }

        private void put(final RuleIndex[] chains, final PolicyChain chain, final String name, final List<Tier> tiers,
            final List<String> profileNames) {
            final List<RuleListKey.TierPart> tierParts = tiers.stream()
                .filter(tier -> !tier.enforced(chain.direction()).isEmpty()).map(tier -> part(tier, chain)).toList();
            final List<RuleListKey.ProfilePart> profileParts = profileNames == null ? null : profileNames.stream()
                .map(profile -> new RuleListKey.ProfilePart(profile, profiles.get(profile))).toList();
            for (final boolean v6 : new boolean[] {false, true}) {
                final RuleListKey key = new RuleListKey(v6, chain.direction(), tierParts, profileParts);
                chains[CompiledEndpoint.slot(chain, v6)] = list(name, key);
            }
        }

        private RuleListKey.TierPart part(final Tier tier, final PolicyChain chain) {
            final PolicyDirection direction = chain.direction();
            return new RuleListKey.TierPart(tier.name(), chain.dropsAtEndOfTier() && !tier.defaultPass(),
                tier.enforced(direction).stream().map(policies::get).toList());
        }

        private RuleIndex list(final String name, final RuleListKey key) {
            RuleListCompiler.Compiled compiled = used.get(key);
            if (compiled == null) {
                compiled = lists.get(key);
                if (compiled == null) {
                    compiled = RuleListCompiler.compile(name, key, sets);
                    fresh.put(key, compiled);
                }
                used.put(key, compiled);
            }
            return compiled.index();
        }
    }
}
