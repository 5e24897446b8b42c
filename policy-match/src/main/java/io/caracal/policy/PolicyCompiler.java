package io.caracal.policy;

import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.SetReferences;
import io.caracal.policy.model.TierReferences;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Takes policy objects one by one, in Felix's order (IP sets before policies before endpoints, removals the other way),
 * and publishes what they mean as a {@link CompiledPolicy}. All methods but {@link #current()} belong to one control
 * thread. A method that refuses an object by {@link PolicyException} has changed nothing; nothing is visible to workers
 * before {@link #publish()}, and then all of it is.
 *
 * <p>A change of members costs by members; a changed policy compiles the lists that contain it again, and no
 * others.</p>
 */
public final class PolicyCompiler {
    private final int workers;
    private final RuleNumbers numbers;
    private final SetRegistry sets = new SetRegistry();
    private final Map<PolicyId, RuleSource> policies = new HashMap<>();
    private final Map<String, RuleSource> profiles = new HashMap<>();
    private final TreeMap<String, WorkloadEndpoint> workloads = new TreeMap<>();
    private final TreeMap<String, HostEndpoint> hosts = new TreeMap<>();
    private final Map<Integer, NodeInterface> interfaces = new HashMap<>();
    private final Map<String, Integer> setUses = new HashMap<>();
    private final EndpointCompiler endpoints = new EndpointCompiler(sets, policies, profiles);
    private PolicyConfig config = PolicyConfig.DEFAULTS;
    private int generation;
    private boolean endpointsChanged = true;
    private volatile CompiledPolicy current;

    /**
     * Makes a compiler of an empty policy, which is published at once.
     *
     * @param workers how many workers will evaluate: the number of counters for each rule.
     */
    public PolicyCompiler(final int workers) {
        this.workers = workers;
        numbers = new RuleNumbers(workers);
        publish();
    }

    /**
     * How many workers may evaluate.
     *
     * @return the number given at the start.
     */
    public int workers() {
        return workers;
    }

    /**
     * The policy in force. Any thread; a worker asks once for each burst.
     *
     * @return the last one published, never null.
     */
    public CompiledPolicy current() {
        return current;
    }

    /** Counts a hit of a rule by its number; see {@link PolicyEvaluator#count}. A worker's thread. */
    void hit(final int ruleId, final int worker) {
        numbers.count(ruleId, worker);
    }

    /**
     * Changes the settings.
     *
     * @param settings the new ones.
     */
    public void putConfig(final PolicyConfig settings) {
        config = settings;
        endpointsChanged = true;
    }

    /**
     * Adds or replaces an IP set.
     *
     * @param set the set with all its members.
     * @throws PolicyException if rules use the set as another kind.
     */
    public void putIpSet(final IpSet set) {
        if (setUses.containsKey(set.id()) && sets.kind(set.id()) != set.kind()) {
            throw new PolicyException("IP set " + set.id(), "is used by rules as " + sets.kind(set.id()));
        }
        if (sets.put(set)) {
            renew(policies.values(), policies, set.id());
            renew(profiles.values(), profiles, set.id());
        }
    }

    private <K> void renew(final Collection<RuleSource> sources, final Map<K, RuleSource> map, final String setId) {
        if (sources.stream().anyMatch(source -> source.sets().contains(setId))) {
            map.replaceAll((key, source) -> source.sets().contains(setId) ? source.renewed() : source);
            endpointsChanged = true;
        }
    }

    /**
     * Changes members of an IP set: removals first, then additions.
     *
     * @param id the set.
     * @param added members that come; those that are there already change nothing.
     * @param removed members that go; those that are not there change nothing.
     * @throws PolicyException if there is no such set, or it is of another kind.
     */
    public void changeIpSet(final String id, final IpSetMembers added, final IpSetMembers removed) {
        sets.change(id, added, removed);
    }

    /**
     * Removes an IP set.
     *
     * @param id the set.
     * @throws PolicyException if there is no such set, or rules still use it.
     */
    public void removeIpSet(final String id) {
        if (setUses.containsKey(id)) {
            throw new PolicyException("IP set " + id, "cannot be removed: rules still use it");
        }
        sets.remove(id);
    }

    /**
     * Adds or replaces a policy; its hit counters start again only if its rules changed.
     *
     * @param policy the policy.
     * @throws PolicyException if it uses a set that is not there.
     */
    public void putPolicy(final Policy policy) {
        SetReferences.check(policy, sets::kind);
        final RuleSource old = policies.get(policy.id());
        if (old == null || !old.object().equals(policy)) {
            put(policies, policy.id(), RuleSource.of(policy, numbers));
        }
    }

    /**
     * Adds or replaces a profile.
     *
     * @param profile the profile.
     * @throws PolicyException if it uses a set that is not there.
     */
    public void putProfile(final Profile profile) {
        SetReferences.check(profile, sets::kind);
        final RuleSource old = profiles.get(profile.name());
        if (old == null || !old.object().equals(profile)) {
            put(profiles, profile.name(), RuleSource.of(profile, numbers));
        }
    }

    private <K> void put(final Map<K, RuleSource> map, final K key, final RuleSource source) {
        source.sets().forEach(id -> setUses.merge(id, 1, Integer::sum));
        forget(map.put(key, source));
        endpointsChanged = true;
    }

    private void forget(final RuleSource source) {
        if (source != null) {
            source.sets().forEach(id -> setUses.computeIfPresent(id, (key, uses) -> uses == 1 ? null : uses - 1));
            endpointsChanged = true;
        }
    }

    /**
     * Removes a policy; nothing happens if there is none.
     *
     * @param id the policy.
     * @throws PolicyException if an endpoint still lists it.
     */
    public void removePolicy(final PolicyId id) {
        workloads.values().forEach(endpoint -> TierReferences.check(endpoint, listed -> !listed.equals(id)));
        hosts.values().forEach(endpoint -> TierReferences.check(endpoint, listed -> !listed.equals(id)));
        forget(policies.remove(id));
    }

    /**
     * Removes a profile; endpoints that still name it deny everything that reaches it.
     *
     * @param name the profile.
     */
    public void removeProfile(final String name) {
        forget(profiles.remove(name));
    }

    /**
     * Adds or replaces a workload endpoint.
     *
     * @param endpoint the endpoint.
     * @throws PolicyException if it lists a policy that is not there.
     */
    public void putWorkload(final WorkloadEndpoint endpoint) {
        TierReferences.check(endpoint, policies::containsKey);
        endpointsChanged |= !endpoint.equals(workloads.put(endpoint.id(), endpoint));
    }

    /**
     * Removes a workload endpoint; nothing happens if there is none.
     *
     * @param id its id.
     */
    public void removeWorkload(final String id) {
        endpointsChanged |= workloads.remove(id) != null;
    }

    /**
     * Adds or replaces a host endpoint.
     *
     * @param endpoint the endpoint.
     * @throws PolicyException if it lists a policy that is not there.
     */
    public void putHost(final HostEndpoint endpoint) {
        TierReferences.check(endpoint, policies::containsKey);
        endpointsChanged |= !endpoint.equals(hosts.put(endpoint.id(), endpoint));
    }

    /**
     * Removes a host endpoint; nothing happens if there is none.
     *
     * @param id its id.
     */
    public void removeHost(final String id) {
        endpointsChanged |= hosts.remove(id) != null;
    }

    /**
     * Says that an interface exists, or has changed its name or addresses.
     *
     * @param node the interface.
     */
    public void putInterface(final NodeInterface node) {
        endpointsChanged |= !node.equals(interfaces.put(node.index(), node));
    }

    /**
     * Says that an interface is gone; nothing happens if it was not known.
     *
     * @param index its ifindex.
     */
    public void removeInterface(final int index) {
        endpointsChanged |= interfaces.remove(index) != null;
    }

    /**
     * Takes a whole policy set in place of everything; what is equal to what is in force stays compiled and keeps its
     * counters. Visible after {@link #publish()}.
     *
     * @param set the set, which has checked itself.
     */
    public void replaceAll(final PolicySet set) {
        putConfig(set.config());
        workloads.clear();
        hosts.clear();
        interfaces.clear();
        set.objects().ipSets().forEach(this::putIpSetAnew);
        set.objects().policies().forEach(this::putPolicy);
        set.objects().profiles().forEach(this::putProfile);
        removeOthers(policies, set.objects().policies().stream().map(Policy::id).collect(Collectors.toSet()));
        removeOthers(profiles, set.objects().profiles().stream().map(Profile::name).collect(Collectors.toSet()));
        set.endpoints().interfaces().forEach(this::putInterface);
        set.endpoints().workloads().forEach(this::putWorkload);
        set.endpoints().hosts().forEach(this::putHost);
        final Set<String> wanted = set.objects().ipSets().stream().map(IpSet::id).collect(Collectors.toSet());
        sets.ids().stream().filter(id -> !wanted.contains(id)).forEach(this::removeIpSet);
    }

    /** A set may change its kind here, since the rules that use it come along; they are checked when they come. */
    private void putIpSetAnew(final IpSet set) {
        if (sets.put(set)) {
            renew(policies.values(), policies, set.id());
            renew(profiles.values(), profiles, set.id());
        }
    }

    private <K> void removeOthers(final Map<K, RuleSource> map, final Set<K> wanted) {
        List.copyOf(map.keySet()).stream().filter(key -> !wanted.contains(key)).forEach(key -> forget(map.remove(key)));
    }

    /**
     * Makes everything that was put and removed so far visible to workers, at once.
     *
     * @return the policy now in force.
     * @throws PolicyException if a list of rules is longer than can be enforced; then the last policy stays in force.
     */
    public CompiledPolicy publish() {
        if (endpointsChanged) {
            endpoints.compile(config, workloads.values(), hosts.values(), interfaces.values());
            endpointsChanged = false;
        }
        final CompiledPolicy next = new CompiledPolicy(config, endpoints.listsVersion(), ++generation,
            sets.finish(false), sets.finish(true), endpoints.interfaces());
        current = next;
        return next;
    }

    /**
     * The member of an IP set that covers an address, for people. Control thread.
     *
     * @param setId the set.
     * @param address a prefix of full length.
     * @return the longest covering member, or null if the address is none.
     * @throws PolicyException if there is no such set.
     */
    public Prefix memberOf(final String setId, final Prefix address) {
        return sets.member(setId, address.v6(), address.high(), address.low());
    }

    /**
     * How many members an IP set has. Control thread.
     *
     * @param setId the set.
     * @return its members.
     * @throws PolicyException if there is no such set.
     */
    public int memberCount(final String setId) {
        return sets.memberCount(setId);
    }

    /**
     * The places of a policy's rules, with their hit counters. Control thread.
     *
     * @param id the policy.
     * @return ingress rules, then egress rules; none if there is no such policy.
     */
    public List<RulePlace> places(final PolicyId id) {
        final RuleSource source = policies.get(id);
        return source == null ? List.of() : source.allPlaces();
    }
}
