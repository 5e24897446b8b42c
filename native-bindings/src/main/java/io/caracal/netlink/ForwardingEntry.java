package io.caracal.netlink;

import java.net.InetAddress;
import java.util.Objects;

/**
 * An entry of the forwarding table of a VXLAN interface: behind which node a MAC address is.
 *
 * @param ifindex the VXLAN interface.
 * @param mac inner destination; all zero stands for every address without an entry.
 * @param destination address of the node, the outer destination.
 * @param state bits NUD_*, such as {@link Neighbour#PERMANENT}.
 */
public record ForwardingEntry(int ifindex, MacAddress mac, InetAddress destination, int state) {
    /**
     * Checks that nothing is missing.
     *
     * @param ifindex the VXLAN interface.
     * @param mac inner destination; all zero stands for every address without an entry.
     * @param destination address of the node, the outer destination.
     * @param state bits NUD_*, such as {@link Neighbour#PERMANENT}.
     */
    public ForwardingEntry {
        Objects.requireNonNull(mac);
        Objects.requireNonNull(destination);
    }

    /**
     * An entry that never ages.
     *
     * @param ifindex the VXLAN interface.
     * @param mac inner destination.
     * @param destination address of the node.
     * @return the entry.
     */
    public static ForwardingEntry permanent(final int ifindex, final MacAddress mac, final InetAddress destination) {
        return new ForwardingEntry(ifindex, mac, destination, Neighbour.PERMANENT);
    }

    /**
     * Whether it was set by hand.
     *
     * @return false for one that the interface has learnt.
     */
    public boolean isPermanent() {
        return (state & Neighbour.PERMANENT) != 0;
    }
}
