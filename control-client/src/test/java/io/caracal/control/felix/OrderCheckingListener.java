package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.ControlUpdate.WorkloadEndpointRemove;
import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.NodeChange;
import io.caracal.control.PolicyChange;
import io.caracal.control.PolicyView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A consumer that builds everything it is told of and fails as soon as something names what is not there. */
final class OrderCheckingListener implements ControlListener {
    final PolicyView policy = new PolicyView();
    final Map<String, String> network = new TreeMap<>();
    final Map<String, WorkloadEndpointUpdate> attached = new TreeMap<>();
    final List<ControlUpdate> heard = new ArrayList<>();
    private int inSyncCount;

    @Override
    public void onUpdate(final ControlUpdate update) {
        heard.add(update);
        policy.onUpdate(update);
        switch (update) {
            case final ControlUpdate.InSync sync -> assertTrue(++inSyncCount == 1, "in sync twice");
            case final WorkloadEndpointUpdate endpoint -> attached.put(endpoint.id().toString(), endpoint);
            case WorkloadEndpointRemove(final var id) -> assertTrue(attached.remove(id.toString()) != null, "unknown " + id);
            case final NodeChange change -> take(change);
            case final PolicyChange.SettingsUpdate settings -> { }
            /* The set's own constructor refuses a reference into nothing. */
            case final PolicyChange change -> policy.policySet(List.of());
        }
    }

    private void take(final NodeChange change) {
        final String text = change.toString();
        switch (change) {
            case NodeChange.RouteUpdate(final var route) -> network.put("route " + route.destination(), normal(route));
            case NodeChange.RouteRemove(final var destination) -> gone("route " + destination);
            case final NodeChange.VtepUpdate vtep -> network.put("vtep " + vtep.node(), text);
            case NodeChange.VtepRemove(final var node) -> gone("vtep " + node);
            case final NodeChange.HostUpdate host -> network.put("host " + host.name(), text);
            case NodeChange.HostRemove(final var node) -> gone("host " + node);
            case final NodeChange.PoolUpdate pool -> network.put("pool " + pool.id(), text);
            case NodeChange.PoolRemove(final var pool) -> gone("pool " + pool);
            case final NodeChange.ServiceUpdate service -> network.put("service " + service.id(), text);
            case NodeChange.ServiceRemove(final var service) -> gone("service " + service);
            case NodeChange.FelixSettings(final var settings) -> network.put("settings", new TreeMap<>(settings).toString());
            case final NodeChange.EncapsulationUpdate encapsulation -> network.put("encapsulation", text);
            case final NodeChange.ServiceCidrsUpdate cidrs -> network.put("cidrs", text);
        }
    }

    /** Sets of enums print in no certain order. */
    private static String normal(final NodeChange.Route route) {
        final List<String> types = route.types().stream().map(Enum::name).sorted().toList();
        return types + " " + route.encapsulation() + " " + route.nodeName() + " " + route.nodeAddress() + " "
            + Set.of(route.sameSubnet()) + route.natOutgoing() + route.localWorkload() + route.borrowed();
    }

    private void gone(final String key) {
        assertTrue(network.remove(key) != null, "removal of " + key + ", which is not there");
    }

    @Override
    public void onProblems(final List<ControlProblem> problems) {
        policy.onProblems(problems);
    }
}
