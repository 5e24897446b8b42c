package io.caracal.perf.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.life.PodTraffic;
import io.caracal.perf.tool.NativeTools;

/** One engine on a node of its own that Felix tells of a large cluster. */
final class ControlRound {
    private static final int VETHS_PER_COMMAND = 50;

    private final LargeCluster cluster;
    private final BenchSettings settings;

    ControlRound(final LargeCluster cluster, final BenchSettings settings) {
        this.cluster = cluster;
        this.settings = settings;
    }

    /**
     * What a round showed.
     *
     * @param inForce how the cluster came into force.
     * @param heapAfterMib Java objects after the last collection, when all slices had passed.
     * @param slices of packets, with and without changes.
     */
    record Figures(FelixEngine.InForce inForce, double heapAfterMib, List<Slice> slices) {
    }

    /**
     * The cluster comes into force while the interfaces of its endpoints are there and have never been attached.
     *
     * @return how.
     */
    FelixEngine.InForce attach() throws IOException, InterruptedException {
        try (Lab lab = BenchLab.create("control", settings)) {
            final LabNode node = lab.addNode("node1");
            addInterfaces(node);
            final SafepointLog log = new SafepointLog(node.state().resolve("safepoints.log"));
            try (FelixEngine engine = FelixEngine.start(node, settings.home(), log)) {
                return engine.tell(cluster);
            }
        }
    }

    private void addInterfaces(final LabNode node) throws InterruptedException {
        final List<String> names = cluster.interfaces();
        for (int first = 0; first < names.size(); first += VETHS_PER_COMMAND) {
            final StringBuilder script = new StringBuilder();
            for (int i = first; i < Math.min(names.size(), first + VETHS_PER_COMMAND); i++) {
                script.append("ip link add ").append(names.get(i)).append(" up type veth peer name far").append(i)
                    .append(" && ");
            }
            run(node.command("sh", "-c", script + "true"));
        }
    }

    private static void run(final List<String> command) throws InterruptedException {
        try {
            final Process process = new ProcessBuilder(command).inheritIO().start();
            if (process.waitFor() != 0) {
                throw new BenchException("make the endpoints' interfaces: exit code " + process.exitValue());
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("make the endpoints' interfaces", e);
        }
    }

    /**
     * The cluster comes into force, then packets flow between two pods, all of them through the worker (no flow cache).
     *
     * @param pairs of slices.
     * @param seconds of each.
     */
    Figures run(final int pairs, final int seconds) throws IOException, InterruptedException {
        try (NativeTools tools = NativeTools.open(); Lab lab = BenchLab.create("control", settings)) {
            final LabNode node = lab.addNode("node1");
            final LabPod from = node.addPod("bench", "from");
            final LabPod to = node.addPod("bench", "to");
            node.announce(from);
            node.announce(to);
            final SafepointLog log = new SafepointLog(node.state().resolve("safepoints.log"));
            try (FelixEngine engine = FelixEngine.start(node, settings.home(), log)) {
                final FelixEngine.InForce inForce = engine.tell(cluster);
                settings.say("in force after " + Math.round(inForce.wallMs()) + " ms, "
                    + Math.round(inForce.cpuMs()) + " ms of processor time: " + cluster);
                final List<Slice> slices = new ArrayList<>(new Slices(engine, cluster,
                    new PodTraffic(tools.generator(), from, to), log).run(pairs, seconds));
                return new Figures(inForce, engine.heapMib("usedAfterCollectionBytes"), slices);
            }
        }
    }
}
