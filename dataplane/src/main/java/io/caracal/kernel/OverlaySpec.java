package io.caracal.kernel;

import io.caracal.netlink.MacAddress;
import java.net.InetAddress;
import java.util.Objects;

/**
 * This node's end of an overlay of one IP version: the device that the host's own traffic uses.
 *
 * @param device name of the interface: {@link #DEVICE_IPV4} or {@link #DEVICE_IPV6}, as Felix calls them.
 * @param vni network identifier.
 * @param port UDP port.
 * @param nodeAddress outer address of this node; the interface that has it carries the outer packets.
 * @param tunnelAddress address of the device itself, the source of the host's own traffic to remote pods.
 * @param mac inner address of this node.
 * @param mtu bytes of the largest inner packet.
 * @param hasUdpChecksum whether outer packets have a checksum, as Felix's do; IPv6 always does.
 */
public record OverlaySpec(String device, int vni, int port, InetAddress nodeAddress, InetAddress tunnelAddress,
    MacAddress mac, int mtu, boolean hasUdpChecksum) {
    /** Felix's device of IPv4. */
    public static final String DEVICE_IPV4 = "vxlan.calico";
    /** Felix's device of IPv6. */
    public static final String DEVICE_IPV6 = "vxlan-v6.calico";
    /** What IPv6 needs a link to carry (RFC 8200 section 5); less is of no use to IPv4 either. */
    private static final int MTU_MIN = 576;

    /**
     * Checks that it is of one IP version.
     *
     * @throws IllegalArgumentException which device, and what is wrong.
     */
    public OverlaySpec {
        Objects.requireNonNull(device);
        Objects.requireNonNull(mac);
        if (nodeAddress.getAddress().length != tunnelAddress.getAddress().length) {
            throw new IllegalArgumentException(device + ": node " + nodeAddress + " and tunnel " + tunnelAddress
                + " are of two IP versions");
        }
        if (mtu < MTU_MIN) {
            throw new IllegalArgumentException(device + ": MTU " + mtu + " is below " + MTU_MIN);
        }
    }
}
