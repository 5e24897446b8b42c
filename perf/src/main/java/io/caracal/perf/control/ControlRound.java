package io.caracal.perf.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.caracal.control.manifest.ManifestLoader;
import io.caracal.control.proto.ToDataplane;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.life.PodTraffic;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;

/**
 * One engine on a node of its own: a cluster, a quiet time, a time of changes; packets flow in both times, all of them
 * through the worker (no flow cache).
 */
final class ControlRound {
    static final int CHANGES_PER_SECOND = 1000;
    static final int PACKETS_PER_SECOND = 20_000;

    private static final int FLOWS = 100;
    private static final int SETTLE_SECONDS = 5;
    private static final long SOCKET_WAIT_MS = 30_000;
    private static final double NS_PER_MS = 1e6;
    private static final double KIB_PER_MIB = 1024;

    private final LargeCluster cluster;
    private final BenchSettings settings;
    private final int seconds;

    /** @param seconds of each time. */
    ControlRound(final LargeCluster cluster, final BenchSettings settings, final int seconds) {
        this.cluster = cluster;
        this.settings = settings;
        this.seconds = seconds;
    }

    /**
     * What it showed.
     *
     * @param inForceMs Felix's first byte until the engine says that all is in force.
     * @param residentMib memory of the engine's process then.
     * @param quietUs longest burst cycle of each second without changes.
     * @param changesUs the same with changes.
     * @param changes how many were sent.
     * @param changesSeconds in which time.
     */
    record Figures(double inForceMs, double residentMib, double[] quietUs, double[] changesUs, int changes,
                   double changesSeconds) {
    }

    Figures run() throws IOException, InterruptedException {
        try (NativeTools tools = NativeTools.compile(); Lab lab = BenchLab.create("control", settings)) {
            final LabNode node = lab.addNode("node1");
            final LabPod from = node.addPod("bench", "from");
            final LabPod to = node.addPod("bench", "to");
            node.announce(from);
            node.announce(to);
            final Path socket = node.adminSocket().resolveSibling("felix.sock");
            try (EngineUnderTest engine = EngineUnderTest.startForFelix(node, settings.home(), socket, "--set",
                "offload=off")) {
                awaitFile(socket);
                /* An engine that has just started is still compiling what it does at its start. */
                TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
                try (FelixPipe felix = FelixPipe.connect(socket)) {
                    return measure(engine, felix, node, new PodTraffic(tools.generator(), from, to));
                }
            }
        }
    }

    private static void awaitFile(final Path file) throws InterruptedException {
        final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SOCKET_WAIT_MS);
        while (!Files.exists(file)) {
            if (System.nanoTime() - endNs > 0) {
                throw new BenchException("wait for " + file + ": the engine has not made it in " + SOCKET_WAIT_MS
                    + " ms");
            }
            Thread.sleep(1);
        }
    }

    private Figures measure(final EngineUnderTest engine, final FelixPipe felix, final LabNode node,
                            final PodTraffic traffic) throws IOException, InterruptedException {
        final List<ToDataplane> pods =
            new ManifestLoader(List.of(node.manifests()), node.name(), Map.of()).load().state().messages();
        final List<ToDataplane> messages = new ArrayList<>(pods.subList(0, pods.size() - 1));
        messages.addAll(cluster.messages());
        messages.add(pods.getLast());
        final long startNs = System.nanoTime();
        felix.say(messages);
        engine.awaitReady();
        final double inForceMs = (System.nanoTime() - startNs) / NS_PER_MS;
        settings.say("in force after " + Math.round(inForceMs) + " ms: " + cluster);
        final double residentMib = residentKib(engine.pid()) / KIB_PER_MIB;
        try (ToolProcess sender = traffic.send(FLOWS, PACKETS_PER_SECOND, 2 * (seconds + SETTLE_SECONDS))) {
            TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
            final double[] quiet = watch(engine, 0, felix);
            requireTraffic(engine);
            final long changesNs = System.nanoTime();
            final double[] changes = watch(engine, CHANGES_PER_SECOND, felix);
            final double changesSeconds = (System.nanoTime() - changesNs) / (NS_PER_MS * TimeUnit.SECONDS.toMillis(1));
            sender.terminate();
            return new Figures(inForceMs, residentMib, quiet, changes, seconds * CHANGES_PER_SECOND, changesSeconds);
        }
    }

    private static void requireTraffic(final EngineUnderTest engine) throws IOException, InterruptedException {
        final long before = engine.worker().rxPackets();
        TimeUnit.SECONDS.sleep(1);
        final long packets = engine.worker().rxPackets() - before;
        if (packets < PACKETS_PER_SECOND / 2) {
            throw new BenchException("packets to the engine: " + packets + " in a second, not "
                + PACKETS_PER_SECOND);
        }
    }

    /** Sends changes in pieces of a millisecond, and looks at the worker once a second. */
    private double[] watch(final EngineUnderTest engine, final int changesPerSecond, final FelixPipe felix)
        throws IOException {
        final CycleWatch cycles = new CycleWatch(engine);
        final long beginNs = System.nanoTime();
        int sent = 0;
        for (int second = 1; second <= seconds; second++) {
            final long endNs = beginNs + TimeUnit.SECONDS.toNanos(second);
            for (long nowNs = System.nanoTime(); nowNs < endNs; nowNs = System.nanoTime()) {
                final int due = (int)((nowNs - beginNs) / NS_PER_MS * changesPerSecond / TimeUnit.SECONDS.toMillis(1));
                final List<ToDataplane> piece = new ArrayList<>();
                while (sent < due) {
                    piece.add(cluster.change(sent++));
                }
                felix.say(piece);
                LockSupport.parkNanos(changesPerSecond == 0 ? endNs - nowNs : TimeUnit.MILLISECONDS.toNanos(1));
            }
            cycles.look();
        }
        return cycles.valuesUs();
    }

    private static long residentKib(final long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
            .filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst().orElseThrow(() -> new BenchException("read the memory of process " + pid + ": no VmRSS"));
    }
}
