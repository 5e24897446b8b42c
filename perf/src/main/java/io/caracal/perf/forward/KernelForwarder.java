package io.caracal.perf.forward;

import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.TrafficSpec;

/**
 * The kernel's own forwarding from the generator to the sink, with connection tracking and a filter that accepts what
 * is established first, as every dataplane of iptables does.
 *
 * @param who its name in results.
 * @param topology where it stands.
 */
record KernelForwarder(String who, VethTopology topology) implements ForwardPath {
    private static final String GATEWAY_MAC = "02:ca:ca:00:00:0d";
    private static final String GENERATOR_MAC = "02:ca:ca:00:00:01";
    private static final String SINK_MAC = "02:ca:ca:00:00:02";
    private static final String RULES = """
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD DROP [0:0]
        :OUTPUT ACCEPT [0:0]
        -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A FORWARD -m conntrack --ctstate INVALID -j DROP
        -A FORWARD -i d0 -o d1 -p udp -j ACCEPT
        COMMIT
        """;

    /**
     * Sets it up.
     *
     * @param receiveCpu the processor that its soft interrupt runs on (receive packet steering); below 0: whichever the
     *                   sender is on.
     */
    static KernelForwarder launch(final Lab lab, final String who, final String name, final int receiveCpu)
        throws InterruptedException {
        final VethTopology topology = VethTopology.create(lab, name);
        try {
            final String namespace = topology.dutNamespace();
            NamespaceCommand.runLines(namespace, List.of("ip link set d0 address " + GATEWAY_MAC,
                "ip address add 10.65.255.254/16 dev d0", "ip route add " + LaunchedForwarder.DESTINATION + " dev d1",
                "ip neighbour replace " + LaunchedForwarder.DESTINATION + " lladdr " + SINK_MAC
                    + " dev d1 nud permanent",
                "sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.d0.rp_filter=0"));
            NamespaceCommand.run(namespace, List.of("iptables-legacy-restore"), RULES);
            if (receiveCpu >= 0) {
                NamespaceCommand.run(namespace, List.of("tee", "/sys/class/net/d0/queues/rx-0/rps_cpus"),
                    Long.toHexString(1L << receiveCpu));
            }
            return new KernelForwarder(who, topology);
        } catch (final InterruptedException | RuntimeException e) {
            topology.close();
            throw e;
        }
    }

    @Override
    public TrafficSpec traffic(final int cpu, final int flows, final int length) {
        return new TrafficSpec(topology.generatorNamespace(), VethTopology.GENERATOR, "xdp", flows, length, 0, 1, 0,
            false, cpu, new TrafficSpec.Addresses(GENERATOR_MAC, GATEWAY_MAC, LaunchedForwarder.SOURCE,
                LaunchedForwarder.DESTINATION));
    }

    @Override
    public List<Long> pids() {
        return List.of();
    }

    @Override
    public void close() {
        topology.close();
    }
}
