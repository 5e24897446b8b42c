package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.caracal.perf.BenchException;
import io.caracal.perf.forward.VethTopology.CountedPackets;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;

/**
 * How many new flows a second come through: every packet of the generator is a flow of its own, aimed at a rule that
 * allows it. The same for everybody who is measured.
 *
 * @param generator path of {@code xskgen}.
 * @param pairs file with source and port of each flow.
 */
record FlowRate(Path generator, Path pairs) {
    private static final String GENERATOR_MAC = "02:ca:ca:00:00:01";
    private static final int LENGTH = 64;
    private static final int SECONDS_MAX = 10;
    private static final int SETTLE_MS = 200;
    private static final int WINDOW_MS = 1200;
    private static final int POLL_MS = 5;
    /** Half of what the kernel's connection table holds on a small machine. */
    private static final int FLOWS_MAX = 120_000;
    /** A connection table forgets a flow that nobody answers after a second. */
    private static final int FORGET_MS = 2500;
    private static final long GENERATOR_END_MS = 5000;

    static FlowRate of(final NativeTools tools, final Path pairs) {
        return new FlowRate(tools.generator(), pairs);
    }

    /**
     * Packets of 64 bytes, as fast as CPU 0 can.
     *
     * @param namespace where the generator runs.
     * @param device its interface there.
     * @param nextHopMac who takes them.
     * @param destination where they go.
     */
    static TrafficSpec traffic(final String namespace, final String device, final String nextHopMac,
        final String destination) {
        return new TrafficSpec(namespace, device, "xdp", 1, LENGTH, 0, SECONDS_MAX, 0, false, 0,
            new TrafficSpec.Addresses(GENERATOR_MAC, nextHopMac, "10.1.0.2", destination));
    }

    /** One round; waits afterwards until connection tables have forgotten its flows. */
    double measure(final TrafficSpec traffic, final Supplier<CountedPackets> arrived)
        throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(traffic.command(generator));
        command.addAll(List.of("--pairs", pairs.toString()));
        try (ToolProcess sender = ToolProcess.start("xskgen", command)) {
            Thread.sleep(SETTLE_MS);
            final CountedPackets before = arrived.get();
            CountedPackets now = before;
            while (now.packets() - before.packets() < FLOWS_MAX
                && now.takenNs() - before.takenNs() < WINDOW_MS * 1_000_000L) {
                Thread.sleep(POLL_MS);
                now = arrived.get();
            }
            sender.terminate();
            sender.readJson(GENERATOR_END_MS);
            if (now.packets() == before.packets()) {
                throw new BenchException("no packet from " + traffic.namespace()
                    + " comes through: the rules allow none of the flows that Caracal's model allows");
            }
            Thread.sleep(FORGET_MS);
            return now.ppsSince(before);
        }
    }
}
