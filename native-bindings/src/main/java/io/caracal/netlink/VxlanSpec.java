package io.caracal.netlink;

import java.net.InetAddress;

/**
 * A VXLAN interface (RFC 7348), wanted or found; see {@link RouteNetlink#createVxlan} and {@link
 * RouteNetlink#findVxlan}. A copy with one thing changed comes from each {@code with} method.
 *
 * @param name of the interface, at most 15 letters.
 * @param vni network identifier, 24 bits.
 * @param port UDP destination port.
 * @param local outer source address, whose version is that of the outer header; null only for one that was found so.
 * @param lowerIfindex interface that the outer packets leave by; 0 for the kernel's choice by route.
 * @param mac its Ethernet address; null for a random one.
 * @param mtu bytes of the largest inner packet; 0 for the kernel's choice.
 * @param isLearning whether it learns from packets behind which node an address is.
 * @param hasUdpChecksum whether outer packets have one; over IPv6 also whether those without are refused.
 */
public record VxlanSpec(String name, int vni, int port, InetAddress local, int lowerIfindex, MacAddress mac, int mtu,
    boolean isLearning, boolean hasUdpChecksum) {
    private static final int VNI_MAX = 0xffffff;
    private static final int PORT_MAX = 0xffff;

    /**
     * Checks names and ranges.
     *
     * @param name of the interface, at most 15 letters.
     * @param vni network identifier, 24 bits.
     * @param port UDP destination port.
     * @param local outer source address, whose version is that of the outer header.
     * @param lowerIfindex interface that the outer packets leave by; 0 for the kernel's choice by route.
     * @param mac its Ethernet address; null for a random one.
     * @param mtu bytes of the largest inner packet; 0 for the kernel's choice.
     * @param isLearning whether it learns from packets behind which node an address is.
     * @param hasUdpChecksum whether outer packets have one; over IPv6 also whether those without are refused.
     */
    public VxlanSpec {
        RouteNetlink.requireName(name);
        if (vni < 0 || vni > VNI_MAX || port < 0 || port > PORT_MAX || mtu < 0) {
            throw new IllegalArgumentException("VXLAN interface " + name + ": VNI " + vni + " (24 bits), port " + port
                + ", MTU " + mtu);
        }
    }

    /**
     * As Felix makes one: it learns nothing, and outer packets have a UDP checksum.
     *
     * @param name of the interface.
     * @param vni network identifier.
     * @param port UDP destination port.
     * @param local outer source address.
     */
    public VxlanSpec(final String name, final int vni, final int port, final InetAddress local) {
        this(name, vni, port, local, 0, null, 0, false, true);
    }

    /**
     * Bound to an interface.
     *
     * @param ifindex interface that the outer packets leave by.
     * @return a copy.
     */
    public VxlanSpec withLower(final int ifindex) {
        return new VxlanSpec(name, vni, port, local, ifindex, mac, mtu, isLearning, hasUdpChecksum);
    }

    /**
     * With an Ethernet address.
     *
     * @param address its own.
     * @return a copy.
     */
    public VxlanSpec withMac(final MacAddress address) {
        return new VxlanSpec(name, vni, port, local, lowerIfindex, address, mtu, isLearning, hasUdpChecksum);
    }

    /**
     * With an MTU.
     *
     * @param bytes of the largest inner packet.
     * @return a copy.
     */
    public VxlanSpec withMtu(final int bytes) {
        return new VxlanSpec(name, vni, port, local, lowerIfindex, mac, bytes, isLearning, hasUdpChecksum);
    }

    /**
     * With or without an outer UDP checksum.
     *
     * @param isComputed false for the 0 that RFC 7348 section 5 recommends.
     * @return a copy.
     */
    public VxlanSpec withUdpChecksum(final boolean isComputed) {
        return new VxlanSpec(name, vni, port, local, lowerIfindex, mac, mtu, isLearning, isComputed);
    }

    /**
     * Learning or not.
     *
     * @param learns whether it learns from packets behind which node an address is.
     * @return a copy.
     */
    public VxlanSpec withLearning(final boolean learns) {
        return new VxlanSpec(name, vni, port, local, lowerIfindex, mac, mtu, learns, hasUdpChecksum);
    }
}
