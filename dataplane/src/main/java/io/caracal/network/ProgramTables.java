package io.caracal.network;

import io.caracal.control.NodeChange.TunnelAddress;
import io.caracal.xdp.uplink.UplinkConfig;
import io.caracal.xdp.uplink.UplinkPrograms;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What the uplinks' programs know of the network: this node's end of the overlay, the other nodes' addresses, the
 * addresses of local pods. What is new is put before the workers have routes for it, what has ended is removed after.
 * The control thread's.
 */
final class ProgramTables {
    private final UplinkPrograms programs;
    private final Set<String> vteps;
    private final Map<String, Integer> localAddresses;
    private final Set<InetAddress> endedVteps = new HashSet<>();
    private final Set<InetAddress> endedAddresses = new HashSet<>();
    private UplinkConfig config;

    /** With the entries that an earlier engine has left. */
    ProgramTables(final UplinkPrograms programs) {
        this.programs = programs;
        vteps = new HashSet<>(programs.vteps());
        localAddresses = new HashMap<>(programs.localAddresses());
        config = programs.config();
    }

    /** Puts what is new; call {@link #removeEnded} when the workers have the tables. */
    void putNew(final NetworkInput input) {
        final UplinkConfig wanted = config(input);
        if (!wanted.equals(config)) {
            programs.configure(wanted);
            config = wanted;
        }
        putVteps(ForwardingCompiler.remoteVteps(input));
        final Map<InetAddress, Integer> addresses = new HashMap<>();
        input.pods().forEach(pod -> pod.addresses().forEach(address -> addresses.put(address, pod.ifindex())));
        putAddresses(addresses);
    }

    private void putVteps(final Set<InetAddress> wanted) {
        final Set<String> texts = new HashSet<>();
        for (final InetAddress address : wanted) {
            texts.add(address.getHostAddress());
            if (vteps.add(address.getHostAddress())) {
                programs.putVtep(address);
            }
        }
        endedVteps.clear();
        vteps.stream().filter(text -> !texts.contains(text)).map(InetAddress::ofLiteral).forEach(endedVteps::add);
    }

    private void putAddresses(final Map<InetAddress, Integer> wanted) {
        final Set<String> texts = new HashSet<>();
        wanted.forEach((address, ifindex) -> {
            texts.add(address.getHostAddress());
            if (!ifindex.equals(localAddresses.put(address.getHostAddress(), ifindex))) {
                programs.putLocalAddress(address, ifindex);
            }
        });
        endedAddresses.clear();
        localAddresses.keySet().stream().filter(text -> !texts.contains(text)).map(InetAddress::ofLiteral)
            .forEach(endedAddresses::add);
    }

    /** Removes what has ended. */
    void removeEnded() {
        endedVteps.forEach(address -> {
            programs.removeVtep(address);
            vteps.remove(address.getHostAddress());
        });
        endedAddresses.forEach(address -> {
            programs.removeLocalAddress(address);
            localAddresses.remove(address.getHostAddress());
        });
        endedVteps.clear();
        endedAddresses.clear();
    }

    /** VXLAN of our network from strangers is dropped, as Felix's rules do, unless whole networks of them are known. */
    private static UplinkConfig config(final NetworkInput input) {
        final FelixNetworkSettings settings = input.cluster().settings();
        final InetAddress ipv4 = parent(input, false);
        final InetAddress ipv6 = parent(input, true);
        return ipv4 == null && ipv6 == null ? UplinkConfig.WITHOUT_OVERLAY
            : new UplinkConfig(settings.vxlanVni(), settings.vxlanPort(), (Inet4Address)ipv4, (Inet6Address)ipv6,
                settings.externalNodes().stream().allMatch(io.caracal.policy.model.Prefix::isHost),
                input.overlayIfindex(false), input.overlayIfindex(true));
    }

    private static InetAddress parent(final NetworkInput input, final boolean ipv6) {
        return input.ownTunnel(ipv6).map(TunnelAddress::parent).map(NetworkAddresses::address).orElse(null);
    }
}
