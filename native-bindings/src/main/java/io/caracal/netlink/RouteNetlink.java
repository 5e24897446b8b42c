package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Links, addresses, routes, neighbours and forwarding entries of one network namespace, by rtnetlink: that of the
 * thread that opened it, whichever thread uses it later. One thread at a time. Reading needs no privilege, changing
 * CAP_NET_ADMIN. What fails is a {@link NativeCallException} with the act, the thing and the kernel's own words where
 * it has some.
 *
 * <pre>{@code
 * try (RouteNetlink netlink = RouteNetlink.open()) {
 *     netlink.createVeth(new VethSpec("punt0", "punt1").withQueues(4).withMtu(3506));
 *     netlink.setUp(netlink.link("punt0").index());
 * }
 * }</pre>
 */
public final class RouteNetlink implements AutoCloseable {
    private final NetlinkSocket socket;

    private RouteNetlink(final NetlinkSocket socket) {
        this.socket = socket;
    }

    /**
     * Opens a socket in the network namespace of the calling thread.
     *
     * @return the client, to be closed by the caller.
     * @throws NativeCallException EMFILE or ENFILE when there are too many descriptors.
     */
    public static RouteNetlink open() {
        return new RouteNetlink(NetlinkSocket.open(NETLINK_ROUTE()));
    }

    /**
     * All links.
     *
     * @return in the kernel's order.
     */
    public List<Link> links() {
        final NetlinkRequest request = LinkMessages.request(RTM_GETLINK(), 0, 0);
        return socket.dump(request, "list", "links").stream().map(LinkMessages::parse).toList();
    }

    /**
     * A link that must be there.
     *
     * @param name of the interface.
     * @return the link.
     * @throws NativeCallException ENODEV where there is none.
     */
    public Link link(final String name) {
        requireName(name);
        final NetlinkRequest request = LinkMessages.request(RTM_GETLINK(), 0, 0).attribute(IFLA_IFNAME(), name);
        return LinkMessages.parse(socket.get(request, "find link", name));
    }

    /**
     * A link that must be there.
     *
     * @param index of the interface.
     * @return the link.
     * @throws NativeCallException ENODEV where there is none.
     */
    public Link link(final int index) {
        return LinkMessages.parse(
            socket.get(LinkMessages.request(RTM_GETLINK(), 0, index), "find link", "ifindex " + index));
    }

