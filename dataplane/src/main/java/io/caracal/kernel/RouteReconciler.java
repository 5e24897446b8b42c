package io.caracal.kernel;

import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the routes of our protocol in the table main those that are wanted: new and changed ones first, in place where
 * the kernel can, then what is too much. Routes of other protocols stay; one of them in our place is a problem to be
 * reported, unless it leaves by a pod's own interface, where Felix or the CNI plugin made it for the same pod. Control
 * thread only.
 */
final class RouteReconciler {
    /** What the kernel gives an IPv6 route that names no metric. */
    private static final int IPV6_METRIC_DEFAULT = 1024;

    private final RouteNetlink netlink;
    private final int protocol;
    private final NodeNetworkReport.Writer report;

    RouteReconciler(final RouteNetlink netlink, final int protocol, final NodeNetworkReport.Writer report) {
        this.netlink = netlink;
        this.protocol = protocol;
        this.report = report;
    }

    /** What the kernel tells routes of one table apart by. */
    private record Key(String destination, int prefixLength, int metric) {
        static Key of(final Route route) {
            return new Key(route.destination().getHostAddress(), route.prefixLength(), route.metric());
        }
    }

    void reconcile(final List<Route> wantedRoutes, final Set<Integer> podIfindexes) {
        final Map<Key, Route> wanted = byKey(wantedRoutes);
        final List<Route> tooMuch = new ArrayList<>();
        final Map<Key, Route> own = new HashMap<>();
        final Map<Key, Route> others = new HashMap<>();
        for (final Route route : netlink.routes()) {
            if (route.table() != Route.TABLE_MAIN) {
                continue;
            }
            if (route.protocol() != protocol) {
                others.put(Key.of(route), route);
            } else if (!wanted.containsKey(Key.of(route)) || own.putIfAbsent(Key.of(route), route) != null) {
                tooMuch.add(route);
            }
        }
        wanted.forEach((key, route) -> ensure(route, own.get(key), others.get(key), podIfindexes));
        tooMuch.forEach(route -> report.change("delete route " + route, () -> netlink.deleteRoute(route)));
    }

    private Map<Key, Route> byKey(final List<Route> routes) {
        final Map<Key, Route> wanted = new LinkedHashMap<>();
        for (final Route route : routes) {
            final boolean hasDefaultMetric = route.metric() == 0 && route.destination() instanceof Inet6Address;
            final Route whole = (hasDefaultMetric ? route.withMetric(IPV6_METRIC_DEFAULT) : route)
                .withProtocol(protocol);
            final Route before = wanted.putIfAbsent(Key.of(whole), whole);
            if (before != null && !before.equals(whole)) {
                report.problem("two routes are wanted for one destination: " + before + " and " + whole);
            }
        }
        return wanted;
    }

    private void ensure(final Route wanted, final Route own, final Route other, final Set<Integer> podIfindexes) {
        if (wanted.equals(own)) {
            return;
        }
        if (own != null) {
            replace(wanted, own);
        } else if (other != null && podIfindexes.contains(other.ifindex())) {
            report.change("take over route " + other, () -> netlink.replaceRoute(wanted));
        } else if (other != null) {
            report.problem("add route " + wanted + ": another one has its place, which is not ours: " + other);
        } else {
            report.change("add route " + wanted, () -> netlink.addRoute(wanted));
        }
    }

    /**
     * NB: a replace of IPv6 finds only a route of the same kind (fib6_add_rt2node: with a gateway or not); it would add
     * a second one otherwise. And a gateway on the link must not be behind the route's present device
     * (ip6_route_check_nh_onlink), as a tunnel address within its own block is.
     */
    private void replace(final Route wanted, final Route own) {
        final boolean isInPlace = !(wanted.destination() instanceof Inet6Address)
            || wanted.isReject() == own.isReject() && (wanted.gateway() == null) == (own.gateway() == null)
            && wanted.ifindex() == own.ifindex();
        report.change("replace route " + own + " by " + wanted, () -> {
            if (isInPlace) {
                netlink.replaceRoute(wanted);
            } else {
                netlink.deleteRoute(own);
                netlink.addRoute(wanted);
            }
        });
    }
}
