package io.caracal.kernel;

import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.Link;
import io.caracal.netlink.RouteNetlink;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Links and addresses of the node as one pass found them.
 *
 * @param links by name.
 * @param addresses of all interfaces.
 */
record KernelView(Map<String, Link> links, List<InterfaceAddress> addresses) {
    static KernelView read(final RouteNetlink netlink) {
        final Map<String, Link> links = new HashMap<>();
        for (final Link link : netlink.links()) {
            links.put(link.name(), link);
        }
        return new KernelView(links, netlink.addresses());
    }

    /** The index of a link; 0 where there is none. */
    int indexOf(final String name) {
        final Link link = links.get(name);
        return link == null ? 0 : link.index();
    }

    /** The interface that has an address. */
    Optional<InterfaceAddress> owner(final InetAddress address) {
        return addresses.stream().filter(each -> each.address().equals(address)).findFirst();
    }

    /** The interface in whose network an address is: the one of the longest prefix. */
    Optional<InterfaceAddress> neighbourhood(final InetAddress address) {
        return addresses.stream().filter(each -> contains(each, address))
            .max((a, b) -> Integer.compare(a.prefixLength(), b.prefixLength()));
    }

    private static boolean contains(final InterfaceAddress own, final InetAddress address) {
        final byte[] a = own.address().getAddress();
        final byte[] b = address.getAddress();
        if (a.length != b.length) {
            return false;
        }
        for (int bit = 0; bit < own.prefixLength(); bit++) {
            final int mask = 0x80 >>> bit % Byte.SIZE;
            if (((a[bit / Byte.SIZE] ^ b[bit / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }
}
