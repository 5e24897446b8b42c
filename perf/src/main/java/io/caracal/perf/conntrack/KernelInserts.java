package io.caracal.perf.conntrack;

import io.caracal.bindings.NetNamespace;
import io.caracal.lab.Lab;
import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.perf.BenchException;
import io.caracal.perf.forward.VethTopology;
import io.caracal.perf.forward.VethTopology.CountedPackets;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * New UDP flows a second through the kernel's nf_conntrack, by real packets: a namespace forwards from one veth pair to
 * another, every packet begins a flow, and the kernel counts what arrives behind it. The same packets without
 * connection tracking say what forwarding alone costs. Needs root, {@code nft}, and room in {@code nf_conntrack_max}.
 */
final class KernelInserts implements AutoCloseable {
    /** As many as the generator knows; a quarter of what the kernel takes by default. */
    private static final int FLOWS = 65_536;
    private static final int BATCHES = 2;
    private static final long POLL_MS = 1;
    private static final long QUIET_MS = 150;
    private static final long RUN_MS_MAX = 20_000;
    private static final int FIRST_PORT = 9000;
    private static final int COMMAND_SECONDS_MAX = 20;
    private static final int PREFIX_LENGTH = 8;

    private final NativeTools tools;
    private final VethTopology topology;
    private final String ingressMac;
    private int nextPort = FIRST_PORT;

    private KernelInserts(final NativeTools tools, final VethTopology topology)
        throws IOException, InterruptedException {
        this.tools = tools;
        this.topology = topology;
        try (NetNamespace dut = NetNamespace.open(topology.dutNamespace())) {
            ingressMac = dut.call(KernelInserts::route);
        }
        command("sysctl", "-qw", "net.ipv4.ip_forward=1");
    }

    static KernelInserts open(final NativeTools tools, final Lab lab) throws IOException, InterruptedException {
        final VethTopology topology = VethTopology.create(lab, "kernel");
        try {
            return new KernelInserts(tools, topology);
        } catch (final IOException | InterruptedException | RuntimeException e) {
            topology.close();
            throw e;
        }
    }

    /** Makes the namespace a router between its two ends; returns the MAC address of the first one. */
    private static String route() throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            final Link ingress = netlink.link(VethTopology.INGRESS);
            final Link egress = netlink.link(VethTopology.EGRESS);
            netlink.addAddress(ingress.index(), InetAddress.ofLiteral("10.255.0.1"), PREFIX_LENGTH);
            netlink.addAddress(egress.index(), InetAddress.ofLiteral("11.255.0.1"), PREFIX_LENGTH);
            netlink.replaceNeighbour(egress.index(), InetAddress.ofLiteral("11.2.0.1"),
                MacAddress.parse("02:ca:ca:00:00:02"));
            return ingress.mac().toString();
        }
    }

    /** Packets a second through the namespace without connection tracking. */
    double forwardedPerS() throws IOException, InterruptedException {
        command("nft", "flush ruleset");
        return bestRate();
    }

    /** New flows a second with it; checks that the kernel has them. */
    double insertedPerS() throws IOException, InterruptedException {
        command("nft",
            "table ip bench { chain tracked { type filter hook forward priority 0; ct state new accept; }; }");
        final int before = flowsOfTheKernel();
        final double rate = bestRate();
        final int made = flowsOfTheKernel() - before;
        if (made < BATCHES * FLOWS * 9 / 10) {
            throw new BenchException("insert flows into nf_conntrack: " + BATCHES * FLOWS + " packets made " + made
                + " flows (is nf_conntrack_max smaller?)");
        }
        return rate;
    }

    private int flowsOfTheKernel() {
        try (NetNamespace dut = NetNamespace.open(topology.dutNamespace())) {
            return dut.call(() -> {
                /* One line a CPU, all with the namespace's number of entries first, in hexadecimal. */
                final String cpu = Files.readAllLines(Path.of("/proc/thread-self/net/stat/nf_conntrack")).get(1);
                return Integer.parseInt(cpu.strip().split("\\s+")[0], 16);
            });
        }
    }

    private double bestRate() throws IOException, InterruptedException {
        double best = 0;
        for (int batch = 0; batch < BATCHES; batch++) {
            best = Math.max(best, rate());
        }
        return best;
    }

    /** One packet of each flow, as fast as it goes; the rate between the first and the last arrival. */
    private double rate() throws IOException, InterruptedException {
        final TrafficSpec traffic = new TrafficSpec(topology.generatorNamespace(), VethTopology.GENERATOR, "packet",
            FLOWS, 64, 0, 60, FLOWS, false, -1,
            new TrafficSpec.Addresses("02:ca:ca:00:00:01", ingressMac, "10.1.0.1", "11.2.0.1"));
        final List<String> command = new ArrayList<>(traffic.command(tools.generator()));
        command.addAll(List.of("--port", Integer.toString(nextPort++)));
        final CountedPackets idle = topology.arrived();
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RUN_MS_MAX);
        try (ToolProcess generator = ToolProcess.start("xskgen", command)) {
            CountedPackets first = idle;
            CountedPackets last = idle;
            while (last.packets() - idle.packets() < FLOWS && System.nanoTime() < deadlineNs
                && (last == idle || System.nanoTime() - last.takenNs() < TimeUnit.MILLISECONDS.toNanos(QUIET_MS))) {
                TimeUnit.MILLISECONDS.sleep(POLL_MS);
                final CountedPackets now = topology.arrived();
                first = first == idle && now.packets() > idle.packets() ? now : first;
                last = now.packets() > last.packets() ? now : last;
            }
            if (last == first) {
                throw new BenchException("send packets through the kernel: none arrived" + generator.readLine(1));
            }
            return last.ppsSince(first);
        }
    }

    private void command(final String... program) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", topology.dutNamespace()));
        command.addAll(List.of(program));
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new BenchException(String.join(" ", command) + ": " + said);
        }
    }

    @Override
    public void close() {
        topology.close();
    }
}
