package io.caracal.network;

import io.caracal.control.NodeChange.TunnelAddress;
import io.caracal.control.NodeChange.VtepUpdate;
import io.caracal.kernel.Encapsulation;
import io.caracal.kernel.NodeMtu;
import io.caracal.kernel.OverlaySpec;
import io.caracal.netlink.Link;
import io.caracal.xdp.uplink.UplinkMode;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that the compilers of this package read, at one moment.
 *
 * @param node this node's name.
 * @param cluster what control has told.
 * @param pods of this node, under the engine.
 * @param host what the kernel says.
 * @param uplinks how each uplink is driven, by ifindex; none where everything that leaves is the host's.
 * @param puntMtu what the punt pair carries: a pod may not send more.
 */
record NetworkInput(String node, ClusterNetwork cluster, Collection<LocalPod> pods, HostView host,
                    Map<Integer, UplinkMode> uplinks, int puntMtu) {
    /** This node's own end of the overlay in a family. */
    Optional<TunnelAddress> ownTunnel(final boolean ipv6) {
        return tunnelOf(node, ipv6);
    }

    /** A node's end of the overlay in a family. */
    Optional<TunnelAddress> tunnelOf(final String name, final boolean ipv6) {
        return cluster.vtep(name).flatMap(vtep -> ipv6 ? vtep.ipv6() : vtep.ipv4());
    }

    Collection<VtepUpdate> otherVteps() {
        return cluster.vteps().stream().filter(vtep -> !vtep.node().equals(node)).toList();
    }

    /** The kernel's own overlay device. */
    Optional<Link> overlayDevice(final boolean ipv6) {
        return host.link(ipv6 ? OverlaySpec.DEVICE_IPV6 : OverlaySpec.DEVICE_IPV4).filter(Link::isUp);
    }

    /** The same, 0 for none. */
    int overlayIfindex(final boolean ipv6) {
        return overlayDevice(ipv6).map(Link::index).orElse(0);
    }

    NodeMtu mtu() {
        final FelixNetworkSettings settings = cluster.settings();
        final Map<Encapsulation, Integer> configured = new EnumMap<>(Encapsulation.class);
        configured.put(Encapsulation.VXLAN_IPV4, settings.vxlanMtu());
        configured.put(Encapsulation.VXLAN_IPV6, settings.vxlanMtuIpv6());
        final Set<Encapsulation> inUse = EnumSet.noneOf(Encapsulation.class);
        addIf(inUse, cluster.encapsulation().vxlan(), Encapsulation.VXLAN_IPV4);
        addIf(inUse, cluster.encapsulation().vxlanV6(), Encapsulation.VXLAN_IPV6);
        addIf(inUse, cluster.encapsulation().ipip(), Encapsulation.IPIP);
        return NodeMtu.compute(host.links(), settings.mtuInterfaces(), configured, inUse);
    }

    private static void addIf(final Set<Encapsulation> set, final boolean isUsed, final Encapsulation encapsulation) {
        if (isUsed) {
            set.add(encapsulation);
        }
    }

    /** MTU for new pods: what the links carry, or the way through the engine. */
    int podMtu() {
        return Math.min(mtu().pod(), puntMtu);
    }
}
