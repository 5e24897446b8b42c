package io.caracal.network;

import io.caracal.control.NodeChange.PoolEncapsulation;
import io.caracal.control.NodeChange.Route;
import io.caracal.control.NodeChange.RouteType;
import io.caracal.control.NodeChange.TunnelAddress;
import io.caracal.policy.model.Prefix;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.NextHopTable;
import io.caracal.route.NodePorts;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the workers' tables of what control and the kernel say. The narrowest prefix wins; where several things are
 * said about one prefix, the later of these: the host's routes, pools, services, other nodes, this node's blocks,
 * addresses of the host, pods. The control thread's.
 */
final class ForwardingCompiler {
    private static final Prefix LINK_LOCAL_IPV4 = Prefix.parse("169.254.0.0/16");
    /** "This network" and loopback (RFC 6890) must not reach the host's stack from a pod: route_localnet is on. */
    private static final List<Prefix> NEVER = List.of(
        Prefix.parse("0.0.0.0/8"), Prefix.parse("127.0.0.0/8"), Prefix.parse("::/128"), Prefix.parse("::1/128"));
    private static final List<Prefix> EVERYTHING = List.of(Prefix.parse("0.0.0.0/0"), Prefix.parse("::/0"));
    private static final int WORKLOAD_MTU_MIN = 1280;

    private final NextHopNumbers numbers = new NextHopNumbers();

    /** One compilation. */
    CompiledForwarding compile(final NetworkInput input) {
        final NextHopPlanner planner = new NextHopPlanner(input, numbers);
        final RouteTable routes = new Routes(input, planner).build();
        numbers.retain(new HashSet<>(planner.plans().values()));
        return new CompiledForwarding(routes, planner.plans(), vteps(input), options(input));
    }

    private static VtepTable vteps(final NetworkInput input) {
        final Optional<TunnelAddress> ipv4 = input.ownTunnel(false);
        final Optional<TunnelAddress> ipv6 = input.ownTunnel(true);
        if (ipv4.isEmpty() && ipv6.isEmpty()) {
            return VtepTable.EMPTY;
        }
        final FelixNetworkSettings settings = input.cluster().settings();
        final InetAddress own4 = ipv4.map(end -> NetworkAddresses.address(end.parent())).orElse(null);
        final InetAddress own6 = ipv6.map(end -> NetworkAddresses.address(end.parent())).orElse(null);
        return new VtepTable(new VtepTable.Device(settings.vxlanVni(), settings.vxlanPort(),
            NetworkAddresses.ipv4(own4), NetworkAddresses.ipv6(own6), ipv4.map(end -> end.mac().value()).orElse(0L),
            ipv6.map(end -> end.mac().value()).orElse(0L), input.overlayIfindex(false),
            input.overlayIfindex(true)),
            remoteVteps(input));
    }

    /** Outer addresses that VXLAN is accepted from. */
    static Set<InetAddress> remoteVteps(final NetworkInput input) {
        final Set<InetAddress> remotes = new HashSet<>();
        input.otherVteps().forEach(vtep -> {
            vtep.ipv4().ifPresent(end -> remotes.add(NetworkAddresses.address(end.parent())));
            vtep.ipv6().ifPresent(end -> remotes.add(NetworkAddresses.address(end.parent())));
        });
        input.cluster().settings().externalNodes().stream().filter(Prefix::isHost)
            .forEach(prefix -> remotes.add(NetworkAddresses.address(prefix)));
        return remotes;
    }

    private static ForwardingOptions options(final NetworkInput input) {
        final FelixNetworkSettings settings = input.cluster().settings();
        final ForwardingOptions usual = ForwardingOptions.DEFAULT;
        final int podMtu = input.host().podMtu() > 0 ? input.host().podMtu() : input.podMtu();
        return new ForwardingOptions(Math.max(WORKLOAD_MTU_MIN, podMtu),
            errorSource(input, false).map(NetworkAddresses::ipv4).orElse(usual.errorIpv4Source()),
            errorSource(input, true).map(NetworkAddresses::ipv6).orElse(usual.errorIpv6Source()),
            settings.vxlanFromWorkloads() ? 0 : settings.vxlanPort(), settings.ipipFromWorkloads(),
            settings.natExcludesHosts(), nodePorts(input.cluster()));
    }

