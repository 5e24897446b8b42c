package io.caracal.control.felix;

import static io.caracal.control.felix.FelixObjectKind.BGP_CONFIG;
import static io.caracal.control.felix.FelixObjectKind.CONFIG;
import static io.caracal.control.felix.FelixObjectKind.ENCAPSULATION;
import static io.caracal.control.felix.FelixObjectKind.HOST;
import static io.caracal.control.felix.FelixObjectKind.HOST_ENDPOINT;
import static io.caracal.control.felix.FelixObjectKind.IP_SET;
import static io.caracal.control.felix.FelixObjectKind.NAMESPACE;
import static io.caracal.control.felix.FelixObjectKind.POLICY;
import static io.caracal.control.felix.FelixObjectKind.POOL;
import static io.caracal.control.felix.FelixObjectKind.PROFILE;
import static io.caracal.control.felix.FelixObjectKind.ROUTE;
import static io.caracal.control.felix.FelixObjectKind.SERVICE;
import static io.caracal.control.felix.FelixObjectKind.SERVICE_ACCOUNT;
import static io.caracal.control.felix.FelixObjectKind.VTEP;
import static io.caracal.control.felix.FelixObjectKind.WIREGUARD;
import static io.caracal.control.felix.FelixObjectKind.WIREGUARD_V6;
import static io.caracal.control.felix.FelixObjectKind.WORKLOAD_ENDPOINT;

import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.ServiceAccountID;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.policy.model.PolicyId;

/** What a {@code ToDataplane} message is about, read from its envelope. */
final class FelixMessages {
    private FelixMessages() {
    }

    /** The object of a message; null for in_sync and for an envelope without a payload that is known here. */
    static FelixKey key(final ToDataplane m) {
        return switch (m.getPayloadCase()) {
            case CONFIG_UPDATE -> new FelixKey(CONFIG, "");
            case IPSET_UPDATE -> new FelixKey(IP_SET, m.getIpsetUpdate().getId());
            case IPSET_DELTA_UPDATE -> new FelixKey(IP_SET, m.getIpsetDeltaUpdate().getId());
            case IPSET_REMOVE -> new FelixKey(IP_SET, m.getIpsetRemove().getId());
            case ACTIVE_POLICY_UPDATE -> policy(m.getActivePolicyUpdate().getId());
            case ACTIVE_POLICY_REMOVE -> policy(m.getActivePolicyRemove().getId());
            case ACTIVE_PROFILE_UPDATE -> new FelixKey(PROFILE, m.getActiveProfileUpdate().getId().getName());
            case ACTIVE_PROFILE_REMOVE -> new FelixKey(PROFILE, m.getActiveProfileRemove().getId().getName());
            case WORKLOAD_ENDPOINT_UPDATE -> workload(m.getWorkloadEndpointUpdate().getId());
            case WORKLOAD_ENDPOINT_REMOVE -> workload(m.getWorkloadEndpointRemove().getId());
            case HOST_ENDPOINT_UPDATE -> new FelixKey(HOST_ENDPOINT, m.getHostEndpointUpdate().getId().getEndpointId());
            case HOST_ENDPOINT_REMOVE -> new FelixKey(HOST_ENDPOINT, m.getHostEndpointRemove().getId().getEndpointId());
            case VTEP_UPDATE -> new FelixKey(VTEP, m.getVtepUpdate().getNode());
            case VTEP_REMOVE -> new FelixKey(VTEP, m.getVtepRemove().getNode());
            case ROUTE_UPDATE -> new FelixKey(ROUTE, m.getRouteUpdate().getDst());
            case ROUTE_REMOVE -> new FelixKey(ROUTE, m.getRouteRemove().getDst());
            case HOST_METADATA_UPDATE -> new FelixKey(HOST, m.getHostMetadataUpdate().getHostname());
            case HOST_METADATA_REMOVE -> new FelixKey(HOST, m.getHostMetadataRemove().getHostname());
            case IPAM_POOL_UPDATE -> new FelixKey(POOL, m.getIpamPoolUpdate().getId());
            case IPAM_POOL_REMOVE -> new FelixKey(POOL, m.getIpamPoolRemove().getId());
            case ENCAPSULATION -> new FelixKey(ENCAPSULATION, "");
            case GLOBAL_BGP_CONFIG_UPDATE -> new FelixKey(BGP_CONFIG, "");
            case SERVICE_UPDATE ->
                new FelixKey(SERVICE, m.getServiceUpdate().getNamespace() + "/" + m.getServiceUpdate().getName());
            case SERVICE_REMOVE ->
                new FelixKey(SERVICE, m.getServiceRemove().getNamespace() + "/" + m.getServiceRemove().getName());
            case SERVICE_ACCOUNT_UPDATE -> serviceAccount(m.getServiceAccountUpdate().getId());
            case SERVICE_ACCOUNT_REMOVE -> serviceAccount(m.getServiceAccountRemove().getId());
            case NAMESPACE_UPDATE -> new FelixKey(NAMESPACE, m.getNamespaceUpdate().getId().getName());
            case NAMESPACE_REMOVE -> new FelixKey(NAMESPACE, m.getNamespaceRemove().getId().getName());
            case WIREGUARD_ENDPOINT_UPDATE -> new FelixKey(WIREGUARD, m.getWireguardEndpointUpdate().getHostname());
            case WIREGUARD_ENDPOINT_REMOVE -> new FelixKey(WIREGUARD, m.getWireguardEndpointRemove().getHostname());
            case WIREGUARD_ENDPOINT_V6_UPDATE ->
                new FelixKey(WIREGUARD_V6, m.getWireguardEndpointV6Update().getHostname());
            case WIREGUARD_ENDPOINT_V6_REMOVE ->
                new FelixKey(WIREGUARD_V6, m.getWireguardEndpointV6Remove().getHostname());
            case IN_SYNC, PAYLOAD_NOT_SET -> null;
        };
    }

