package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.forward.VethTopology;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;

/**
 * First packets of new flows by real traffic: every packet of the generator is a flow of its own, aimed at a rule that
 * allows it; what arrives behind the filter is counted by the kernel. Generator and filter share one CPU, as a pod and
 * its node's dataplane do.
 */
final class NewFlowRun implements AutoCloseable {
    private static final String GATEWAY_MAC = "02:ca:ca:00:00:0d";
    private static final String SINK_MAC = "02:ca:ca:00:00:02";
    private static final int LENGTH = 64;
    private static final int SECONDS_MAX = 10;
    private static final int SETTLE_MS = 200;
    private static final int WINDOW_MS = 1200;
    private static final int POLL_MS = 5;
    /** Half of what the kernel's connection table holds on a small machine. */
    private static final int FLOWS_MAX = 120_000;
    /** The connection table forgets a flow that nobody answers after a second. */
    private static final int FORGET_MS = 2500;
    private static final long GENERATOR_END_MS = 5000;

    private final VethTopology topology;
    private final NativeTools tools;
    private final Path pairs;

    NewFlowRun(final Lab lab, final NativeTools tools, final List<String> targets)
        throws IOException, InterruptedException {
        this.tools = tools;
        pairs = Files.write(Files.createTempFile("caracal-bench-", ".pairs"), targets);
        topology = VethTopology.create(lab, "policy");
        try {
            NamespaceCommand.runLines(topology.dutNamespace(), List.of("ip link set d0 address " + GATEWAY_MAC,
                "ip address add 10.1.0.1/24 dev d0",
                "ip address add 10.2.0.254/24 dev d1", "ip route add 10.64.0.0/16 dev d0",
                "ip neighbour replace " + PodRules.POD_ADDRESS + " lladdr " + SINK_MAC + " dev d1 nud permanent",
                "sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.d0.rp_filter=0"));
        } catch (final RuntimeException | InterruptedException e) {
            close();
            throw e;
        }
    }

    /** The namespace in which the filter is. */
    String namespace() {
        return topology.dutNamespace();
    }

    /** What only exists when the filter has loaded connection tracking. */
    void forgetFlowsSoon() throws InterruptedException {
        NamespaceCommand.run(namespace(),
            List.of("sysctl", "-q", "-w", "net.netfilter.nf_conntrack_udp_timeout=1"), "");
    }

    /** New flows a second that come through. */
    double flowsPerSecond() throws IOException, InterruptedException {
        final TrafficSpec traffic = new TrafficSpec(topology.generatorNamespace(), VethTopology.GENERATOR, "xdp", 1,
            LENGTH, 0, SECONDS_MAX, 0, false, 0, new TrafficSpec.Addresses("02:ca:ca:00:00:01", GATEWAY_MAC, "10.1.0.2",
                PodRules.POD_ADDRESS));
        final List<String> command = new java.util.ArrayList<>(traffic.command(tools.generator()));
        command.addAll(List.of("--pairs", pairs.toString()));
        try (ToolProcess sender = ToolProcess.start("xskgen", command)) {
            Thread.sleep(SETTLE_MS);
            final VethTopology.CountedPackets before = topology.arrived();
            VethTopology.CountedPackets now = before;
            while (now.packets() - before.packets() < FLOWS_MAX
                && now.takenNs() - before.takenNs() < WINDOW_MS * 1_000_000L) {
                Thread.sleep(POLL_MS);
                now = topology.arrived();
            }
            sender.terminate();
            sender.readJson(GENERATOR_END_MS);
            if (now.packets() == before.packets()) {
                throw new BenchException("no packet comes through the filter in " + namespace()
                    + ": its rules allow none of the flows that Caracal allows");
            }
            Thread.sleep(FORGET_MS);
            return now.ppsSince(before);
        }
    }

    @Override
    public void close() throws IOException {
        topology.close();
        Files.delete(pairs);
    }
}
