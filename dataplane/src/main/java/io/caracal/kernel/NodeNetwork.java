package io.caracal.kernel;

import io.caracal.bindings.NativeCallException;
import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.Link;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
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
 * The kernel's side of an overlay node, which Felix's internal dataplane programs otherwise: the overlay devices with
 * their forwarding and neighbour entries, routes to other nodes' pods and to this node's, blackhole routes for this
 * node's blocks, settings of interfaces. The host's own traffic uses it, and so does that of pods while no engine is
 * there to carry it. Each pass compares what is with what shall be and changes only the difference, so it may run as
 * often as one likes; a pass over a node where all is right changes nothing.
 *
 * <p>It touches only its own: routes of its protocol in the table main, the overlay devices by name, permanent
 * neighbours and settings of the pods' interfaces that it was told. What it made stays when it is closed, for the next
 * engine; {@link #removeAll} takes it away. Settings of the kernel are not set back.
 *
 * <p>One thread at a time; it works in the network namespace of the thread that opened it, and must be called in that
 * one (settings are the calling thread's). CAP_NET_ADMIN.
 *
 * <pre>{@code
 * try (NodeNetwork network = NodeNetwork.open(NodeNetworkSettings.DEFAULT)) {
 *     final NodeNetworkReport report = network.apply(spec);
 *     report.problems().forEach(log::warn);
 * }
 * }</pre>
 */
public final class NodeNetwork implements AutoCloseable {
    private static final List<String> OVERLAY_DEVICES = List.of(OverlaySpec.DEVICE_IPV4, OverlaySpec.DEVICE_IPV6);

    private final RouteNetlink netlink;
    private final NodeNetworkSettings settings;
    private final PodInterfaces podInterfaces;

    private NodeNetwork(final RouteNetlink netlink, final NodeNetworkSettings settings) {
        this.netlink = netlink;
        this.settings = settings;
        podInterfaces = new PodInterfaces(netlink, settings);
    }

    /**
     * Opens the node's network; changes nothing yet.
     *
     * @param settings how it marks what is its own.
     * @return to be closed by the caller.
     * @throws NativeCallException EMFILE or ENFILE when there are too many descriptors.
     */
    public static NodeNetwork open(final NodeNetworkSettings settings) {
        return new NodeNetwork(RouteNetlink.open(), settings);
    }

    /**
     * Makes the kernel's state what is wanted. One thing that fails does not keep the others from being done.
     *
     * @param spec all that is wanted.
     * @return what was changed, and what did not work.
     */
    public NodeNetworkReport apply(final NodeNetworkSpec spec) {
        final NodeNetworkReport.Writer report = new NodeNetworkReport.Writer();
        report.attempt("network of the node", () -> {
            ensureForwarding(spec, report);
            removeUnwantedDevices(spec, report);
            final Map<Boolean, Integer> devices = ensureOverlays(spec, report);
            final KernelView view = KernelView.read(netlink);
            final List<Route> routes = new ArrayList<>(podInterfaces.ensure(spec, view, report));
            spec.localBlocks().stream().filter(block -> !block.isSingleAddress()).forEach(block ->
                routes.add(Route.to(block.address(), block.length()).withType(Route.BLACKHOLE)));
            spec.remoteBlocks().forEach(block -> addRoute(block, spec, view, devices, routes, report));
            new RouteReconciler(netlink, settings.routeProtocol(), report).reconcile(routes,
                podIfindexes(spec, view));
        });
        return report.report();
    }

    /** Without it the kernel would forward nothing; Felix sets it too, unless IPForwarding is Disabled. */
    private static void ensureForwarding(final NodeNetworkSpec spec, final NodeNetworkReport.Writer report) {
        if (spec.equals(NodeNetworkSpec.EMPTY) || !spec.host().forwards()) {
            return;
        }
        PodInterfaces.ensureSetting("ipv4/ip_forward", "1", report);
        final boolean hasIpv6 = spec.overlays().stream().anyMatch(each -> each.nodeAddress() instanceof Inet6Address)
            || spec.localBlocks().stream().anyMatch(each -> !each.isIpv4())
            || spec.pods().stream().flatMap(each -> each.addresses().stream()).anyMatch(Inet6Address.class::isInstance);
        if (hasIpv6) {
            PodInterfaces.ensureSetting("ipv6/conf/all/forwarding", "1", report);
        }
    }

    private void removeUnwantedDevices(final NodeNetworkSpec spec, final NodeNetworkReport.Writer report) {
        final Set<String> wanted = new HashSet<>();
        spec.overlays().forEach(overlay -> wanted.add(overlay.device()));
        for (final String device : OVERLAY_DEVICES) {
            final Optional<Link> found = netlink.findLink(device);
            if (!wanted.contains(device) && found.isPresent() && "vxlan".equals(found.get().kind())) {
                report.change("delete " + device, () -> netlink.deleteLink(found.get().index()));
            }
        }
    }

    /** Returns the index of the device of each IP version: true for IPv4. */
    private Map<Boolean, Integer> ensureOverlays(final NodeNetworkSpec spec, final NodeNetworkReport.Writer report) {
        final Map<Boolean, Integer> devices = new HashMap<>();
        for (final OverlaySpec overlay : spec.overlays()) {
            final OverlayDevice device = new OverlayDevice(netlink, overlay, report);
            final int ifindex = device.ensure(KernelView.read(netlink));
            if (ifindex != 0) {
                report.attempt("other nodes on " + overlay.device(),
                    () -> device.ensureVteps(ifindex, spec.remoteVteps()));
                devices.put(!(overlay.nodeAddress() instanceof Inet6Address), ifindex);
            }
        }
        return devices;
    }

    /** By the overlay with its MTU, so that the host's senders know it; else by the interface of the node's subnet. */
    private void addRoute(final RemoteBlock block, final NodeNetworkSpec spec, final KernelView view,
        final Map<Boolean, Integer> devices, final List<Route> routes, final NodeNetworkReport.Writer report) {
        final Route route = Route.to(block.network().address(), block.network().length());
        if (!block.isEncapsulated()) {
            final Optional<InterfaceAddress> subnet = view.neighbourhood(block.gateway());
            if (subnet.isEmpty()) {
                report.problem("route to " + block.network() + ": no interface is in the subnet of node "
                    + block.gateway().getHostAddress());
            } else {
                routes.add(route.via(block.gateway(), subnet.get().ifindex()));
            }
            return;
        }
        final Integer device = devices.get(block.network().isIpv4());
        if (device == null) {
            report.problem("route to " + block.network() + ": this node has no overlay device of its IP version");
            return;
        }
        routes.add(route.viaOnLink(block.gateway(), device).withMtu(mtu(spec, block.gateway())));
    }

    private static int mtu(final NodeNetworkSpec spec, final InetAddress gateway) {
        return spec.overlays().stream()
            .filter(each -> each.tunnelAddress().getAddress().length == gateway.getAddress().length)
            .mapToInt(OverlaySpec::mtu).findFirst().orElse(0);
    }

    private static Set<Integer> podIfindexes(final NodeNetworkSpec spec, final KernelView view) {
        final Set<Integer> ifindexes = new HashSet<>();
        spec.pods().forEach(pod -> ifindexes.add(view.indexOf(pod.name())));
        ifindexes.remove(0);
        return ifindexes;
    }

    /**
     * Takes everything away: routes of our protocol, overlay devices, permanent neighbours of pods' interfaces, also
     * what an earlier engine or Felix has left. The end of Caracal on this node.
     *
     * @return what was there, and what could not be removed.
     */
    public NodeNetworkReport removeAll() {
        final NodeNetworkReport.Writer report = new NodeNetworkReport.Writer();
        report.attempt("neighbours of pods",
            () -> podInterfaces.removeNeighbours(KernelView.read(netlink), report));
        final NodeNetworkReport routesAndDevices = apply(NodeNetworkSpec.EMPTY);
        final NodeNetworkReport neighbours = report.report();
        final List<String> changes = new ArrayList<>(neighbours.changes());
        changes.addAll(routesAndDevices.changes());
        final List<String> problems = new ArrayList<>(neighbours.problems());
        problems.addAll(routesAndDevices.problems());
        return new NodeNetworkReport(changes, problems);
    }

    /** Gives the socket back; what was made stays. */
    @Override
    public void close() {
        netlink.close();
    }
}
