package io.caracal.network;

import io.caracal.netlink.MacAddress;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;

/**
 * A pod of this node whose interface is under the engine.
 *
 * @param interfaceName of the host's end of its veth.
 * @param ifindex of the same.
 * @param mac of the pod's end.
 * @param addresses of the pod, both families.
 */
public record LocalPod(String interfaceName, int ifindex, MacAddress mac, List<InetAddress> addresses) {
    /** Copies the addresses. */
    public LocalPod {
        Objects.requireNonNull(interfaceName);
        Objects.requireNonNull(mac);
        addresses = List.copyOf(addresses);
    }
}