    /** Whether a message takes its object away. */
    static boolean isRemoval(final ToDataplane message) {
        return switch (message.getPayloadCase()) {
            case IPSET_REMOVE, ACTIVE_POLICY_REMOVE, ACTIVE_PROFILE_REMOVE, WORKLOAD_ENDPOINT_REMOVE,
                HOST_ENDPOINT_REMOVE, VTEP_REMOVE, ROUTE_REMOVE, HOST_METADATA_REMOVE, IPAM_POOL_REMOVE,
                SERVICE_REMOVE, SERVICE_ACCOUNT_REMOVE, NAMESPACE_REMOVE, WIREGUARD_ENDPOINT_REMOVE,
                WIREGUARD_ENDPOINT_V6_REMOVE -> true;
            case IN_SYNC, CONFIG_UPDATE, IPSET_UPDATE, IPSET_DELTA_UPDATE, ACTIVE_POLICY_UPDATE, ACTIVE_PROFILE_UPDATE,
                WORKLOAD_ENDPOINT_UPDATE, HOST_ENDPOINT_UPDATE, VTEP_UPDATE, ROUTE_UPDATE, HOST_METADATA_UPDATE,
                IPAM_POOL_UPDATE, ENCAPSULATION, GLOBAL_BGP_CONFIG_UPDATE, SERVICE_UPDATE, SERVICE_ACCOUNT_UPDATE,
                NAMESPACE_UPDATE, WIREGUARD_ENDPOINT_UPDATE, WIREGUARD_ENDPOINT_V6_UPDATE, PAYLOAD_NOT_SET -> false;
        };
    }

    private static FelixKey policy(final PolicyID id) {
        final PolicyId modelled = new PolicyId(id.getName(), id.getNamespace(), id.getKind());
        return new FelixKey(POLICY, modelled.kind() + " " + modelled.qualifiedName());
    }

    private static FelixKey workload(final WorkloadEndpointID id) {
        return new FelixKey(WORKLOAD_ENDPOINT,
            id.getOrchestratorId() + "/" + id.getWorkloadId() + "/" + id.getEndpointId());
    }

    private static FelixKey serviceAccount(final ServiceAccountID id) {
        return new FelixKey(SERVICE_ACCOUNT, id.getNamespace() + "/" + id.getName());
    }
}
