package io.caracal.dataplane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import io.caracal.bindings.Ethtool;
import io.caracal.netlink.Link;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;

/**
 * The veth pair between the programs of all workload interfaces and the engine's sockets: {@code punt0}, where packets
 * are redirected to, and {@code punt1}, where XDP gives them to AF_XDP. It has as many queues as there are workers,
 * speaks neither ARP nor IPv6, and outlives the engine; the next one adopts it if it has the right shape and makes it
 * anew otherwise. Needs CAP_NET_ADMIN; made in the calling thread's network namespace.
 *
 * @param hostIfindex index of {@code punt0}.
 * @param engineIfindex index of {@code punt1}.
 * @param engineDevice name of {@code punt1}.
 * @param mtu of both.
 */
record PuntPair(int hostIfindex, int engineIfindex, String engineDevice, int mtu) {
    /** What XDP without multi-buffer lets a veth's peer send (a page less headroom and skb_shared_info). */
    static final int MTU = 3506;
    /** With multi-buffer XDP: pods of 9000 bytes, as the largest links have them, and some more. */
    static final int JUMBO_MTU = 9216;

    /**
     * Makes the pair, or adopts the one of an earlier engine.
     *
     * @param netlink of the network namespace.
     * @param config names and workers.
     * @param mtu what it shall carry.
     * @param log where it says what it found.
     * @return the pair, up.
     */
    static PuntPair adoptOrCreate(final RouteNetlink netlink, final DataplaneConfig config, final int mtu,
                                  final EngineLog log) {
        final String hostDevice = config.text(ConfigKey.PUNT_HOST_DEVICE);
        final String engineDevice = config.text(ConfigKey.PUNT_ENGINE_DEVICE);
        final Optional<Link> host = netlink.findLink(hostDevice);
        final Optional<Link> engine = netlink.findLink(engineDevice);
        if (host.isPresent() && engine.isPresent() && hasShape(host.get(), engine.get(), config.workers())
            && host.get().mtu() == mtu) {
            log.info("adopts " + hostDevice + " and " + engineDevice + " of an earlier engine");
        } else {
            netlink.deleteLink(hostDevice);
            netlink.deleteLink(engineDevice);
            netlink.createVeth(new VethSpec(hostDevice, engineDevice).withQueues(config.workers()).withMtu(mtu));
        }
        final PuntPair pair = new PuntPair(
            netlink.link(hostDevice).index(), netlink.link(engineDevice).index(), engineDevice, mtu);
        pair.prepare(netlink, hostDevice);
        return pair;
    }

    /** Whether its packets may have several buffers. */
    boolean isJumbo() {
        return mtu > MTU;
    }

    private static boolean hasShape(final Link host, final Link engine, final int queueCount) {
        return "veth".equals(host.kind()) && "veth".equals(engine.kind()) && host.lowerIndex() == engine.index()
            && engine.rxQueueCount() == queueCount && host.txQueueCount() == queueCount;
    }

    private void prepare(final RouteNetlink netlink, final String hostDevice) {
        for (final String device : new String[] {hostDevice, engineDevice}) {
            withoutIpv6(device);
        }
        // The kernel then completes every partial checksum at its csum_start before the packet crosses the pair.
        Ethtool.txChecksumOff(hostDevice);
        for (final int ifindex : new int[] {hostIfindex, engineIfindex}) {
            netlink.setMtu(ifindex, mtu);
            netlink.setArp(ifindex, false);
            netlink.setUp(ifindex);
        }
    }

    /** Without this the kernel would send neighbour discovery and router solicitations into the pair. */
    private static void withoutIpv6(final String device) {
        final Path setting = Path.of("/proc/sys/net/ipv6/conf", device, "disable_ipv6");
        if (!Files.exists(setting)) {
            return;
        }
        try {
            Files.writeString(setting, "1");
        } catch (final IOException failure) {
            throw new IllegalStateException("switch IPv6 off on " + device + " by " + setting, failure);
        }
    }
}
