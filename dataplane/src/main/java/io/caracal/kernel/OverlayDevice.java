package io.caracal.kernel;

import io.caracal.netlink.ForwardingEntry;
import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VxlanSpec;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The overlay device of one IP version: made as Felix makes it (felix/dataplane/linux/vxlan_mgr.go), with its address,
 * one forwarding entry and one neighbour entry for each other node. The device belongs to Calico's dataplane by its
 * name: everything permanent on it is ours. Control thread only.
 */
final class OverlayDevice {
    private final RouteNetlink netlink;
    private final OverlaySpec spec;
    private final NodeNetworkReport.Writer report;

    OverlayDevice(final RouteNetlink netlink, final OverlaySpec spec, final NodeNetworkReport.Writer report) {
        this.netlink = netlink;
        this.spec = spec;
        this.report = report;
    }

    /** Makes the device right; returns its index, 0 when there is none. */
    int ensure(final KernelView view) {
        final Optional<InterfaceAddress> parent = view.owner(spec.nodeAddress());
        if (parent.isEmpty()) {
            report.problem("overlay device " + spec.device() + ": no interface has this node's address "
                + spec.nodeAddress().getHostAddress());
            return view.indexOf(spec.device());
        }
        final VxlanSpec wanted = new VxlanSpec(spec.device(), spec.vni(), spec.port(), spec.nodeAddress())
            .withLower(parent.get().ifindex()).withMac(spec.mac()).withMtu(spec.mtu())
            .withUdpChecksum(spec.hasUdpChecksum());
        if (!report.attempt("overlay device " + spec.device(), () -> ensureLike(wanted))) {
            return netlink.findLink(spec.device()).map(Link::index).orElse(0);
        }
        final Link link = netlink.link(spec.device());
        if (!link.isUp()) {
            report.change("set up " + spec.device(), () -> netlink.setUp(link.index()));
        }
        report.attempt("addresses of " + spec.device(), () -> ensureAddress(link.index()));
        return link.index();
    }

    /** MAC and MTU can be changed while traffic runs; with anything else different the device is made anew. */
    private void ensureLike(final VxlanSpec wanted) {
        final Optional<VxlanSpec> found = netlink.findVxlan(spec.device());
        final boolean isAlike = found.isPresent()
            && found.get().withMac(wanted.mac()).withMtu(wanted.mtu()).equals(wanted);
        if (!isAlike) {
            if (found.isPresent()) {
                report.change("delete " + spec.device() + ", which is " + found.get(),
                    () -> netlink.deleteLink(spec.device()));
            }
            netlink.createVxlan(wanted);
            report.change("create " + spec.device(), () -> { });
            return;
        }
        final int index = netlink.link(spec.device()).index();
        if (!found.get().mac().equals(wanted.mac())) {
            report.change("set address " + wanted.mac() + " of " + spec.device(),
                () -> netlink.setMac(index, wanted.mac()));
        }
        if (found.get().mtu() != wanted.mtu()) {
            report.change("set MTU " + wanted.mtu() + " of " + spec.device(),
                () -> netlink.setMtu(index, wanted.mtu()));
        }
    }

    private void ensureAddress(final int ifindex) {
        final InterfaceAddress wanted =
            new InterfaceAddress(ifindex, spec.tunnelAddress(), spec.tunnelAddress().getAddress().length * Byte.SIZE);
        final List<InterfaceAddress> found = netlink.addresses().stream().filter(each -> each.ifindex() == ifindex
            && !each.address().isLinkLocalAddress() && isOurVersion(each.address())).toList();
        // The new one first: with its last address an interface loses all its routes.
        if (!found.contains(wanted)) {
            report.change("add address " + spec.tunnelAddress().getHostAddress() + " to " + spec.device(),
                () -> netlink.addAddress(wanted));
        }
        found.stream().filter(each -> !each.equals(wanted)).forEach(each -> report.change("delete address "
            + each.address().getHostAddress() + " of " + spec.device(), () -> netlink.deleteAddress(each)));
    }

    /** Where other nodes are: before any route leads to them. */
    void ensureVteps(final int ifindex, final List<RemoteVtep> vteps) {
        final Map<MacAddress, InetAddress> nodes = new HashMap<>();
        final Map<InetAddress, MacAddress> tunnels = new HashMap<>();
        for (final RemoteVtep vtep : vteps) {
            if (isOurVersion(vtep.nodeAddress())) {
                nodes.put(vtep.mac(), vtep.nodeAddress());
                tunnels.put(vtep.tunnelAddress(), vtep.mac());
            }
        }
        ensureForwarding(ifindex, nodes);
        ensureNeighbours(ifindex, tunnels);
    }

    private void ensureForwarding(final int ifindex, final Map<MacAddress, InetAddress> nodes) {
        final Map<MacAddress, InetAddress> missing = new HashMap<>(nodes);
        for (final ForwardingEntry entry : netlink.forwardingEntries()) {
            if (entry.ifindex() != ifindex) {
                continue;
            }
            if (!nodes.containsKey(entry.mac())) {
                report.change("delete forwarding entry " + entry.mac() + " of " + spec.device(),
                    () -> netlink.deleteForwardingEntry(entry));
            } else if (entry.isPermanent() && entry.destination().equals(nodes.get(entry.mac()))) {
                missing.remove(entry.mac());
            }
        }
        missing.forEach((mac, node) -> report.change("set forwarding entry " + mac + " of " + spec.device() + " to "
            + node.getHostAddress(),
            () -> netlink.replaceForwardingEntry(ForwardingEntry.permanent(ifindex, mac, node))));
    }

    private void ensureNeighbours(final int ifindex, final Map<InetAddress, MacAddress> tunnels) {
        final Map<InetAddress, MacAddress> missing = new HashMap<>(tunnels);
        for (final Neighbour neighbour : netlink.neighbours()) {
            if (neighbour.ifindex() != ifindex || (neighbour.state() & Neighbour.PERMANENT) == 0) {
                continue;
            }
            if (!tunnels.containsKey(neighbour.address())) {
                report.change("delete neighbour " + neighbour.address().getHostAddress() + " of " + spec.device(),
                    () -> netlink.deleteNeighbour(ifindex, neighbour.address()));
            } else if (tunnels.get(neighbour.address()).equals(neighbour.mac())) {
                missing.remove(neighbour.address());
            }
        }
        missing.forEach((tunnel, mac) -> report.change("set neighbour " + tunnel.getHostAddress() + " of "
            + spec.device() + " to " + mac, () -> netlink.replaceNeighbour(ifindex, tunnel, mac)));
    }

    private boolean isOurVersion(final InetAddress address) {
        return address.getAddress().length == spec.nodeAddress().getAddress().length;
    }
}
