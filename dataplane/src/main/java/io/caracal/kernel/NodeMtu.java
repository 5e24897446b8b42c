package io.caracal.kernel;

import io.caracal.netlink.Link;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * MTUs of a node, computed as Felix does (felix/dataplane/linux/int_dataplane.go, ConfigureDefaultMTUs and
 * determinePodMTU): that of the host is the smallest of its interfaces that are up and look like NICs, each
 * encapsulation takes its overhead off, and pods get the smallest of those in use. Immutable.
 *
 * @param host bytes of the largest packet on this node's interfaces.
 * @param tunnels bytes of the largest inner packet, by encapsulation; as configured where that is not 0.
 * @param pod MTU for pods' interfaces.
 */
public record NodeMtu(int host, Map<Encapsulation, Integer> tunnels, int pod) {
    /** Felix's MTUIfacePattern. */
    public static final Pattern INTERFACE_PATTERN_DEFAULT =
        Pattern.compile("^((en|wl|ww|sl|ib)[Pcopsvx].*|(eth|wlan|wwan).*)");
    /** What Felix takes where no interface matches: the smallest of the large clouds'. */
    public static final int HOST_MTU_FALLBACK = 1460;

    /** Copies the map. */
    public NodeMtu {
        tunnels = Map.copyOf(tunnels);
    }

    /**
     * Computes the MTUs.
     *
     * @param links of the host.
     * @param interfacePattern which of them count; found anywhere in the name unless it is anchored.
     * @param configured MTUs that an operator has set, such as Felix's VXLANMTU; 0 or absent for the computed one.
     * @param inUse encapsulations that pools of the cluster use.
     * @return the MTUs.
     */
    public static NodeMtu compute(final Collection<Link> links, final Pattern interfacePattern,
        final Map<Encapsulation, Integer> configured, final Set<Encapsulation> inUse) {
        final int host = links.stream().filter(link -> link.isUp() && interfacePattern.matcher(link.name()).find())
            .mapToInt(Link::mtu).min().orElse(HOST_MTU_FALLBACK);
        final Map<Encapsulation, Integer> tunnels = new EnumMap<>(Encapsulation.class);
        for (final Encapsulation encapsulation : Encapsulation.values()) {
            final int wanted = configured.getOrDefault(encapsulation, 0);
            tunnels.put(encapsulation, wanted != 0 ? wanted : host - encapsulation.overheadLength());
        }
        final int pod = inUse.stream().mapToInt(tunnels::get).reduce(host, Math::min);
        return new NodeMtu(host, tunnels, pod);
    }

    /**
     * The MTU of an overlay device.
     *
     * @param encapsulation which.
     * @return bytes of the largest inner packet.
     */
    public int tunnel(final Encapsulation encapsulation) {
        return tunnels.get(encapsulation);
    }
}
