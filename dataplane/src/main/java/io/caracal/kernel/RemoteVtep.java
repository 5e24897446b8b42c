package io.caracal.kernel;

import io.caracal.netlink.MacAddress;
import java.net.InetAddress;
import java.util.Objects;

/**
 * Another node's end of the overlay.
 *
 * @param node name, for messages.
 * @param nodeAddress outer address of the node.
 * @param tunnelAddress address of its overlay device, the next hop of its pods' routes.
 * @param mac inner address of the node.
 */
public record RemoteVtep(String node, InetAddress nodeAddress, InetAddress tunnelAddress, MacAddress mac) {
    /**
     * Checks that nothing is missing and that it is of one IP version.
     *
     * @throws IllegalArgumentException which node, and what is wrong.
     */
    public RemoteVtep {
        Objects.requireNonNull(mac);
        if (nodeAddress.getAddress().length != tunnelAddress.getAddress().length) {
            throw new IllegalArgumentException("VTEP of node " + node + ": " + nodeAddress + " and " + tunnelAddress
                + " are of two IP versions");
        }
    }
}
