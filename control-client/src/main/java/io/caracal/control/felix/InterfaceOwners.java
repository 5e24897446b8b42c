package io.caracal.control.felix;

import io.caracal.control.ControlUpdate;
import io.caracal.control.ControlUpdate.WorkloadEndpointRemove;
import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.WorkloadEndpointId;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Which endpoint has which interface: where several claim one, the lowest id has it and the others wait
 * (felix/dataplane/linux/endpoint_mgr.go). Tells only of owners.
 */
final class InterfaceOwners {
    private final Map<WorkloadEndpointId, WorkloadEndpointUpdate> endpoints = new TreeMap<>();
    private final Map<String, TreeSet<WorkloadEndpointId>> claims = new HashMap<>();
    private final Map<String, WorkloadEndpointUpdate> told = new HashMap<>();
    private final Consumer<ControlUpdate> listener;

    InterfaceOwners(final Consumer<ControlUpdate> listener) {
        this.listener = listener;
    }

    void put(final WorkloadEndpointUpdate update) {
        final WorkloadEndpointUpdate previous = endpoints.put(update.id(), update);
        if (previous != null && !previous.interfaceName().equals(update.interfaceName())) {
            release(previous);
        }
        claims.computeIfAbsent(update.interfaceName(), name -> new TreeSet<>()).add(update.id());
        tell(update.interfaceName());
    }

    void remove(final WorkloadEndpointId id) {
        final WorkloadEndpointUpdate previous = endpoints.remove(id);
        if (previous != null) {
            release(previous);
        }
    }

    private void release(final WorkloadEndpointUpdate endpoint) {
        final TreeSet<WorkloadEndpointId> claimants = claims.get(endpoint.interfaceName());
        claimants.remove(endpoint.id());
        if (claimants.isEmpty()) {
            claims.remove(endpoint.interfaceName());
        }
        tell(endpoint.interfaceName());
    }

    private void tell(final String interfaceName) {
        final TreeSet<WorkloadEndpointId> claimants = claims.get(interfaceName);
        final WorkloadEndpointUpdate owner = claimants == null ? null : endpoints.get(claimants.first());
        final WorkloadEndpointUpdate previous =
            owner == null ? told.remove(interfaceName) : told.put(interfaceName, owner);
        if (previous != null && (owner == null || !owner.id().equals(previous.id()))) {
            listener.accept(new WorkloadEndpointRemove(previous.id()));
        }
        if (owner != null && !owner.equals(previous)) {
            listener.accept(owner);
        }
    }

    /** Names each endpoint that waits, and its interface. */
    void forEachShadowed(final BiConsumer<WorkloadEndpointId, WorkloadEndpointUpdate> action) {
        claims.values().forEach(claimants -> claimants.stream().skip(1)
            .forEach(id -> action.accept(id, endpoints.get(claimants.first()))));
    }
}
