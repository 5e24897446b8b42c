package io.caracal.control.felix;

import io.caracal.control.ControlUpdate;
import io.caracal.control.NodeChange.FelixSettings;
import io.caracal.control.NodeChange.HostRemove;
import io.caracal.control.NodeChange.PoolRemove;
import io.caracal.control.NodeChange.RouteRemove;
import io.caracal.control.NodeChange.RouteUpdate;
import io.caracal.control.NodeChange.ServiceRemove;
import io.caracal.control.NodeChange.VtepRemove;
import io.caracal.control.PolicyChange.HostEndpointRemove;
import io.caracal.control.PolicyChange.HostEndpointUpdate;
import io.caracal.control.PolicyChange.PolicyRemove;
import io.caracal.control.PolicyChange.PolicyUpdate;
import io.caracal.control.PolicyChange.ProfileRemove;
import io.caracal.control.PolicyChange.ProfileUpdate;
import io.caracal.control.PolicyChange.SettingsUpdate;
import io.caracal.control.PolicyChange.WorkloadPolicyRemove;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.control.WorkloadEndpointId;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpointUpdate;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.SetReferences;
import io.caracal.policy.model.TierReferences;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** Translates one object, checks what it names, and tells of it; an exception means that nothing was told. */
final class ObjectTeller {
    private final Consumer<ControlUpdate> listener;
    private final Function<String, IpSetKind> setKinds;
    private final Predicate<FelixKey> isApplied;
    private final References references;
    private final InterfaceOwners owners;

    ObjectTeller(final Consumer<ControlUpdate> listener, final Function<String, IpSetKind> setKinds,
        final Predicate<FelixKey> isApplied, final References references) {
        this.listener = listener;
        this.setKinds = setKinds;
        this.isApplied = isApplied;
        this.references = references;
        owners = new InterfaceOwners(listener);
    }

    InterfaceOwners owners() {
        return owners;
    }

    /**
     * Tells of an object that is new or has changed.
     *
     * @return what of it is not done, for people.
     * @throws io.caracal.policy.model.PolicyException when it cannot be taken.
     */
    List<String> put(final FelixKey key, final ToDataplane m) {
        switch (key.kind()) {
            case CONFIG -> putConfig(m.getConfigUpdate().getConfigMap());
            case POLICY -> putPolicy(key, PolicyConversion.policy(m.getActivePolicyUpdate()));
            case PROFILE -> putProfile(key, PolicyConversion.profile(m.getActiveProfileUpdate()));
            case WORKLOAD_ENDPOINT -> {
                putWorkload(key, m.getWorkloadEndpointUpdate());
                return PolicyConversion.notApplied(m.getWorkloadEndpointUpdate());
            }
            case HOST_ENDPOINT -> putHost(key, PolicyConversion.host(m.getHostEndpointUpdate()));
            case VTEP -> listener.accept(NodeConversion.vtep(m.getVtepUpdate()));
            case ROUTE -> listener.accept(new RouteUpdate(NodeConversion.route(m.getRouteUpdate())));
            case HOST -> listener.accept(NodeConversion.host(m.getHostMetadataUpdate()));
            case POOL -> listener.accept(NodeConversion.pool(m.getIpamPoolUpdate()));
            case ENCAPSULATION -> {
                listener.accept(NodeConversion.encapsulation(m.getEncapsulation()));
                return m.getEncapsulation().getIpipEnabled()
                    ? List.of("IPIP is not spoken: pods of other nodes in such a pool are reached by the host only")
                    : List.of();
            }
            case BGP_CONFIG -> listener.accept(NodeConversion.serviceCidrs(m.getGlobalBgpConfigUpdate()));
            case SERVICE -> listener.accept(NodeConversion.service(key.id(), m.getServiceUpdate()));
            case WIREGUARD, WIREGUARD_V6 -> {
                return List.of("WireGuard is not supported: traffic to this node is not encrypted by Caracal");
            }
            /* Namespaces and service accounts only serve layer 7; IP sets are told elsewhere. */
            case SERVICE_ACCOUNT, NAMESPACE, IP_SET -> { }
        }
        return List.of();
    }

    private void putConfig(final Map<String, String> settings) {
        final PolicyConfig config = new FelixConfigReader(settings).policyConfig();
        listener.accept(new FelixSettings(settings));
        listener.accept(new SettingsUpdate(config));
    }

    private void putPolicy(final FelixKey key, final Policy policy) {
        SetReferences.check(policy, setKinds);
        references.put(key, References.of(policy.ingress(), policy.egress()));
        listener.accept(new PolicyUpdate(policy));
    }

    private void putProfile(final FelixKey key, final Profile profile) {
        SetReferences.check(profile, setKinds);
        references.put(key, References.of(profile.ingress(), profile.egress()));
        listener.accept(new ProfileUpdate(profile));
    }

    private void putWorkload(final FelixKey key, final WorkloadEndpointUpdate update) {
        final WorkloadPolicyUpdate policy = PolicyConversion.workload(key.id(), update);
        final var attachment = PolicyConversion.attachment(update);
        TierReferences.check(policy.endpoint(), id -> isApplied.test(References.policy(id)));
        references.put(key, References.of(policy.endpoint()));
        listener.accept(policy);
        owners.put(attachment);
    }

    private void putHost(final FelixKey key, final HostEndpoint endpoint) {
        TierReferences.check(endpoint, id -> isApplied.test(References.policy(id)));
        references.put(key, References.of(endpoint));
        listener.accept(new HostEndpointUpdate(endpoint));
    }

    /** Tells that an object is gone. */
    void remove(final FelixKey key, final ToDataplane last) {
        switch (key.kind()) {
            case POLICY -> listener.accept(
                new PolicyRemove(PolicyConversion.policyId(last.getActivePolicyUpdate().getId())));
            case PROFILE -> listener.accept(new ProfileRemove(key.id()));
            case WORKLOAD_ENDPOINT -> {
                final var id = last.getWorkloadEndpointUpdate().getId();
                owners.remove(new WorkloadEndpointId(id.getOrchestratorId(), id.getWorkloadId(), id.getEndpointId()));
                listener.accept(new WorkloadPolicyRemove(key.id()));
            }
            case HOST_ENDPOINT -> listener.accept(new HostEndpointRemove(key.id()));
            case VTEP -> listener.accept(new VtepRemove(key.id()));
            case ROUTE -> listener.accept(new RouteRemove(Prefix.parse(key.id())));
            case HOST -> listener.accept(new HostRemove(key.id()));
            case POOL -> listener.accept(new PoolRemove(key.id()));
            case SERVICE -> listener.accept(new ServiceRemove(key.id()));
            case CONFIG, ENCAPSULATION, BGP_CONFIG, SERVICE_ACCOUNT, NAMESPACE, WIREGUARD, WIREGUARD_V6, IP_SET -> { }
        }
    }
}