    private static NodePorts nodePorts(final ClusterNetwork cluster) {
        return NodePorts.of(cluster.services().stream().flatMap(service -> service.nodePorts().stream())
            .mapToInt(port -> port.protocol() << Short.SIZE | port.port()).toArray());
    }

    private static Optional<InetAddress> errorSource(final NetworkInput input, final boolean ipv6) {
        return input.ownTunnel(ipv6).map(end -> NetworkAddresses.address(end.address()));
    }

    /** The routes of one compilation. */
    private static final class Routes {
        private final NetworkInput input;
        private final NextHopPlanner planner;
        private final RouteTable.Builder builder = new RouteTable.Builder();

        Routes(final NetworkInput input, final NextHopPlanner planner) {
            this.input = input;
            this.planner = planner;
        }

        RouteTable build() {
            EVERYTHING.forEach(all -> put(all, RouteTarget.of(RouteKind.OUTSIDE)));
            if (!input.uplinks().isEmpty()) {
                input.host().routes().stream().filter(route -> input.cluster().hasIpv6()
                    || !(route.destination() instanceof Inet6Address)).forEach(this::putHostRoute);
                input.cluster().pools().forEach(pool -> {
                    if (!pool.loadBalancerOnly()) {
                        put(pool.cidr(), outside(pool.cidr()));
                    }
                });
            }
            input.cluster().serviceCidrs().forEach(cidr -> put(cidr, RouteTarget.of(RouteKind.SERVICE)));
            input.cluster().services().forEach(service ->
                service.addresses().forEach(address -> put(address, RouteTarget.of(RouteKind.SERVICE))));
            otherNodes();
            input.cluster().routes().forEach(this::putClusterRoute);
            put(LINK_LOCAL_IPV4, RouteTarget.of(RouteKind.HOST));
            NEVER.forEach(never -> put(never, RouteTarget.of(RouteKind.BLACKHOLE)));
            input.host().localAddresses().forEach(
                address -> put(NetworkAddresses.prefix(address), RouteTarget.of(RouteKind.HOST)));
            input.pods().forEach(this::putPod);
            return builder.build();
        }

        private void put(final Prefix prefix, final RouteTarget target) {
            if (prefix.v6() && !input.cluster().hasIpv6()) {
                builder.putIpv6(0, 0, 0, RouteTarget.of(RouteKind.BLACKHOLE));
            } else if (prefix.v6()) {
                builder.putIpv6(prefix.high(), prefix.low(), prefix.length(), target);
            } else {
                builder.putIpv4((int)(prefix.high() >>> Integer.SIZE), prefix.length(), target);
            }
        }

        private void putHostRoute(final io.caracal.netlink.Route route) {
            final Prefix destination = NetworkAddresses.prefix(route.destination(), route.prefixLength());
            if (route.destination().isLinkLocalAddress() || route.destination().isMulticastAddress()) {
                return;
            }
            final boolean isLink = route.gateway() == null && !destination.isHost();
            final int nextHop = isLink ? planner.onLink(route.ifindex()) : planner.towards(route.destination());
            put(destination, RouteTarget.via(RouteKind.OUTSIDE, nextHop, natFlags(destination, nextHop)));
        }

        private RouteTarget outside(final Prefix prefix) {
            final int nextHop = planner.towards(NetworkAddresses.address(prefix));
            return RouteTarget.via(RouteKind.OUTSIDE, nextHop, natFlags(prefix, nextHop));
        }

        /** Why packets to a destination keep their source. */
        private int natFlags(final Prefix destination, final int nextHop) {
            final boolean isMasqueraded = planner.device(nextHop).flatMap(input.host()::link)
                .map(link -> input.cluster().settings().host().isMasqueraded(link.name())).orElse(true);
            return (input.cluster().poolOf(destination).isPresent() ? RouteFlags.IN_POOL : 0)
                | (isMasqueraded ? 0 : RouteFlags.KEEPS_SOURCE);
        }

