package io.caracal.kernel;

import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.Sysctl;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Settings and neighbours of the host's ends of pods' interfaces, as Felix and the CNI plugin make them
 * (felix/dataplane/linux/endpoint_mgr.go). Control thread only.
 */
final class PodInterfaces {
    /**
     * With the engine away the host answers ARP, and its own connections to pods go on. The source of a pod's packets
     * is checked by the engine, so the kernel need not (rp_filter 0, as Felix does since it has a rule for it).
     */
    private static final Map<String, String> IPV4_SETTINGS = Map.of("rp_filter", "0", "route_localnet", "1",
        "proxy_arp", "1", "forwarding", "1");
    /** A router takes no advice from pods. */
    private static final Map<String, String> IPV6_SETTINGS = Map.of("accept_ra", "0", "proxy_ndp", "1",
        "forwarding", "1");

    private final RouteNetlink netlink;
    private final NodeNetworkSettings settings;
    /** Interfaces that a specification has named: only there neighbours are ours to be removed. */
    private final Set<Integer> known = new HashSet<>();

    PodInterfaces(final RouteNetlink netlink, final NodeNetworkSettings settings) {
        this.netlink = netlink;
        this.settings = settings;
    }

    /** Makes settings and neighbours right; returns the routes that the pods need. */
    List<Route> ensure(final NodeNetworkSpec spec, final KernelView view, final NodeNetworkReport.Writer report) {
        final List<Route> routes = new ArrayList<>();
        final Map<Integer, Map<InetAddress, MacAddress>> neighbours = new HashMap<>();
        for (final PodInterface pod : spec.pods()) {
            final Link link = view.links().get(pod.name());
            if (link == null || !link.isUp()) {
                continue;
            }
            known.add(link.index());
            report.attempt("settings of " + pod.name(), () -> ensureSettings(pod.name(), spec.host(), report));
            final Map<InetAddress, MacAddress> ofPod =
                neighbours.computeIfAbsent(link.index(), index -> new HashMap<>());
            for (final InetAddress address : pod.addresses()) {
                routes.add(route(address, link.index(), spec.host().podSource(address)));
                if (pod.mac() != null) {
                    ofPod.put(address, pod.mac());
                }
            }
        }
        known.retainAll(view.links().values().stream().map(Link::index).toList());
        report.attempt("neighbours of pods", () -> ensureNeighbours(neighbours, report));
        return routes;
    }

    /** NB: a route that says the source has to take the CNI plugin's place, which has no metric and would win. */
    private Route route(final InetAddress address, final int ifindex, final Optional<InetAddress> source) {
        final Route route = Route.to(address, address.getAddress().length * Byte.SIZE).via(null, ifindex);
        return source.isEmpty() ? route.withMetric(metric(address))
            : route.withMetric(address instanceof Inet6Address ? metric(address) : 0).withSource(source.get());
    }

    /**
     * The kernel gives an IPv6 route without metric the one that Felix uses for pods (IP6_RT_PRIO_USER, 1024): ours
     * would take the place of the CNI plugin's, and nothing would be left when it is taken away.
     */
    private int metric(final InetAddress address) {
        return address instanceof Inet6Address ? settings.podRouteMetric() - 1 : settings.podRouteMetric();
    }

    private void ensureSettings(final String name, final HostPart host, final NodeNetworkReport.Writer report) {
        ensureSetting("ipv4/neigh/" + name + "/proxy_delay", "0", report);
        IPV4_SETTINGS.forEach((key, value) -> ensureSetting("ipv4/conf/" + name + '/' + key, value, report));
        if (host.ipv6()) {
            IPV6_SETTINGS.forEach((key, value) -> ensureSetting("ipv6/conf/" + name + '/' + key, value, report));
        }
    }

    /** What the kernel has not (no IPv6, or the interface has just gone) need not be set. */
    static void ensureSetting(final String key, final String value, final NodeNetworkReport.Writer report) {
        final Optional<String> found = Sysctl.find(key);
        if (found.isPresent() && !found.get().equals(value)) {
            report.change("set net/" + key + " from " + found.get() + " to " + value, () -> Sysctl.set(key, value));
        }
    }

    private void ensureNeighbours(final Map<Integer, Map<InetAddress, MacAddress>> wanted,
        final NodeNetworkReport.Writer report) {
        final Map<Integer, Map<InetAddress, MacAddress>> missing = new HashMap<>();
        wanted.forEach((ifindex, entries) -> missing.put(ifindex, new HashMap<>(entries)));
        for (final Neighbour neighbour : netlink.neighbours()) {
            if (!known.contains(neighbour.ifindex()) || (neighbour.state() & Neighbour.PERMANENT) == 0) {
                continue;
            }
            final Map<InetAddress, MacAddress> ofPod = wanted.getOrDefault(neighbour.ifindex(), Map.of());
            if (!ofPod.containsKey(neighbour.address())) {
                delete(neighbour, report);
            } else if (ofPod.get(neighbour.address()).equals(neighbour.mac())) {
                missing.get(neighbour.ifindex()).remove(neighbour.address());
            }
        }
        missing.forEach((ifindex, entries) -> entries.forEach((address, mac) ->
            report.change("set neighbour " + address.getHostAddress() + " of ifindex " + ifindex + " to " + mac,
                () -> netlink.replaceNeighbour(ifindex, address, mac))));
    }

    private void delete(final Neighbour neighbour, final NodeNetworkReport.Writer report) {
        report.change("delete neighbour " + neighbour.address().getHostAddress() + " of ifindex "
            + neighbour.ifindex(), () -> netlink.deleteNeighbour(neighbour.ifindex(), neighbour.address()));
    }

    /** Removes the neighbours of all pods' interfaces, also those of an earlier engine. */
    void removeNeighbours(final KernelView view, final NodeNetworkReport.Writer report) {
        final Set<Integer> ifindexes = new HashSet<>();
        view.links().forEach((name, link) -> {
            if (name.startsWith(settings.interfacePrefix())) {
                ifindexes.add(link.index());
            }
        });
        netlink.neighbours().stream().filter(each -> ifindexes.contains(each.ifindex())
            && (each.state() & Neighbour.PERMANENT) != 0).forEach(each -> delete(each, report));
    }
}
