package io.caracal.perf.forward;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.bindings.NetNamespace;
import io.caracal.lab.Lab;
import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;

/**
 * Three network namespaces in a row: a generator, a device under test, a sink.
 *
 * <pre>
 *   LAB-NAME-gen            LAB-NAME-dut             LAB-NAME-sink
 *      g0 ═══════ veth ═══════ d0   d1 ═══════ veth ═══════ s0
 * </pre>
 *
 * <p>No addresses, no IPv6 autoconfiguration: nothing but the benchmark's packets is on these wires. Removed by
 * {@link #close()}, or with the lab whose names it bears: also when the benchmark is interrupted or killed.
 * CAP_SYS_ADMIN and CAP_NET_ADMIN.</p>
 */
public final class VethTopology implements AutoCloseable {
    /** The generator's end. */
    public static final String GENERATOR = "g0";
    /** Where the device under test receives. */
    public static final String INGRESS = "d0";
    /** Where the device under test transmits. */
    public static final String EGRESS = "d1";
    /** The sink's end. */
    public static final String SINK = "s0";

    private static final MacAddress GENERATOR_MAC = MacAddress.parse("02:ca:ca:00:00:01");
    private static final MacAddress SINK_MAC = MacAddress.parse("02:ca:ca:00:00:02");
    /** Second column after the colon of /proc/net/dev: packets received. */
    private static final int RX_PACKETS = 1;

    private final NetNamespace generator;
    private final NetNamespace dut;
    private final NetNamespace sink;
    private final int ingressIfindex;

    private VethTopology(final NetNamespace generator, final NetNamespace dut, final NetNamespace sink) {
        this.generator = generator;
        this.dut = dut;
        this.sink = sink;
        connect(generator, new VethSpec(GENERATOR, INGRESS).withMac(GENERATOR_MAC).withPeerNamespace(dut.fd()));
        connect(sink, new VethSpec(SINK, EGRESS).withMac(SINK_MAC).withPeerNamespace(dut.fd()));
        ingressIfindex = dut.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                setUp(netlink, EGRESS);
                return setUp(netlink, INGRESS);
            }
        });
    }

    /**
     * Makes the namespaces and the pairs, all up.
     *
     * @param lab outlives it; removes the namespaces if nobody else does.
     * @param name tells topologies of a lab apart.
     * @return the topology; the caller closes it.
     * @throws io.caracal.bindings.NativeCallException if a namespace of that name is there, or for want of privilege.
     */
    public static VethTopology create(final Lab lab, final String name) {
        final List<NetNamespace> made = new ArrayList<>();
        try {
            for (final String role : List.of("-gen", "-dut", "-sink")) {
                made.add(NetNamespace.create(lab.namespacePrefix() + name + role));
            }
            return new VethTopology(made.get(0), made.get(1), made.get(2));
        } catch (final RuntimeException e) {
            made.forEach(VethTopology::remove);
            throw e;
        }
    }

    private static void connect(final NetNamespace home, final VethSpec spec) {
        home.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.createVeth(spec);
                setUp(netlink, spec.name());
            }
        });
    }

    private static int setUp(final RouteNetlink netlink, final String name) {
        final Link link = netlink.link(name);
        netlink.disableIpv6LinkLocal(link.index());
        netlink.setUp(link.index());
        return link.index();
    }

    /**
     * Where the generator sends.
     *
     * @return name of the namespace.
     */
    public String generatorNamespace() {
        return generator.name();
    }

    /**
     * Where the device under test runs.
     *
     * @return name of the namespace.
     */
    public String dutNamespace() {
        return dut.name();
    }

    /**
     * Where packets end.
     *
     * @return name of the namespace.
     */
    public String sinkNamespace() {
        return sink.name();
    }

    /**
     * The kernel's index of {@value #INGRESS}.
     *
     * @return its ifindex in its namespace.
     */
    public int ingressIfindex() {
        return ingressIfindex;
    }

    /**
     * Packets that have arrived at the sink's interface, counted by the kernel: no forwarder's own word.
     *
     * @return the count since the interface was made, and when it was read.
     */
    public CountedPackets arrived() {
        return sink.call(() -> {
            final String device = Files.readString(Path.of("/proc/thread-self/net/dev"));
            return new CountedPackets(receivedPackets(device, SINK), System.nanoTime());
        });
    }

    /**
     * A counter at one moment.
     *
     * @param packets its value.
     * @param takenNs {@code System.nanoTime()} when it was read.
     */
    public record CountedPackets(long packets, long takenNs) {
        private static final double NS_PER_SECOND = 1e9;

        /**
         * The rate since an earlier moment.
         *
         * @param earlier the earlier moment.
         * @return packets a second.
         */
        public double ppsSince(final CountedPackets earlier) {
            return (packets - earlier.packets) * NS_PER_SECOND / (takenNs - earlier.takenNs);
        }
    }

    /**
     * Finds an interface's received packets in the text of /proc/net/dev.
     *
     * @param text two header lines, then a line per interface.
     * @param name the interface.
     * @return the count.
     * @throws IOException if there is no such interface.
     */
    public static long receivedPackets(final String text, final String name) throws IOException {
        for (final String line : text.split("\n")) {
            final int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
                return Long.parseLong(line.substring(colon + 1).strip().split(" +")[RX_PACKETS]);
            }
        }
        throw new IOException("/proc/net/dev has no interface " + name);
    }

    private static void remove(final NetNamespace namespace) {
        namespace.delete();
        namespace.close();
    }

    @Override
    public void close() {
        List.of(generator, dut, sink).forEach(VethTopology::remove);
    }
}