        private void otherNodes() {
            input.cluster().hosts().stream().filter(host -> !host.name().equals(input.node())).forEach(host -> {
                host.ipv4().ifPresent(each -> put(each.address(), remoteHost(each.address())));
                host.ipv6().ifPresent(each -> put(each.address(), remoteHost(each.address())));
            });
        }

        private RouteTarget remoteHost(final Prefix address) {
            final int nextHop = planner.towards(NetworkAddresses.address(address));
            return RouteTarget.via(RouteKind.REMOTE_HOST, nextHop, natFlags(address, nextHop));
        }

        private void putClusterRoute(final Route route) {
            final Set<RouteType> types = route.types();
            if (types.contains(RouteType.LOCAL_HOST) || types.contains(RouteType.LOCAL_TUNNEL)) {
                put(route.destination(), RouteTarget.of(RouteKind.HOST));
            } else if (types.contains(RouteType.REMOTE_HOST)) {
                put(route.destination(), remoteHost(route.destination()));
            } else if (types.contains(RouteType.LOCAL_WORKLOAD)) {
                /* A block; or a pod that is not attached yet, and is put as one afterwards where it is. */
                put(route.destination(), RouteTarget.of(RouteKind.BLACKHOLE));
            } else if (types.contains(RouteType.REMOTE_WORKLOAD)) {
                put(route.destination(), remoteWorkload(route));
            } else if (types.contains(RouteType.REMOTE_TUNNEL)) {
                put(route.destination(), tunnelled(RouteKind.REMOTE_HOST, route));
            }
        }

        private RouteTarget remoteWorkload(final Route route) {
            if (route.encapsulation() == PoolEncapsulation.VXLAN) {
                return route.sameSubnet() && route.nodeAddress().isPresent()
                    ? RouteTarget.via(RouteKind.REMOTE_SAME_SUBNET,
                        planner.towards(NetworkAddresses.address(route.nodeAddress().get())), RouteFlags.IN_POOL)
                    : tunnelled(RouteKind.REMOTE_WORKLOAD, route);
            }
            return RouteTarget.via(RouteKind.REMOTE_WORKLOAD, route.encapsulation() == PoolEncapsulation.NONE
                ? unencapsulated(route) : NextHopTable.NONE, RouteFlags.IN_POOL);
        }

        /** To the node itself when it is on our link, else as the host's routes (BGP's) say. */
        private int unencapsulated(final Route route) {
            final InetAddress block = NetworkAddresses.address(route.destination());
            final Optional<InetAddress> node = route.nodeAddress().map(NetworkAddresses::address);
            final boolean isNeighbour = node.flatMap(address -> input.host().wayTo(address))
                .filter(way -> way.neighbour().equals(node.get())).isPresent();
            return planner.towards(isNeighbour ? node.get() : block);
        }

        /** Before the other node's end is known nothing can be sent there, and it is not the default route's. */
        private RouteTarget tunnelled(final int kind, final Route route) {
            final boolean ipv6 = route.destination().v6();
            final Optional<TunnelAddress> own = input.ownTunnel(ipv6);
            final Optional<TunnelAddress> remote = input.tunnelOf(route.nodeName(), ipv6);
            return own.isEmpty() || remote.isEmpty() ? RouteTarget.of(RouteKind.NONE)
                : RouteTarget.via(kind, planner.through(own.get(), remote.get()), RouteFlags.IN_POOL);
        }

        private void putPod(final LocalPod pod) {
            for (final InetAddress address : pod.addresses()) {
                final Prefix prefix = NetworkAddresses.prefix(address);
                final int flags = input.cluster().poolOf(prefix)
                    .map(pool -> RouteFlags.IN_POOL | (pool.masquerade() ? RouteFlags.NAT_OUTGOING : 0)).orElse(0);
                put(prefix, RouteTarget.localWorkload(pod.ifindex(), flags));
            }
        }
    }

    /** Prefixes of this node's blocks, for the kernel's blackhole routes. */
    static List<Prefix> localBlocks(final ClusterNetwork cluster) {
        final List<Prefix> blocks = new ArrayList<>();
        cluster.routes().stream().filter(Route::isLocalBlock).forEach(route -> blocks.add(route.destination()));
        return blocks;
    }
}
