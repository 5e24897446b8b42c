package io.caracal.control;

import java.util.Objects;

/**
 * Who a workload endpoint is, as Felix names it. The order is Felix's own: where two endpoints claim one interface the
 * lowest id has it (felix/dataplane/linux/endpoint_mgr.go).
 *
 * @param orchestratorId {@code k8s} for Kubernetes.
 * @param workloadId     {@code namespace/pod} for Kubernetes.
 * @param endpointId     the interface's name inside the pod, usually {@code eth0}.
 */
public record WorkloadEndpointId(String orchestratorId, String workloadId, String endpointId)
    implements Comparable<WorkloadEndpointId> {

    /**
     * Refuses empty parts.
     *
     * @throws IllegalArgumentException naming the part.
     */
    public WorkloadEndpointId {
        requireFilled(orchestratorId, "orchestrator");
        requireFilled(workloadId, "workload");
        requireFilled(endpointId, "endpoint");
    }

    private static void requireFilled(final String part, final String name) {
        Objects.requireNonNull(part, name);
        if (part.isBlank()) {
            throw new IllegalArgumentException("the " + name + " of a workload endpoint's id is empty");
        }
    }

    @Override
    public int compareTo(final WorkloadEndpointId other) {
        int order = orchestratorId.compareTo(other.orchestratorId);
        order = order != 0 ? order : workloadId.compareTo(other.workloadId);
        return order != 0 ? order : endpointId.compareTo(other.endpointId);
    }

    /**
     * As people write it.
     *
     * @return {@code k8s/namespace/pod/eth0}.
     */
    @Override
    public String toString() {
        return orchestratorId + '/' + workloadId + '/' + endpointId;
    }
}
