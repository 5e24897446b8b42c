package io.caracal.network;

import io.caracal.route.NextHop;
import io.caracal.route.VxlanSettings;
import java.net.InetAddress;
import java.util.Optional;

/**
 * A way out of this node as it is wanted: a {@link NextHop} before the MAC addresses are known, which the kernel finds
 * out. Immutable; equal plans share a number.
 */
sealed interface NextHopPlan {
    /**
     * Over an uplink as it is.
     *
     * @param ifindex the uplink.
     * @param neighbour the router or node behind it.
     * @param mtu longest IP packet.
     */
    record Direct(int ifindex, InetAddress neighbour, int mtu) implements NextHopPlan {
        @Override
        public Optional<NeighbourKey> resolves() {
            return Optional.of(new NeighbourKey(ifindex, neighbour));
        }
    }

    /**
     * Over an uplink in VXLAN.
     *
     * @param under the way of the outer packet.
     * @param source this node's outer address.
     * @param destination the other node's.
     * @param sourceMac this node's VTEP.
     * @param destinationMac the other node's VTEP.
     * @param settings of the overlay.
     */
    record Tunnel(Direct under, InetAddress source, InetAddress destination, long sourceMac, long destinationMac,
                  VxlanSettings settings) implements NextHopPlan {
        @Override
        public Optional<NeighbourKey> resolves() {
            return under.resolves();
        }
    }

    /**
     * By the kernel, through an uplink or overlay device.
     *
     * @param ifindex the device.
     * @param mtu longest IP packet.
     */
    record Device(int ifindex, int mtu) implements NextHopPlan {
        @Override
        public Optional<NeighbourKey> resolves() {
            return Optional.empty();
        }
    }

    /** The neighbour whose MAC is needed; nothing where the kernel does that itself. */
    Optional<NeighbourKey> resolves();

    /**
     * The next hop with what is known now.
     *
     * @param sourceMac of the uplink.
     * @param neighbourMac of the neighbour, or {@link NextHop#UNRESOLVED}.
     */
    default NextHop resolved(final long sourceMac, final long neighbourMac) {
        return switch (this) {
            case final Direct direct -> new NextHop.Direct(link(direct, sourceMac, neighbourMac));
            case final Tunnel tunnel -> new NextHop.Tunnel(link(tunnel.under, sourceMac, neighbourMac), tunnel.source,
                tunnel.destination, tunnel.sourceMac, tunnel.destinationMac, tunnel.settings);
            case final Device device -> new NextHop.Device(device.ifindex, device.mtu);
        };
    }

    private static NextHop.Link link(final Direct direct, final long sourceMac, final long neighbourMac) {
        return new NextHop.Link(direct.ifindex, sourceMac, neighbourMac, direct.mtu);
    }
}
