package io.caracal.network;

import io.caracal.control.NodeChange;
import io.caracal.control.NodeChange.EncapsulationUpdate;
import io.caracal.control.NodeChange.FelixSettings;
import io.caracal.control.NodeChange.HostRemove;
import io.caracal.control.NodeChange.HostUpdate;
import io.caracal.control.NodeChange.PoolRemove;
import io.caracal.control.NodeChange.PoolUpdate;
import io.caracal.control.NodeChange.Route;
import io.caracal.control.NodeChange.RouteRemove;
import io.caracal.control.NodeChange.RouteUpdate;
import io.caracal.control.NodeChange.ServiceCidrsUpdate;
import io.caracal.control.NodeChange.ServiceRemove;
import io.caracal.control.NodeChange.ServiceUpdate;
import io.caracal.control.NodeChange.VtepRemove;
import io.caracal.control.NodeChange.VtepUpdate;
import io.caracal.policy.model.Prefix;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What control has told about the cluster's network: the sum of its {@link NodeChange}s, in no promised order. Of IPv6
 * nothing is shown while Felix's Ipv6Support is off. The control thread's.
 */
final class ClusterNetwork {
    private final Map<Prefix, Route> routes = new HashMap<>();
    private final Map<String, VtepUpdate> vteps = new TreeMap<>();
    private final Map<String, HostUpdate> hosts = new TreeMap<>();
    private final Map<String, PoolUpdate> pools = new TreeMap<>();
    private final Map<String, ServiceUpdate> services = new TreeMap<>();
    private List<Prefix> serviceCidrs = List.of();
    private EncapsulationUpdate encapsulation = new EncapsulationUpdate(false, false, false, false);
    private FelixNetworkSettings settings = FelixNetworkSettings.DEFAULT;

    /**
     * Takes one change.
     *
     * @param change the latest word about its object.
     * @throws IllegalArgumentException when a setting cannot be understood; the ones before it stay.
     */
    void apply(final NodeChange change) {
        switch (change) {
            case final FelixSettings felix -> settings = FelixNetworkSettings.of(felix.settings());
            case RouteUpdate(final Route route) -> routes.put(route.destination(), route);
            case RouteRemove(final Prefix destination) -> routes.remove(destination);
            case final VtepUpdate vtep -> vteps.put(vtep.node(), vtep);
            case VtepRemove(final String node) -> vteps.remove(node);
            case final HostUpdate host -> hosts.put(host.name(), host);
            case HostRemove(final String name) -> hosts.remove(name);
            case final PoolUpdate pool -> pools.put(pool.id(), pool);
            case PoolRemove(final String id) -> pools.remove(id);
            case final EncapsulationUpdate update -> encapsulation = update;
            case ServiceCidrsUpdate(final List<Prefix> cidrs) -> serviceCidrs = cidrs;
            case final ServiceUpdate service -> services.put(service.id(), service);
            case ServiceRemove(final String id) -> services.remove(id);
        }
    }

    /**
     * Whether there is a network around the pods at all: a node of its own, without pools and other nodes, leaves
     * everything that is not a pod to the host.
     */
    boolean isEmpty() {
        return pools.isEmpty() && vteps.isEmpty() && routes.isEmpty();
    }

    /** Whether pods have IPv6. */
    boolean hasIpv6() {
        return settings.host().part().ipv6();
    }

    private boolean isShown(final Prefix prefix) {
        return !prefix.v6() || hasIpv6();
    }

    Collection<Route> routes() {
        return hasIpv6() ? routes.values()
            : routes.values().stream().filter(route -> isShown(route.destination())).toList();
    }

    Collection<VtepUpdate> vteps() {
        return vteps.values().stream().map(this::shown).toList();
    }

    Optional<VtepUpdate> vtep(final String node) {
        return Optional.ofNullable(vteps.get(node)).map(this::shown);
    }

    private VtepUpdate shown(final VtepUpdate vtep) {
        return hasIpv6() ? vtep : new VtepUpdate(vtep.node(), vtep.ipv4(), Optional.empty());
    }

    Collection<HostUpdate> hosts() {
        return hosts.values().stream().map(host -> hasIpv6() ? host
            : new HostUpdate(host.name(), host.ipv4(), Optional.empty())).toList();
    }

    Collection<PoolUpdate> pools() {
        return hasIpv6() ? pools.values() : pools.values().stream().filter(pool -> isShown(pool.cidr())).toList();
    }

    /** The narrowest pool that gives pods addresses around a prefix. */
    Optional<PoolUpdate> poolOf(final Prefix prefix) {
        return pools.values().stream()
            .filter(pool -> !pool.loadBalancerOnly() && NetworkAddresses.contains(pool.cidr(), prefix))
            .max((a, b) -> Integer.compare(a.cidr().length(), b.cidr().length()));
    }

    Collection<ServiceUpdate> services() {
        return services.values();
    }

    List<Prefix> serviceCidrs() {
        return serviceCidrs.stream().filter(this::isShown).toList();
    }

    EncapsulationUpdate encapsulation() {
        return encapsulation;
    }

    FelixNetworkSettings settings() {
        return settings;
    }
}
