package io.caracal.route;

import java.net.Inet4Address;
import java.net.InetAddress;

/** One way out of this node: what a {@link NextHopTable} is built from. Immutable; any thread. */
public sealed interface NextHop {
    /** Destination MAC of a link whose neighbour has not answered yet. */
    long UNRESOLVED = 0;

    /**
     * The link layer of a way out over an uplink.
     *
     * @param ifindex the uplink.
     * @param sourceMac its own address.
     * @param destinationMac the neighbour's, or {@link #UNRESOLVED}: packets wait for a moment.
     * @param mtu longest IP packet on it, 576 (RFC 791: every link carries that) .. 65535.
     */
    record Link(int ifindex, long sourceMac, long destinationMac, int mtu) {
        private static final int MIN_MTU = 576;

        /**
         * Checks the ranges.
         *
         * @throws IllegalArgumentException naming what is out of range.
         */
        public Link {
            if (ifindex <= 0) {
                throw new IllegalArgumentException("ifindex of a link must be positive: " + ifindex);
            }
            if (mtu < MIN_MTU || mtu > 0xFFFF) {
                throw new IllegalArgumentException("MTU of interface " + ifindex + " must be within " + MIN_MTU
                    + " and 65535: " + mtu);
            }
        }
    }

    /**
     * Routed on without a tunnel.
     *
     * @param link the uplink and the router or node behind it.
     */
    record Direct(Link link) implements NextHop {
    }

    /**
     * Wrapped in VXLAN.
     *
     * @param link the uplink and the neighbour towards the remote VTEP.
     * @param source this node's outer address.
     * @param destination the remote node's outer address, of the same family.
     * @param innerSourceMac this node's VTEP.
     * @param innerDestinationMac the remote VTEP.
     * @param settings VNI, port and the like.
     */
    record Tunnel(Link link, InetAddress source, InetAddress destination, long innerSourceMac,
                  long innerDestinationMac, VxlanSettings settings) implements NextHop {
        /**
         * Checks that both ends are of one family.
         *
         * @throws IllegalArgumentException if not.
         */
        public Tunnel {
            if (source instanceof Inet4Address != destination instanceof Inet4Address) {
                throw new IllegalArgumentException("VXLAN from " + source.getHostAddress() + " to "
                    + destination.getHostAddress() + ": expected addresses of one family");
            }
        }
    }

    /**
     * Sent by the kernel, which adds what is below IP: an overlay device of the kernel's, or an uplink where XDP fails.
     *
     * @param ifindex the device.
     * @param mtu longest IP packet on it.
     */
    record Device(int ifindex, int mtu) implements NextHop {
    }
}
