package io.caracal.dataplane;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

import io.caracal.control.PolicyChange;
import io.caracal.kernel.OverlaySpec;
import io.caracal.policy.CompiledPolicy;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyWay;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.Prefix;

/**
 * What packets may pass: gives the control source's changes and the node's interfaces to the policy compiler, and
 * publishes them to the workers, all changes of a batch at once. An object that the compiler refuses is told as a
 * problem and keeps its last good form.
 *
 * <p>Control thread only, but for {@link #compiler()}, whose current policy any thread may read.</p>
 */
final class PolicyControl {
    private final PolicyCompiler compiler;
    private final EngineLog log;
    private final Map<Integer, NodeInterface> interfaces = new HashMap<>();
    private final SortedMap<String, String> problemByObject = new TreeMap<>();
    private final HostEndpointScope hostEndpoints = new HostEndpointScope();
    private final PolicyListing listing = new PolicyListing();
    private final SourceExemptions exemptions;
    private PolicyWay way = new PolicyWay(0);
    private boolean inSync;
    private boolean changed;

    /**
     * No policy yet: every pod is denied everything.
     *
     * @param workerCount workers that evaluate.
     * @param log where refusals are told.
     */
    PolicyControl(final int workerCount, final EngineLog log) {
        compiler = new PolicyCompiler(workerCount);
        this.log = log;
        exemptions = new SourceExemptions(log);
    }

    /** From where endpoints may send besides their own addresses. */
    SourceExemptions exemptions() {
        return exemptions;
    }

    /** Where the workers find the policy in force. */
    PolicyCompiler compiler() {
        return compiler;
    }

    /** Who is told which overlay devices policy knows; before anything is published. */
    void tellOverlay(final PolicyWay told) {
        way = told;
    }

    /** Takes one change; nothing is in force before {@link #publishIfChanged}. */
    void onChange(final PolicyChange change) {
        changed = true;
        try {
            apply(change);
            hostEndpoints.onChange(change);
            listing.onChange(change);
            exemptions.onChange(change);
            problemByObject.remove(objectOf(change));
        } catch (final PolicyException refused) {
            refuse(objectOf(change), refused.getMessage());
        }
    }

    private void apply(final PolicyChange change) {
        switch (change) {
            case PolicyChange.SettingsUpdate(var config) -> compiler.putConfig(config);
            case PolicyChange.IpSetUpdate(var set) -> compiler.putIpSet(set);
            case PolicyChange.IpSetDelta(var id, var added, var removed) -> compiler.changeIpSet(id, added, removed);
            case PolicyChange.IpSetRemove(var id) -> compiler.removeIpSet(id);
            case PolicyChange.PolicyUpdate(var policy) -> compiler.putPolicy(policy);
            case PolicyChange.PolicyRemove(var id) -> compiler.removePolicy(id);
            case PolicyChange.ProfileUpdate(var profile) -> compiler.putProfile(profile);
            case PolicyChange.ProfileRemove(var name) -> compiler.removeProfile(name);
            case PolicyChange.WorkloadPolicyUpdate(var endpoint, var spoofed) -> compiler.putWorkload(endpoint);
            case PolicyChange.WorkloadPolicyRemove(var id) -> compiler.removeWorkload(id);
            case PolicyChange.HostEndpointUpdate(var endpoint) -> compiler.putHost(endpoint);
            case PolicyChange.HostEndpointRemove(var id) -> compiler.removeHost(id);
        }
    }

    private static String objectOf(final PolicyChange change) {
        return switch (change) {
            case final PolicyChange.SettingsUpdate settings -> "settings";
            case PolicyChange.IpSetUpdate(var set) -> "IP set " + set.id();
            case PolicyChange.IpSetDelta(var id, var added, var removed) -> "IP set " + id;
            case PolicyChange.IpSetRemove(var id) -> "IP set " + id;
            case PolicyChange.PolicyUpdate(var policy) -> policy.id().toString();
            case PolicyChange.PolicyRemove(var id) -> id.toString();
            case PolicyChange.ProfileUpdate(var profile) -> "profile " + profile.name();
            case PolicyChange.ProfileRemove(var name) -> "profile " + name;
            case PolicyChange.WorkloadPolicyUpdate(var endpoint, var spoofed) -> endpoint.toString();
            case PolicyChange.WorkloadPolicyRemove(var id) -> "workload endpoint " + id;
            case PolicyChange.HostEndpointUpdate(var endpoint) -> endpoint.toString();
            case PolicyChange.HostEndpointRemove(var id) -> "host endpoint " + id;
        };
    }

    private void refuse(final String object, final String complaint) {
        final String problem = complaint + "; the last good state of " + object + " stays in force";
        if (!problem.equals(problemByObject.put(object, problem))) {
            log.warn(problem);
        }
    }

    /** The control source has told everything once: policy comes into force from now on. */
    void onInSync() {
        inSync = true;
        changed = true;
    }

    /**
     * An interface is there, perhaps under another name or with other addresses: a packet of an unknown one is denied.
     *
     * @param ifindex its index.
     * @param name its name.
     * @param addresses its own.
     */
    void onInterface(final int ifindex, final String name, final List<Prefix> addresses) {
        final NodeInterface present = new NodeInterface(ifindex, name, addresses);
        if (!present.equals(interfaces.put(ifindex, present))) {
            compiler.putInterface(present);
            changed = true;
        }
    }

    /**
     * An interface is gone.
     *
     * @param ifindex its index.
     */
    void onInterfaceGone(final int ifindex) {
        if (interfaces.remove(ifindex) != null) {
            compiler.removeInterface(ifindex);
            changed = true;
        }
    }

    /**
     * Brings a batch of changes into force.
     *
     * @return the policy if there is a new one, else null.
     */
    CompiledPolicy publishIfChanged() {
        if (!changed || !inSync) {
            return null;
        }
        changed = false;
        try {
            final CompiledPolicy policy = compiler.publish();
            problemByObject.remove("policy");
            way.overlay(ifindex(OverlaySpec.DEVICE_IPV4), ifindex(OverlaySpec.DEVICE_IPV6));
            return policy;
        } catch (final PolicyException refused) {
            refuse("policy", refused.getMessage());
            return null;
        }
    }

    private int ifindex(final String name) {
        return interfaces.values().stream().filter(present -> present.name().equals(name))
            .mapToInt(NodeInterface::index).findFirst().orElse(0);
    }

    /** What is in force, for people. */
    Map<String, Object> describe() {
        return listing.describe(compiler::memberCount);
    }

    /** State of each host endpoint, in Felix's words. */
    Map<String, String> hostStates() {
        return hostEndpoints.states(interfaces.values());
    }

    /** A sentence for each object that packets do not meet. */
    List<String> notEnforced() {
        return hostEndpoints.notEnforced();
    }

    /** What was refused or has no effect, with the reason of each. */
    List<String> problems() {
        return Stream.concat(problemByObject.values().stream(), exemptions.problems().stream()).toList();
    }
}
