package io.caracal.lab;

import java.net.InetAddress;

import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;

/**
 * Interfaces, addresses and routes of one namespace by their names and texts. Belongs to whoever opened it on a thread
 * in that namespace; later calls may come from any one thread at a time.
 */
final class LabLinks implements AutoCloseable {
    private final RouteNetlink netlink;

    private LabLinks(final RouteNetlink netlink) {
        this.netlink = netlink;
    }

    /** Of the namespace that the calling thread is in. */
    static LabLinks open() {
        return new LabLinks(RouteNetlink.open());
    }

    /** A veth pair with one end here and the other in another namespace, both down. */
    void createVeth(final String name, final String peerName, final NetNamespace peerNamespace, final int mtuBytes) {
        netlink.createVeth(new VethSpec(name, peerName).withMtu(mtuBytes).withPeerNamespace(peerNamespace.fd()));
    }

    /** A pod's pair: the host's end has Calico's MAC address from its first moment. */
    void createPodVeth(final String name, final String peerName, final NetNamespace peerNamespace, final int mtuBytes) {
        netlink.createVeth(new VethSpec(name, peerName).withMtu(mtuBytes).withPeerNamespace(peerNamespace.fd())
            .withMac(MacAddress.parse(LabPod.HOST_END_MAC)));
    }

    void setUp(final String name) {
        netlink.setUp(index(name));
    }

    String mac(final String name) {
        return netlink.link(name).mac().toString();
    }

    /** Removes an interface, and with a veth its other end; does nothing where it is gone. */
    void delete(final String name) {
        netlink.deleteLink(name);
    }

    /** @param prefix address and length, {@code 10.65.0.2/32}. */
    void addAddress(final String name, final String prefix) {
        netlink.addAddress(index(name), address(prefix), length(prefix));
    }

    /** A destination that is on the link itself. */
    void addLinkRoute(final String name, final String prefix) {
        netlink.addRoute(Route.to(address(prefix), length(prefix)).via(null, index(name)));
    }

    void addRoute(final String name, final String prefix, final String gateway) {
        netlink.addRoute(Route.to(address(prefix), length(prefix)).via(InetAddress.ofLiteral(gateway), index(name)));
    }

    private int index(final String name) {
        return netlink.link(name).index();
    }

    private static InetAddress address(final String prefix) {
        return InetAddress.ofLiteral(prefix.substring(0, prefix.indexOf('/')));
    }

    private static int length(final String prefix) {
        return Integer.parseInt(prefix.substring(prefix.indexOf('/') + 1));
    }

    @Override
    public void close() {
        netlink.close();
    }
}
