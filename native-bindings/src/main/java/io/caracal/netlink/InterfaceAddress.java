package io.caracal.netlink;

import java.net.InetAddress;
import java.util.Objects;

/**
 * An IP address of an interface.
 *
 * @param ifindex the interface.
 * @param address the address.
 * @param prefixLength bits of the network that is reached through it.
 */
public record InterfaceAddress(int ifindex, InetAddress address, int prefixLength) {
    /**
     * Checks that there is an address.
     *
     * @param ifindex the interface.
     * @param address the address.
     * @param prefixLength bits of the network that is reached through it.
     */
    public InterfaceAddress {
        Objects.requireNonNull(address);
    }
}
