package io.caracal.policy.model;

import java.util.List;

/**
 * The endpoints of the node, and the interfaces it has.
 *
 * @param workloads pods' interfaces, each id once.
 * @param hosts host endpoints, each id once.
 * @param interfaces interfaces that exist; endpoints of others wait for them.
 */
public record EndpointSet(List<WorkloadEndpoint> workloads, List<HostEndpoint> hosts, List<NodeInterface> interfaces) {
    /** No endpoints. */
    public static final EndpointSet NONE = new EndpointSet(List.of(), List.of(), List.of());

    /** Copies the lists. */
    public EndpointSet {
        workloads = List.copyOf(workloads);
        hosts = List.copyOf(hosts);
        interfaces = List.copyOf(interfaces);
    }
}
