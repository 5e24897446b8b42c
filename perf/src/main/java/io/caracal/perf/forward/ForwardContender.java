package io.caracal.perf.forward;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

import io.caracal.perf.BenchException;
import io.caracal.perf.rounds.Contender;
import io.caracal.perf.rounds.CpuTimes;
import io.caracal.perf.rounds.Observation;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;

/**
 * A forwarder in its topology, measured twice per round under as many packets as the generator can send: once bare, for
 * the rate at the sink, and once with clocks around its cycles, for its time in user space.
 */
final class ForwardContender implements Contender<ForwardFigures> {
    private static final Path PROC = Path.of("/proc");
    /** From the generator's start to the window: its memory is mapped and its packets flow by then. */
    private static final int SETTLE_MS = 500;
    private static final int GENERATOR_END_MS_MAX = 10_000;
    private static final int GENERATOR_SECONDS_MARGIN = 5;
    private static final int MS_PER_SECOND = 1000;

    private final String who;
    private final VethTopology topology;
    private final Forwarder forwarder;
    private final TrafficSpec traffic;
    private final Path generator;
    private final int windowMs;

    ForwardContender(final LaunchedForwarder launched, final TrafficSpec traffic, final Path generator,
                     final int windowMs) {
        who = launched.who();
        topology = launched.topology();
        forwarder = launched.forwarder();
        this.traffic = traffic;
        this.generator = generator;
        this.windowMs = windowMs;
    }

    @Override
    public String who() {
        return who;
    }

    @Override
    public Observation<ForwardFigures> measure() throws IOException, InterruptedException {
        final Window bare = runWindow(false, windowMs);
        final Window clocked = runWindow(true, windowMs);
        final double pps = bare.after.ppsSince(bare.before);
        if (pps <= 0 || clocked.counters.received() == 0) {
            throw new BenchException("measure " + who + ": no packet arrived at the sink, forwarder counted "
                + bare.counters);
        }
        return new Observation<>(new ForwardFigures(pps, clocked.counters.userNsPerPacket(),
            clocked.counters.packetsPerCycle()), Math.max(bare.othersShare, clocked.othersShare));
    }

    /** Forwards for a while in both modes, so that the JIT compiler has seen what is measured later. */
    void warmUp(final int milliseconds) throws IOException, InterruptedException {
        runWindow(true, milliseconds);
        runWindow(false, milliseconds);
    }

    private Window runWindow(final boolean measured, final int milliseconds) throws IOException, InterruptedException {
        final TrafficSpec bounded = traffic.withSeconds(
            (SETTLE_MS + milliseconds) / MS_PER_SECOND + GENERATOR_SECONDS_MARGIN);
        forwarder.run(measured);
        try (ToolProcess sender = ToolProcess.start("xskgen", bounded.command(generator))) {
            final List<Long> own = List.of(sender.pid(), forwarder.pid(), ProcessHandle.current().pid());
            Thread.sleep(SETTLE_MS);
            final CpuTimes cpuBefore = CpuTimes.read(PROC, own);
            final VethTopology.CountedPackets before = topology.arrived();
            Thread.sleep(milliseconds);
            final VethTopology.CountedPackets after = topology.arrived();
            final CpuTimes cpuAfter = CpuTimes.read(PROC, own);
            sender.terminate();
            sender.readJson(GENERATOR_END_MS_MAX);
            return new Window(before, after, forwarder.pause(), cpuAfter.othersShareSince(cpuBefore));
        }
    }

    /** What is known after a while of traffic. */
    private record Window(VethTopology.CountedPackets before, VethTopology.CountedPackets after,
                          ForwarderCounters counters, double othersShare) {
    }
}
