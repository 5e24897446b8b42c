package io.caracal.kernel;

import io.caracal.netlink.MacAddress;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;

/**
 * The host's end of a pod's interface. One that is not there yet, or has gone, is no problem: its part is done when the
 * interface appears.
 *
 * @param name of the interface.
 * @param mac of the pod's end, for a permanent neighbour entry; null for none.
 * @param addresses of the pod.
 */
public record PodInterface(String name, MacAddress mac, List<InetAddress> addresses) {
    /** Copies the addresses. */
    public PodInterface {
        Objects.requireNonNull(name);
        addresses = List.copyOf(addresses);
    }
}