    /**
     * A link that may be there.
     *
     * @param name of the interface.
     * @return the link, or empty.
     */
    public Optional<Link> findLink(final String name) {
        try {
            return Optional.of(link(name));
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENODEV) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * The other end of a veth pair, whichever network namespace it is in: of a workload interface, the pod's own end,
     * whose MAC address nobody else may know.
     *
     * @param link this end, as the kernel has just described it.
     * @return the other end, with the index and name that it has there; empty where {@code link} has none, or it is
     *     gone with its namespace.
     * @throws NativeCallException EPERM without CAP_NET_ADMIN over that namespace, EOPNOTSUPP or EINVAL before Linux
     *     4.15 (IFLA_TARGET_NETNSID, then named IFLA_IF_NETNSID).
     */
    public Optional<Link> findPeer(final Link link) {
        if (link.lowerIndex() == 0) {
            return Optional.empty();
        }
        final NetlinkRequest request = LinkMessages.request(RTM_GETLINK(), 0, link.lowerIndex());
        if (link.lowerNamespaceId() >= 0) {
            request.attribute(IFLA_TARGET_NETNSID(), link.lowerNamespaceId());
        }
        try {
            return Optional.of(LinkMessages.parse(socket.get(request, "find the peer of link", link.name())));
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENODEV) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Makes a veth pair; both ends are down.
     *
     * @param spec what it is like.
     * @throws NativeCallException EEXIST where a name is taken, EPERM.
     */
    public void createVeth(final VethSpec spec) {
        socket.acknowledge(LinkMessages.createVeth(spec), "create veth pair", spec.name() + '-' + spec.peerName());
    }

    /**
     * Makes a VXLAN interface; it is down.
     *
     * @param spec what it is like.
     * @throws NativeCallException EEXIST where the name is taken or another interface has its VNI and port, ENODEV
     *     where the lower interface is gone, EPERM; EAFNOSUPPORT without IPv6 in the kernel.
     */
    public void createVxlan(final VxlanSpec spec) {
        socket.acknowledge(VxlanMessages.create(spec), "create VXLAN interface", spec.toString());
    }

    /**
     * A VXLAN interface that may be there.
     *
     * @param name of the interface.
     * @return what it is like, to be compared with what is wanted; empty where there is none of that name.
     * @throws NativeCallException EINVAL where an interface of another kind has the name.
     */
    public Optional<VxlanSpec> findVxlan(final String name) {
        requireName(name);
        final NetlinkRequest request = LinkMessages.request(RTM_GETLINK(), 0, 0).attribute(IFLA_IFNAME(), name);
        try {
            return Optional.of(VxlanMessages.parse(socket.get(request, "find VXLAN interface", name)));
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENODEV) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Removes a link; of a veth pair both ends go.
     *
     * @param index of the interface.
     * @throws NativeCallException ENODEV, EOPNOTSUPP for hardware.
     */
    public void deleteLink(final int index) {
        change(LinkMessages.request(RTM_DELLINK(), 0, index), "delete link", index);
    }

    /**
     * Removes a link if it is there.
     *
     * @param name of the interface.
     * @return false where there was none.
     * @throws NativeCallException EOPNOTSUPP for hardware.
     */
    public boolean deleteLink(final String name) {
        final Optional<Link> found = findLink(name);
        found.ifPresent(link -> deleteLink(link.index()));
        return found.isPresent();
    }

    /**
     * Sets a link up.
     *
     * @param index of the interface.
     * @throws NativeCallException ENODEV.
     */
    public void setUp(final int index) {
        setFlag(index, Posix.IFF_UP, true, "set up link");
    }

    /**
     * Sets a link down; its IPv6 addresses and its routes go.
     *
     * @param index of the interface.
     * @throws NativeCallException ENODEV.
     */
    public void setDown(final int index) {
        setFlag(index, Posix.IFF_UP, false, "set down link");
    }

    /**
     * Lets a link resolve and answer ARP and neighbour discovery, or not (IFF_NOARP).
     *
     * @param index of the interface.
     * @param isResolving false for neither.
     * @throws NativeCallException ENODEV.
     */
    public void setArp(final int index, final boolean isResolving) {
        setFlag(index, Posix.IFF_NOARP, !isResolving, "set ARP of link");
    }

    /**
     * Keeps a link from making IPv6 link-local addresses of its own when it goes up.
     *
     * @param index of the interface, which is down.
     * @throws NativeCallException ENODEV; EAFNOSUPPORT or EINVAL where the kernel has no IPv6.
     */
    public void disableIpv6LinkLocal(final int index) {
        final NetlinkRequest request = LinkMessages.request(RTM_NEWLINK(), 0, index);
        final int families = request.begin(IFLA_AF_SPEC());
        final int ipv6 = request.begin(Posix.AF_INET6);
        request.attribute(IFLA_INET6_ADDR_GEN_MODE(), (byte)IN6_ADDR_GEN_MODE_NONE());
        change(request.end(ipv6).end(families), "disable IPv6 link-local address of link", index);
    }

    /**
     * Sets the MTU of a link.
     *
     * @param index of the interface.
     * @param mtu bytes without Ethernet header.
     * @throws NativeCallException EINVAL out of the device's range, ENODEV.
     */
    public void setMtu(final int index, final int mtu) {
        final NetlinkRequest request = LinkMessages.request(RTM_NEWLINK(), 0, index).attribute(IFLA_MTU(), mtu);
        change(request, "set MTU " + mtu + " of link", index);
    }

    /**
     * Sets the Ethernet address of a link.
     *
     * @param index of the interface.
     * @param mac its new address.
     * @throws NativeCallException EADDRNOTAVAIL for a group address, EBUSY, ENODEV.
     */
    public void setMac(final int index, final MacAddress mac) {
        final NetlinkRequest request = LinkMessages.request(RTM_NEWLINK(), 0, index).attribute(IFLA_ADDRESS(), mac);
        change(request, "set address " + mac + " of link", index);
    }

    /**
     * Gives a link another name.
     *
     * @param index of the interface.
     * @param name at most 15 letters.
     * @throws NativeCallException EEXIST where it is taken, ENODEV.
     */
    public void rename(final int index, final String name) {
        requireName(name);
        final NetlinkRequest request = LinkMessages.request(RTM_NEWLINK(), 0, index).attribute(IFLA_IFNAME(), name);
        change(request, "rename to " + name + " link", index);
    }

    /**
     * Moves a link to another network namespace, where it is down and without addresses and may have another index.
     *
     * @param index of the interface.
     * @param namespaceFd such as {@code NetNamespace.fd()}.
     * @throws NativeCallException EEXIST where its name is taken there, EINVAL where it may not move, ENODEV.
     */
    public void moveLink(final int index, final int namespaceFd) {
        final NetlinkRequest request =
            LinkMessages.request(RTM_NEWLINK(), 0, index).attribute(IFLA_NET_NS_FD(), namespaceFd);
        change(request, "move to another namespace link", index);
    }

    /**
     * Gives an interface an IP address; one of IPv6 without duplicate address detection, usable at once.
     *
     * @param address interface, address and prefix length.
     * @throws NativeCallException EEXIST, EADDRNOTAVAIL where it is no unicast address, EACCES with IPv6 disabled.
     */
    public void addAddress(final InterfaceAddress address) {
        final NetlinkRequest request =
            AddressMessages.request(RTM_NEWADDR(), NLM_F_CREATE() | NLM_F_EXCL(), address);
        socket.acknowledge(request, "add address", address.toString());
    }

    /**
     * Gives an interface an IP address; one of IPv6 without duplicate address detection, usable at once.
     *
     * @param ifindex the interface.
     * @param address IP address.
     * @param prefixLength bits of its network.
     * @throws NativeCallException EEXIST, EADDRNOTAVAIL where it is no unicast address, EACCES with IPv6 disabled.
     */
    public void addAddress(final int ifindex, final InetAddress address, final int prefixLength) {
        addAddress(new InterfaceAddress(ifindex, address, prefixLength));
    }

    /**
     * Takes an IP address away. NB: with the last IPv4 address of an interface all its IPv4 routes go.
     *
     * @param address interface, address and prefix length.
     * @throws NativeCallException EADDRNOTAVAIL where it has no such address.
     */
    public void deleteAddress(final InterfaceAddress address) {
        socket.acknowledge(AddressMessages.request(RTM_DELADDR(), 0, address), "delete address", address.toString());
    }

    /**
     * The IP addresses of all interfaces.
     *
     * @return in the kernel's order.
     */
    public List<InterfaceAddress> addresses() {
        final List<NetlinkMessage> messages = socket.dump(AddressMessages.dump(), "list", "addresses");
        return messages.stream().map(AddressMessages::parse).toList();
    }

    /**
     * Adds a route.
     *
     * @param route the route.
     * @throws NativeCallException EEXIST, ENETUNREACH where the gateway is not reachable, ENETDOWN, ENODEV, EINVAL.
     */
    public void addRoute(final Route route) {
        routeRequest(RTM_NEWROUTE(), NLM_F_CREATE() | NLM_F_EXCL(), "add route", route);
    }

    /**
     * Adds a route, or puts it in the place of the one with the same destination, table and metric, atomically.
     *
     * @param route the route.
     * @throws NativeCallException ENETUNREACH where the gateway is not reachable, ENETDOWN, ENODEV, EINVAL.
     */
    public void replaceRoute(final Route route) {
        routeRequest(RTM_NEWROUTE(), NLM_F_CREATE() | NLM_F_REPLACE(), "replace route", route);
    }

    /**
     * Removes a route.
     *
     * @param route what of it is set must match.
     * @throws NativeCallException ESRCH where there is none.
     */
    public void deleteRoute(final Route route) {
        routeRequest(RTM_DELROUTE(), 0, "delete route", route);
    }

    /**
     * The routes of all tables.
     *
     * @return in the kernel's order.
     */
    public List<Route> routes() {
        final List<NetlinkMessage> messages = socket.dump(RouteMessages.dump(), "list", "routes");
        return messages.stream().filter(RouteMessages::isRoute).map(RouteMessages::parse).toList();
    }

    /**
     * Asks the kernel which way a packet of this host takes.
     *
     * @param destination where to.
     * @return the route; its destination is the address itself.
     * @throws NativeCallException ENETUNREACH or EHOSTUNREACH where there is none, EINVAL for a blackhole.
     */
    public Route routeTo(final InetAddress destination) {
        final String thing = destination.getHostAddress();
        return RouteMessages.parse(socket.get(RouteMessages.lookup(destination), "find route to", thing));
    }

    /**
     * Makes a neighbour entry that the kernel neither asks about nor forgets, or puts it in the place of another.
     *
     * @param ifindex the interface.
     * @param address IP address of the neighbour.
     * @param mac its Ethernet address.
     * @throws NativeCallException ENODEV, ENETDOWN while the interface is down.
     */
    public void replaceNeighbour(final int ifindex, final InetAddress address, final MacAddress mac) {
        final int flags = NLM_F_CREATE() | NLM_F_REPLACE();
        final NetlinkRequest request =
            NeighbourMessages.request(RTM_NEWNEIGH(), flags, ifindex, address, Neighbour.PERMANENT);
        request.attribute(NDA_LLADDR(), mac);
        socket.acknowledge(request, "set neighbour", neighbourName(ifindex, address));
    }

    /**
     * Lets the kernel resolve a neighbour and keep it resolved (NTF_EXT_MANAGED); Linux 5.16.
     *
     * @param ifindex the interface.
     * @param address IP address of the neighbour.
     * @throws NativeCallException EINVAL on older kernels, ENODEV, ENETDOWN.
     */
    public void manageNeighbour(final int ifindex, final InetAddress address) {
        final int flags = NLM_F_CREATE() | NLM_F_REPLACE();
        final NetlinkRequest request =
            NeighbourMessages.request(RTM_NEWNEIGH(), flags, ifindex, address, NUD_NONE());
        request.attribute(NDA_FLAGS_EXT(), NTF_EXT_MANAGED());
        socket.acknowledge(request, "manage neighbour", neighbourName(ifindex, address));
    }

    /**
     * Asks the kernel to resolve a neighbour now, or again (NTF_USE): what keeps an entry alive that only AF_XDP uses,
     * on kernels without {@link #manageNeighbour}; to be repeated every 20 seconds there.
     *
     * @param ifindex the interface.
     * @param address IP address of the neighbour.
     * @throws NativeCallException ENODEV, ENETDOWN while the interface is down.
     */
    public void useNeighbour(final int ifindex, final InetAddress address) {
        final NetlinkRequest request = NeighbourMessages.use(ifindex, address);
        socket.acknowledge(request, "use neighbour", neighbourName(ifindex, address));
    }

    /**
     * Removes a neighbour entry.
     *
     * @param ifindex the interface.
     * @param address IP address of the neighbour.
     * @throws NativeCallException ENOENT where there is none, ENODEV.
     */
    public void deleteNeighbour(final int ifindex, final InetAddress address) {
        final NetlinkRequest request = NeighbourMessages.request(RTM_DELNEIGH(), 0, ifindex, address, NUD_NONE());
        socket.acknowledge(request, "delete neighbour", neighbourName(ifindex, address));
    }

    /**
     * The neighbours of all interfaces.
     *
     * @return in the kernel's order.
     */
    public List<Neighbour> neighbours() {
        final List<NetlinkMessage> messages = socket.dump(NeighbourMessages.dump(), "list", "neighbours");
        return messages.stream().filter(NeighbourMessages::isNeighbour).map(NeighbourMessages::parse).toList();
    }

    /**
     * Makes a permanent forwarding entry of a VXLAN interface, or gives the one of the same MAC another node.
     *
     * @param entry interface, MAC and node.
     * @throws NativeCallException ENODEV, EOPNOTSUPP where the interface has no forwarding entries, EAFNOSUPPORT for an
     *     address of another IP version than the interface's own.
     */
    public void replaceForwardingEntry(final ForwardingEntry entry) {
        final NetlinkRequest request =
            ForwardingMessages.request(RTM_NEWNEIGH(), NLM_F_CREATE() | NLM_F_REPLACE(), entry);
        socket.acknowledge(request, "set forwarding entry", entry.toString());
    }

    /**
     * Removes a forwarding entry.
     *
     * @param entry interface, MAC and node.
     * @throws NativeCallException ENOENT where there is none, ENODEV.
     */
    public void deleteForwardingEntry(final ForwardingEntry entry) {
        socket.acknowledge(ForwardingMessages.request(RTM_DELNEIGH(), 0, entry), "delete forwarding entry",
            entry.toString());
    }

    /**
     * The forwarding entries of all VXLAN interfaces; what bridges have learnt is left out.
     *
     * @return in the kernel's order.
     */
    public List<ForwardingEntry> forwardingEntries() {
        final List<NetlinkMessage> messages = socket.dump(ForwardingMessages.dump(), "list", "forwarding entries");
        return messages.stream().filter(ForwardingMessages::isForwardingEntry).map(ForwardingMessages::parse).toList();
    }

    @Override
    public void close() {
        socket.close();
    }

    /** Refuses what the kernel would cut or refuse with less to say (dev_valid_name in net/core/dev.c). */
    static void requireName(final String name) {
        final int length = name.getBytes(StandardCharsets.UTF_8).length;
        final boolean isValid = length > 0 && length < Posix.IFNAMSIZ && !".".equals(name) && !"..".equals(name)
            && name.chars().noneMatch(c -> c == '/' || c == ':' || c == 0 || Character.isWhitespace(c));
        if (!isValid) {
            throw new IllegalArgumentException("not a name of an interface (1 to 15 bytes, no space, '/' or ':'): '"
                + name + "'");
        }
    }

    private void setFlag(final int index, final int flag, final boolean isSet, final String act) {
        change(LinkMessages.request(RTM_NEWLINK(), 0, index, isSet ? flag : 0, flag), act, index);
    }

    private void change(final NetlinkRequest request, final String act, final int index) {
        if (index <= 0) {
            throw new IllegalArgumentException(act + " ifindex " + index);
        }
        socket.acknowledge(request, act, "ifindex " + index);
    }

    private void routeRequest(final int type, final int flags, final String act, final Route route) {
        socket.acknowledge(RouteMessages.request(type, flags, route), act, route.toString());
    }

    private static String neighbourName(final int ifindex, final InetAddress address) {
        return address.getHostAddress() + " of ifindex " + ifindex;
    }
}
