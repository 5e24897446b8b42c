package io.caracal.control;

import io.caracal.control.ControlProblem.Kind;
import io.caracal.control.ControlUpdate.WorkloadEndpointRemove;
import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.WorkloadEndpointDecoder.PlacedEndpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a set of manifests asks of one node, whole and checked; immutable.
 *
 * @param endpoints this node's endpoints by id.
 * @param problems  what is there but not applied.
 */
record ManifestSnapshot(SortedMap<WorkloadEndpointId, WorkloadEndpointUpdate> endpoints,
                        List<ControlProblem> problems) {
    static final ManifestSnapshot EMPTY = new ManifestSnapshot(new TreeMap<>(), List.of());

    /**
     * Compiles objects for a node.
     *
     * @throws ControlException with every reason for which any object is refused.
     */
    static ManifestSnapshot compile(final List<ManifestObject> objects, final String node) {
        final List<ControlProblem> problems = new ArrayList<>();
        final SortedMap<WorkloadEndpointId, PlacedEndpoint> placed = new TreeMap<>();
        final Map<String, ManifestObject> seen = new HashMap<>();
        for (final ManifestObject object : objects) {
            if (isNew(object, seen, problems)) {
                decode(object, problems).ifPresent(endpoint -> place(endpoint, node, placed, problems));
            }
        }
        final List<ControlProblem> refused = problems.stream()
            .filter(problem -> problem.kind() == Kind.REFUSED).toList();
        if (!refused.isEmpty()) {
            throw new ControlException(refused);
        }
        return new ManifestSnapshot(withoutShadowed(placed, problems), List.copyOf(problems));
    }

    /** Two objects of one name: which of them holds would depend on the files' names. */
    private static boolean isNew(final ManifestObject object, final Map<String, ManifestObject> seen,
                                 final List<ControlProblem> problems) {
        if (object.text("/metadata/name").isEmpty()) {
            return true;
        }
        final ManifestObject first = seen.putIfAbsent(object.apiVersion() + ' ' + object.title(), object);
        if (first != null) {
            problems.add(object.problem(Kind.REFUSED, "/metadata/name", "is there twice; first at " + first.place("")));
        }
        return first == null;
    }

    private static Optional<PlacedEndpoint> decode(final ManifestObject object, final List<ControlProblem> problems) {
        if (object.kind().isEmpty() || object.apiVersion().isEmpty()) {
            problems.add(object.problem(Kind.REFUSED, "", "apiVersion and kind are required"));
            return Optional.empty();
        }
        if (!WorkloadEndpointDecoder.API_VERSION.equals(object.apiVersion())
            || !WorkloadEndpointDecoder.KIND.equals(object.kind())) {
            problems.add(object.problem(Kind.NOT_APPLIED, "/kind", "objects of kind " + object.kind() + " ("
                + object.apiVersion() + ") are not supported by this version"));
            return Optional.empty();
        }
        return new WorkloadEndpointDecoder(object, problems).decode();
    }

    private static void place(final PlacedEndpoint endpoint, final String node,
                              final SortedMap<WorkloadEndpointId, PlacedEndpoint> placed,
                              final List<ControlProblem> problems) {
        if (!endpoint.node().equals(node)) {
            return;
        }
        final PlacedEndpoint first = placed.putIfAbsent(endpoint.update().id(), endpoint);
        if (first != null) {
            problems.add(endpoint.object().problem(Kind.REFUSED, "/spec", "is the same endpoint "
                + endpoint.update().id() + " as " + first.object().title() + " at " + first.object().place("")));
        }
    }

    /** Two endpoints on one interface: the lowest id has it, as Felix decides (endpoint_mgr.go). */
    private static SortedMap<WorkloadEndpointId, WorkloadEndpointUpdate> withoutShadowed(
        final SortedMap<WorkloadEndpointId, PlacedEndpoint> placed, final List<ControlProblem> problems) {
        final SortedMap<WorkloadEndpointId, WorkloadEndpointUpdate> endpoints = new TreeMap<>();
        final Map<String, WorkloadEndpointId> owners = new HashMap<>();
        placed.forEach((id, endpoint) -> {
            final String interfaceName = endpoint.update().interfaceName();
            final WorkloadEndpointId owner = owners.putIfAbsent(interfaceName, id);
            if (owner == null) {
                endpoints.put(id, endpoint.update());
            } else {
                problems.add(endpoint.object().problem(Kind.SHADOWED, "/spec/interfaceName",
                    "interface " + interfaceName + " is also that of " + owner + ", whose id is lower"));
            }
        });
        return endpoints;
    }

    /** What leads from an older snapshot to this one: removals first, each in the order of the ids. */
    List<ControlUpdate> differencesFrom(final ManifestSnapshot older) {
        final List<ControlUpdate> differences = new ArrayList<>();
        older.endpoints.keySet().stream().filter(id -> !endpoints.containsKey(id))
            .forEach(id -> differences.add(new WorkloadEndpointRemove(id)));
        endpoints.forEach((id, update) -> {
            if (!update.equals(older.endpoints.get(id))) {
                differences.add(update);
            }
        });
        return differences;
    }
}
