package io.caracal.dataplane;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.RouteNetlink;

/**
 * Finds out the MAC address of a pod that the control source does not tell: Kubernetes' datastore has none, and Felix's
 * own dataplanes leave it to the host's ARP. The kernel knows it at once where the interface is a veth: it is that of
 * the other end, whichever network namespace that is in. Elsewhere (an interface that has no other end) it is what the
 * host's neighbour table says of one of the pod's addresses; where that says nothing the host is made to ask, and the
 * answer is there the next time. An interface without ARP has nobody to ask: what its entries say is its own address
 * (net/ipv4/arp.c, {@code arp_constructor}; net/ipv6/ndisc.c, {@code ndisc_constructor}). CAP_NET_ADMIN.
 *
 * <p>Control thread only.</p>
 */
final class PodMacs {
    private final RouteNetlink netlink;

    /**
     * Asks nothing yet.
     *
     * @param netlink of the network namespace of the workload interfaces.
     */
    PodMacs(final RouteNetlink netlink) {
        this.netlink = netlink;
    }

    /**
     * The MAC address behind an interface.
     *
     * @param ifindex the host's end.
     * @param addresses of the pod.
     * @return empty while nobody knows it.
     * @throws io.caracal.bindings.NativeCallException ENODEV where the interface is gone.
     */
    Optional<MacAddress> find(final int ifindex, final List<InetAddress> addresses) {
        final Link link = netlink.link(ifindex);
        final Optional<MacAddress> ofPeer = "veth".equals(link.kind()) || "netkit".equals(link.kind())
            ? netlink.findPeer(link).map(Link::mac) : Optional.empty();
        return ofPeer.or(() -> ofNeighbour(ifindex, addresses));
    }

    /** One that was set by hand first: whoever did it knows more than ARP, which any pod can answer. */
    private Optional<MacAddress> ofNeighbour(final int ifindex, final List<InetAddress> addresses) {
        final List<Neighbour> known = netlink.neighbours().stream().filter(each -> each.ifindex() == ifindex
            && isAnswer(each) && addresses.contains(each.address())).toList();
        if (known.isEmpty()) {
            addresses.forEach(address -> netlink.useNeighbour(ifindex, address));
            return Optional.empty();
        }
        return known.stream().filter(each -> (each.state() & Neighbour.PERMANENT) != 0).findFirst()
            .or(() -> known.stream().findFirst()).map(Neighbour::mac);
    }

    private static boolean isAnswer(final Neighbour neighbour) {
        return neighbour.isUsable() && (neighbour.state() & Neighbour.NOARP) == 0;
    }
}
