package io.caracal.network;

import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.Link;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.policy.model.Prefix;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The host's own network as the kernel had it at one moment: links, addresses, and the routes of the table main that
 * are not ours. Immutable; any thread.
 *
 * <p>NB: rules of policy routing are not looked at; of several next hops of a route the first counts.</p>
 */
final class HostView {
    static final HostView EMPTY = new HostView(List.of(), List.of(), List.of(), 0);

    private final Map<Integer, Link> links = new TreeMap<>();
    private final List<InterfaceAddress> addresses;
    /** By prefix length, longest first; of one prefix the route of the lowest metric. */
    private final TreeMap<Integer, Map<Prefix, Route>> routes = new TreeMap<>(Comparator.reverseOrder());

    private final int podMtu;

    /**
     * A view.
     *
     * @param links all but pods' interfaces.
     * @param addresses of all interfaces.
     * @param mainRoutes the host's own.
     * @param podMtu longest IP packet of any pod's interface; 0 without pods.
     */
    HostView(final Collection<Link> links, final List<InterfaceAddress> addresses, final Collection<Route> mainRoutes,
             final int podMtu) {
        this.podMtu = podMtu;
        links.forEach(link -> this.links.put(link.index(), link));
        this.addresses = List.copyOf(addresses);
        for (final Route route : mainRoutes) {
            if (!route.nextHops().isEmpty() && route.type() == Route.UNICAST) {
                routes.computeIfAbsent(route.prefixLength(), length -> new HashMap<>())
                    .merge(NetworkAddresses.prefix(route.destination(), route.prefixLength()), route,
                        (a, b) -> a.metric() <= b.metric() ? a : b);
            }
        }
    }

    /**
     * Looks at the kernel.
     *
     * @param netlink of the host's network namespace.
     * @param interfacePrefix what pods' interfaces begin with: theirs are not the host's.
     */
    static HostView read(final RouteNetlink netlink, final String interfacePrefix) {
        final Map<Boolean, List<Link>> links = netlink.links().stream()
            .collect(Collectors.partitioningBy(link -> link.name().startsWith(interfacePrefix)));
        final Set<Integer> indexes = links.get(false).stream().map(Link::index).collect(Collectors.toSet());
        return new HostView(links.get(false), netlink.addresses(), netlink.routes().stream()
            .filter(route -> route.table() == Route.TABLE_MAIN && route.protocol() != Route.PROTOCOL_CALICO
                && indexes.contains(route.ifindex())).toList(),
            links.get(true).stream().mapToInt(Link::mtu).max().orElse(0));
    }

    /**
     * The way of a packet out of this host.
     *
     * @param ifindex interface that it leaves by.
     * @param neighbour whose MAC it gets: the gateway, or the destination itself.
     * @param mtu longest IP packet.
     * @param source what the kernel would use as source address; null for its choice.
     */
    record Way(int ifindex, InetAddress neighbour, int mtu, InetAddress source) {
    }

    /** The way to an address; nothing where no route leads there. */
    Optional<Way> wayTo(final InetAddress destination) {
        final Prefix wanted = NetworkAddresses.prefix(destination);
        for (final Map.Entry<Integer, Map<Prefix, Route>> each : routes.entrySet()) {
            if (each.getKey() <= wanted.length()) {
                final Route route =
                    each.getValue().get(new Prefix(wanted.v6(), wanted.high(), wanted.low(), each.getKey()));
                if (route != null) {
                    return Optional.of(way(route, destination));
                }
            }
        }
        return Optional.empty();
    }

    private Way way(final Route route, final InetAddress destination) {
        final Link link = links.get(route.ifindex());
        final int linkMtu = link == null ? 0 : link.mtu();
        final int mtu = route.mtu() > 0 ? Math.min(route.mtu(), linkMtu) : linkMtu;
        return new Way(route.ifindex(), route.gateway() == null ? destination : route.gateway(), mtu, route.source());
    }

    /** The host's own routes, the narrowest first. */
    Collection<Route> routes() {
        final List<Route> all = new ArrayList<>();
        routes.values().forEach(each -> all.addAll(each.values()));
        return all;
    }

    Optional<Link> link(final int ifindex) {
        return Optional.ofNullable(links.get(ifindex));
    }

    Optional<Link> link(final String name) {
        return links.values().stream().filter(link -> link.name().equals(name)).findFirst();
    }

    Collection<Link> links() {
        return links.values();
    }

    int podMtu() {
        return podMtu;
    }

    /** Addresses that packets from elsewhere can be sent to: all but loopback's and IPv6 link-local ones. */
    List<InetAddress> localAddresses() {
        return addresses.stream().map(InterfaceAddress::address)
            .filter(address -> !address.isLoopbackAddress()
                && !(address instanceof Inet6Address && address.isLinkLocalAddress())).toList();
    }

    /** The first global address of an interface. */
    Optional<InetAddress> addressOf(final int ifindex, final boolean ipv6) {
        return addresses.stream().filter(each -> each.ifindex() == ifindex).map(InterfaceAddress::address)
            .filter(address -> address instanceof Inet6Address == ipv6 && !address.isLinkLocalAddress()).findFirst();
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof HostView view && links.equals(view.links) && addresses.equals(view.addresses)
            && routes.equals(view.routes) && podMtu == view.podMtu;
    }

    @Override
    public int hashCode() {
        return 31 * links.hashCode() + addresses.hashCode();
    }
}
