package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.perf.forward.VethTopology;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.NativeTools;

/**
 * First packets of new flows through a packet filter of the kernel; what arrives behind it is counted by the kernel.
 * Generator and filter share one CPU, as a pod and its node's dataplane do.
 */
final class NewFlowRun implements FlowSubject {
    private static final String GATEWAY_MAC = "02:ca:ca:00:00:0d";
    private static final String SINK_MAC = "02:ca:ca:00:00:02";

    private final VethTopology topology;
    private final NativeTools tools;
    private final Path pairs;

    NewFlowRun(final Lab lab, final NativeTools tools, final KernelFilter filter, final PodRules rules,
        final List<String> targets) throws IOException, InterruptedException {
        this.tools = tools;
        pairs = Files.write(Files.createTempFile("caracal-bench-", ".pairs"), targets);
        topology = VethTopology.create(lab, "policy");
        try {
            NamespaceCommand.runLines(topology.dutNamespace(), List.of("ip link set d0 address " + GATEWAY_MAC,
                "ip address add 10.1.0.1/24 dev d0",
                "ip address add 10.2.0.254/24 dev d1", "ip route add 10.64.0.0/16 dev d0",
                "ip neighbour replace " + PodRules.POD_ADDRESS + " lladdr " + SINK_MAC + " dev d1 nud permanent",
                "sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.d0.rp_filter=0"));
            filter.install(topology.dutNamespace(), rules);
            /* Exists only since the filter has loaded connection tracking. */
            NamespaceCommand.runLines(topology.dutNamespace(),
                List.of("sysctl -q -w net.netfilter.nf_conntrack_udp_timeout=1"));
        } catch (final RuntimeException | InterruptedException e) {
            close();
            throw e;
        }
    }

    @Override
    public double flowsPerSecond() throws IOException, InterruptedException {
        return FlowRate.of(tools, pairs).measure(FlowRate.traffic(topology.generatorNamespace(),
            VethTopology.GENERATOR, GATEWAY_MAC, PodRules.POD_ADDRESS), topology::arrived);
    }

    @Override
    public void close() throws IOException {
        topology.close();
        Files.delete(pairs);
    }
}
