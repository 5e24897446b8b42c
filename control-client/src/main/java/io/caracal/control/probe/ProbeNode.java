package io.caracal.control.probe;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.NodeChange;
import io.caracal.control.NodeChange.HostUpdate;
import io.caracal.control.NodeChange.PoolEncapsulation;
import io.caracal.control.NodeChange.Route;
import io.caracal.control.NodeChange.RouteType;
import io.caracal.control.NodeChange.VtepUpdate;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.control.PolicyView;
import io.caracal.policy.PolicyPacket;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A node as it is known from control alone: its policy, and an uplink, an overlay device and one interface for each
 * workload, so that a described packet can be given its way. One thread; told by any {@code ControlSource}.
 */
public final class ProbeNode implements ControlListener {
    /** Name of the overlay device, as Felix makes it. */
    public static final String OVERLAY_NAME = "vxlan.calico";

    private static final int UPLINK = 1;
    private static final int OVERLAY = 2;
    private static final int FIRST_WORKLOAD = 3;

    private final String name;
    private final String uplinkName;
    private final PolicyView policy = new PolicyView();
    private final Map<Prefix, Route> routes = new HashMap<>();
    private final Map<String, List<Prefix>> spoofable = new HashMap<>();
    private final Set<Prefix> nodeAddresses = new LinkedHashSet<>();
    private final Set<Prefix> tunnelAddresses = new LinkedHashSet<>();
    private boolean spoofingAllowed;

    /**
     * A node that nothing is known of yet.
     *
     * @param name       its name, by which its own addresses are told from others'.
     * @param uplinkName name of its uplink, by which host endpoints may be bound to it.
     */
    public ProbeNode(final String name, final String uplinkName) {
        this.name = name;
        this.uplinkName = uplinkName;
    }

    @Override
    public void onUpdate(final ControlUpdate update) {
        policy.onUpdate(update);
        switch (update) {
            case NodeChange.RouteUpdate(final Route route) -> routes.put(route.destination(), route);
            case NodeChange.RouteRemove(final Prefix destination) -> routes.remove(destination);
            case final HostUpdate host when host.name().equals(name) -> {
                host.ipv4().ifPresent(address -> nodeAddresses.add(address.address()));
                host.ipv6().ifPresent(address -> nodeAddresses.add(address.address()));
            }
            case final VtepUpdate vtep when vtep.node().equals(name) -> {
                vtep.ipv4().ifPresent(tunnel -> tunnelAddresses.add(tunnel.address()));
                vtep.ipv6().ifPresent(tunnel -> tunnelAddresses.add(tunnel.address()));
            }
            case NodeChange.FelixSettings(final Map<String, String> settings) ->
                spoofingAllowed = "Any".equalsIgnoreCase(settings.get("WorkloadSourceSpoofing"));
            case final WorkloadPolicyUpdate workload ->
                spoofable.put(workload.endpoint().id(), workload.spoofedSourcePrefixes());
            default -> { }
        }
    }

    @Override
    public void onProblems(final List<ControlProblem> problems) {
        policy.onProblems(problems);
    }

    /**
     * What was told of policy.
     *
     * @return the live view.
     */
    public PolicyView policy() {
        return policy;
    }

    /**
     * The node's interfaces, workloads' by the order of their ids.
     *
     * @return uplink, overlay device, workloads.
     */
    public List<NodeInterface> interfaces() {
        final List<NodeInterface> interfaces = new ArrayList<>();
        interfaces.add(new NodeInterface(UPLINK, uplinkName, List.copyOf(nodeAddresses)));
        interfaces.add(new NodeInterface(OVERLAY, OVERLAY_NAME, List.copyOf(tunnelAddresses)));
        final Set<String> names = new LinkedHashSet<>();
        sortedWorkloads().forEach(endpoint -> names.add(endpoint.interfaceName()));
        names.forEach(each -> interfaces.add(
            new NodeInterface(FIRST_WORKLOAD + interfaces.size() - 2, each, List.of())));
        return interfaces;
    }

    /**
     * The whole policy with the node's interfaces.
     *
     * @return checked and immutable.
     */
    public PolicySet policySet() {
        return policy.policySet(interfaces());
    }

    private List<WorkloadEndpoint> sortedWorkloads() {
        return policy.workloads().values().stream().sorted((a, b) -> a.id().compareTo(b.id())).toList();
    }

    /** The local workload that sends or receives a probe; null where it is none of this node's. */
    WorkloadEndpoint workload(final String endpointId, final String pod, final Prefix address) {
        final Map<String, WorkloadEndpoint> workloads = policy.workloads();
        if (workloads.containsKey(endpointId)) {
            return workloads.get(endpointId);
        }
        return sortedWorkloads().stream().filter(endpoint -> endpoint.addresses().contains(address)
            || !pod.isEmpty() && endpoint.id().startsWith("k8s/" + pod + "/")).findFirst().orElse(null);
    }

    /** ifindex of the interface behind which an address is: a workload's own, the host's, or by route. */
    int interfaceOf(final WorkloadEndpoint workload, final Prefix address) {
        if (workload != null) {
            return interfaces().stream().filter(node -> node.name().equals(workload.interfaceName()))
                .findFirst().orElseThrow().index();
        }
        if (nodeAddresses.contains(address) || tunnelAddresses.contains(address)) {
            return PolicyPacket.HOST;
        }
        final Route route = route(address);
        if (route == null) {
            return UPLINK;
        }
        if (route.types().contains(RouteType.LOCAL_HOST) || route.types().contains(RouteType.LOCAL_TUNNEL)) {
            return PolicyPacket.HOST;
        }
        final boolean remote =
            route.types().contains(RouteType.REMOTE_WORKLOAD) || route.types().contains(RouteType.REMOTE_TUNNEL);
        return remote && route.encapsulation() == PoolEncapsulation.VXLAN && !route.sameSubnet() ? OVERLAY : UPLINK;
    }

    private Route route(final Prefix address) {
        Route best = null;
        for (final Route route : routes.values()) {
            if (route.destination().contains(address.v6(), address.high(), address.low())
                && (best == null || route.destination().length() > best.destination().length())) {
                best = route;
            }
        }
        return best;
    }

    /** Whether a workload may send from an address: its own, or one that it is allowed to use. */
    boolean maySend(final WorkloadEndpoint workload, final Prefix source) {
        return workload.addresses().stream().anyMatch(own -> own.contains(source.v6(), source.high(), source.low()))
            || spoofingAllowed && spoofable.getOrDefault(workload.id(), List.of()).stream()
                .anyMatch(prefix -> prefix.contains(source.v6(), source.high(), source.low()));
    }
}
