package io.caracal.network;

import io.caracal.control.NodeChange.PoolEncapsulation;
import io.caracal.control.NodeChange.Route;
import io.caracal.control.NodeChange.RouteType;
import io.caracal.control.NodeChange.TunnelAddress;
import io.caracal.control.NodeChange.VtepUpdate;
import io.caracal.kernel.Encapsulation;
import io.caracal.kernel.IpPrefix;
import io.caracal.kernel.NodeMtu;
import io.caracal.kernel.NodeNetworkSpec;
import io.caracal.kernel.OverlaySpec;
import io.caracal.kernel.PodInterface;
import io.caracal.kernel.RemoteBlock;
import io.caracal.kernel.RemoteVtep;
import io.caracal.netlink.MacAddress;
import io.caracal.policy.model.Prefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes what the kernel of this node shall know of the cluster's network. Stateless; the control thread's. */
final class KernelSpecCompiler {
    /** The smallest MTU that an overlay device may have: RFC 791. */
    private static final int MTU_MIN = 576;

    private KernelSpecCompiler() {
    }

    static NodeNetworkSpec compile(final NetworkInput input) {
        final List<RemoteVtep> vteps = new ArrayList<>();
        input.otherVteps().forEach(vtep -> addVteps(vtep, vteps));
        final Map<String, List<Prefix>> blocksOfNodes = new HashMap<>();
        input.cluster().routes().stream().filter(route -> route.types().contains(RouteType.REMOTE_WORKLOAD))
            .forEach(route -> blocksOfNodes.computeIfAbsent(route.nodeName(), node -> new ArrayList<>())
                .add(route.destination()));
        final List<RemoteBlock> blocks = new ArrayList<>();
        input.cluster().routes().forEach(route ->
            remoteBlock(input, route, blocksOfNodes.getOrDefault(route.nodeName(), List.of())).ifPresent(blocks::add));
        final List<IpPrefix> localBlocks =
            ForwardingCompiler.localBlocks(input.cluster()).stream().map(NetworkAddresses::network).toList();
        final List<PodInterface> pods = input.pods().stream()
            .map(pod -> new PodInterface(pod.interfaceName(), pod.mac(), pod.addresses())).toList();
        return new NodeNetworkSpec(overlays(input), vteps, blocks, localBlocks, pods,
            input.cluster().settings().host().part());
    }

    private static List<OverlaySpec> overlays(final NetworkInput input) {
        final List<OverlaySpec> overlays = new ArrayList<>();
        final NodeMtu mtu = input.mtu();
        input.ownTunnel(false).ifPresent(end -> overlays.add(overlay(
            input, OverlaySpec.DEVICE_IPV4, end, mtu.tunnel(Encapsulation.VXLAN_IPV4))));
        input.ownTunnel(true).ifPresent(end -> overlays.add(overlay(
            input, OverlaySpec.DEVICE_IPV6, end, mtu.tunnel(Encapsulation.VXLAN_IPV6))));
        return overlays;
    }

    private static OverlaySpec overlay(
        final NetworkInput input, final String device, final TunnelAddress end, final int mtu) {
        final FelixNetworkSettings settings = input.cluster().settings();
        return new OverlaySpec(device, settings.vxlanVni(), settings.vxlanPort(),
            NetworkAddresses.address(end.parent()), NetworkAddresses.address(end.address()),
            new MacAddress(end.mac().value()), Math.max(MTU_MIN, mtu), true);
    }

    private static void addVteps(final VtepUpdate vtep, final List<RemoteVtep> vteps) {
        vtep.ipv4().ifPresent(end -> vteps.add(remote(vtep.node(), end)));
        vtep.ipv6().ifPresent(end -> vteps.add(remote(vtep.node(), end)));
    }

    private static RemoteVtep remote(final String node, final TunnelAddress end) {
        return new RemoteVtep(node, NetworkAddresses.address(end.parent()), NetworkAddresses.address(end.address()),
            new MacAddress(end.mac().value()));
    }

    /** Routes of pools without encapsulation are BGP's, unless Felix is told to make them (ProgramClusterRoutes). */
    private static Optional<RemoteBlock> remoteBlock(
        final NetworkInput input, final Route route, final List<Prefix> blocksOfNode) {
        final Optional<InetAddress> nodeAddress = route.nodeAddress().map(NetworkAddresses::address);
        if (!route.types().contains(RouteType.REMOTE_WORKLOAD)) {
            return isLoneTunnel(route, blocksOfNode) ? tunnelled(input, route) : Optional.empty();
        }
        if (route.encapsulation() == PoolEncapsulation.VXLAN && !route.sameSubnet()) {
            return tunnelled(input, route);
        }
        final boolean isOurs = route.encapsulation() == PoolEncapsulation.VXLAN
            || route.encapsulation() == PoolEncapsulation.NONE && input.cluster().settings().programsClusterRoutes();
        return isOurs ? nodeAddress.map(address ->
            new RemoteBlock(NetworkAddresses.network(route.destination()), address, false)) : Optional.empty();
    }

    private static Optional<RemoteBlock> tunnelled(final NetworkInput input, final Route route) {
        if (input.ownTunnel(route.destination().v6()).isEmpty()) {
            return Optional.empty();
        }
        return input.tunnelOf(route.nodeName(), route.destination().v6()).map(end -> new RemoteBlock(
            NetworkAddresses.network(route.destination()), NetworkAddresses.address(end.address()), true));
    }

    /** A tunnel address that no block of its node covers needs a route of its own. */
    private static boolean isLoneTunnel(final Route tunnel, final List<Prefix> blocksOfNode) {
        return tunnel.types().contains(RouteType.REMOTE_TUNNEL) && tunnel.encapsulation() == PoolEncapsulation.VXLAN
            && blocksOfNode.stream().noneMatch(block -> NetworkAddresses.contains(block, tunnel.destination()));
    }
}
