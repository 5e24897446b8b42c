package io.caracal.control;

import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Gathers what a {@link ControlSource} tells into one {@link PolicySet}, for whoever wants the whole at once: the
 * commands {@code check} and {@code explain}, tests. The engine takes the changes one by one instead. One thread.
 */
public final class PolicyView implements ControlListener {
    private final Map<String, SetMembers> sets = new TreeMap<>();
    private final Map<PolicyId, Policy> policies = new LinkedHashMap<>();
    private final Map<String, Profile> profiles = new TreeMap<>();
    private final Map<String, WorkloadEndpoint> workloads = new TreeMap<>();
    private final Map<String, HostEndpoint> hosts = new TreeMap<>();
    private PolicyConfig config = PolicyConfig.DEFAULTS;
    private List<ControlProblem> problems = List.of();
    private boolean inSync;

    /** Members of a set as texts, so that a delta is two operations of a set. */
    private record SetMembers(IpSetKind kind, Set<String> texts) {
        void change(final IpSetMembers added, final IpSetMembers removed) {
            for (int row = 0; row < removed.count(); row++) {
                texts.remove(removed.text(row));
            }
            for (int row = 0; row < added.count(); row++) {
                texts.add(added.text(row));
            }
        }
    }

    /** Nothing told yet. */
    public PolicyView() {
    }

    @Override
    public void onUpdate(final ControlUpdate update) {
        switch (update) {
            case final PolicyChange change -> take(change);
            case final ControlUpdate.InSync sync -> inSync = true;
            case final NodeChange change -> { }
            case final ControlUpdate.WorkloadEndpointUpdate attachment -> { }
            case final ControlUpdate.WorkloadEndpointRemove detachment -> { }
        }
    }

    private void take(final PolicyChange change) {
        switch (change) {
            case PolicyChange.SettingsUpdate(final PolicyConfig settings) -> config = settings;
            case PolicyChange.IpSetUpdate(final IpSet set) -> {
                final SetMembers members = new SetMembers(set.kind(), new LinkedHashSet<>());
                members.change(set.members(), IpSetMembers.of(List.of()));
                sets.put(set.id(), members);
            }
            case PolicyChange.IpSetDelta(final String id, final IpSetMembers added, final IpSetMembers removed) ->
                sets.get(id).change(added, removed);
            case PolicyChange.IpSetRemove(final String id) -> sets.remove(id);
            case PolicyChange.PolicyUpdate(final Policy policy) -> policies.put(policy.id(), policy);
            case PolicyChange.PolicyRemove(final PolicyId id) -> policies.remove(id);
            case PolicyChange.ProfileUpdate(final Profile profile) -> profiles.put(profile.name(), profile);
            case PolicyChange.ProfileRemove(final String name) -> profiles.remove(name);
            case final PolicyChange.WorkloadPolicyUpdate update ->
                workloads.put(update.endpoint().id(), update.endpoint());
            case PolicyChange.WorkloadPolicyRemove(final String id) -> workloads.remove(id);
            case PolicyChange.HostEndpointUpdate(final HostEndpoint endpoint) -> hosts.put(endpoint.id(), endpoint);
            case PolicyChange.HostEndpointRemove(final String id) -> hosts.remove(id);
        }
    }

    @Override
    public void onProblems(final List<ControlProblem> found) {
        problems = List.copyOf(found);
    }

    /**
     * The policy as it is now.
     *
     * @param interfaces the node's interfaces.
     * @return an immutable, checked set.
     */
    public PolicySet policySet(final List<NodeInterface> interfaces) {
        final List<IpSet> ipSets = sets.entrySet().stream().map(entry -> new IpSet(entry.getKey(),
            IpSetMembers.parse(entry.getValue().kind(), List.copyOf(entry.getValue().texts())))).toList();
        return new PolicySet(config,
            new PolicyObjects(ipSets, List.copyOf(policies.values()), List.copyOf(profiles.values())),
            new EndpointSet(List.copyOf(workloads.values()), List.copyOf(hosts.values()), interfaces));
    }

    /**
     * Workload endpoints by id.
     *
     * @return a copy.
     */
    public Map<String, WorkloadEndpoint> workloads() {
        return Map.copyOf(workloads);
    }

    /**
     * What the source could not pass on.
     *
     * @return as it was told last.
     */
    public List<ControlProblem> problems() {
        return problems;
    }

    /**
     * Whether the source has said everything once.
     *
     * @return whether in-sync has come.
     */
    public boolean isInSync() {
        return inSync;
    }
}
