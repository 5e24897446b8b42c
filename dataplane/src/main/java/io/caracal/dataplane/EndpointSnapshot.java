package io.caracal.dataplane;

import java.util.Map;

import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;

/**
 * State of every endpoint after a batch of changes. Immutable once published.
 *
 * @param inSync whether the control source has said everything once.
 * @param workloads each workload endpoint, and whether it is attached and policed.
 * @param hosts each host endpoint's state in Felix's words, by its id.
 */
record EndpointSnapshot(boolean inSync, Map<WorkloadEndpointUpdate, Boolean> workloads, Map<String, String> hosts) {
    /** Before the first batch. */
    static final EndpointSnapshot NONE = new EndpointSnapshot(false, Map.of(), Map.of());
}
