package io.caracal.perf.forward;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.BenchException;
import io.caracal.perf.rounds.Contender;
import io.caracal.perf.rounds.CpuTimes;
import io.caracal.perf.rounds.Observation;
import io.caracal.perf.stats.Latencies;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;

/** A path under 64-byte UDP packets: flooded, for the rate at the sink, or at a rate, for how late they are. */
final class FlowsContender implements Contender<FlowsFigures> {
    private static final Path PROC = Path.of("/proc");
    private static final int SETTLE_MS = 300;
    private static final int ANSWER_MS_MAX = 20_000;
    private static final int SECONDS_MAX = 30;
    private static final int PACKET_LENGTH = 64;

    private final ForwardPath path;
    private final Path generator;
    private final TrafficSpec traffic;
    private final int windowMs;

    /**
     * A path under a load.
     *
     * @param generator path of {@code xskgen}.
     * @param cpu the generator's.
     * @param load flows and rate.
     * @param windowMs what counts.
     */
    FlowsContender(final ForwardPath path, final Path generator, final int cpu, final Load load, final int windowMs) {
        this.path = path;
        this.generator = generator;
        this.windowMs = windowMs;
        final TrafficSpec flood = path.traffic(cpu, load.flows, PACKET_LENGTH).withSeconds(SECONDS_MAX);
        traffic = load.pps == 0 ? flood : flood.withRate(load.pps).withStamps();
    }

    /**
     * What is sent.
     *
     * @param flows told apart by source port.
     * @param pps packets a second; 0 = as fast as it goes.
     */
    record Load(int flows, long pps) {
    }

    @Override
    public String who() {
        return path.who();
    }

    @Override
    public Observation<FlowsFigures> measure() throws IOException, InterruptedException {
        return measure(windowMs);
    }

    /** Carries for a while, so that what compiles itself has seen what is measured later. */
    void warmUp(final int milliseconds) throws IOException, InterruptedException {
        measure(milliseconds);
    }

    private Observation<FlowsFigures> measure(final int milliseconds) throws IOException, InterruptedException {
        path.resume();
        try {
            return traffic.stamped() ? late(milliseconds) : arriving(milliseconds);
        } finally {
            path.pause();
        }
    }

    private Observation<FlowsFigures> arriving(final int milliseconds) throws IOException, InterruptedException {
        try (ToolProcess sender = ToolProcess.start("xskgen", traffic.command(generator))) {
            final List<Long> own = own(sender);
            Thread.sleep(SETTLE_MS);
            final CpuTimes cpuBefore = CpuTimes.read(PROC, own);
            final VethTopology.CountedPackets before = path.topology().arrived();
            Thread.sleep(milliseconds);
            final double pps = path.topology().arrived().ppsSince(before);
            final double othersShare = CpuTimes.read(PROC, own).othersShareSince(cpuBefore);
            sender.terminate();
            sender.readJson(ANSWER_MS_MAX);
            if (pps <= 0) {
                throw new BenchException("measure " + who() + ": no packet arrived at the sink");
            }
            return new Observation<>(new FlowsFigures(pps, Latencies.NONE), othersShare);
        }
    }

    private Observation<FlowsFigures> late(final int milliseconds) throws IOException, InterruptedException {
        /* It shares a processor with the sender, which watches the clock: waiting for its turn would be the latency. */
        final List<String> command = List.of(generator.toString(), "receive", "--netns",
            path.topology().sinkNamespace(), "--interface", VethTopology.SINK, "--seconds",
            String.valueOf(SECONDS_MAX), "--realtime", "1");
        try (ToolProcess receiver = ToolProcess.start("xskgen receive", command)) {
            receiver.awaitLine("ready", ANSWER_MS_MAX);
            try (ToolProcess sender = ToolProcess.start("xskgen", traffic.command(generator))) {
                final List<Long> own = own(sender, receiver);
                final CpuTimes cpuBefore = CpuTimes.read(PROC, own);
                Thread.sleep(SETTLE_MS + milliseconds);
                final double othersShare = CpuTimes.read(PROC, own).othersShareSince(cpuBefore);
                sender.terminate();
                sender.readJson(ANSWER_MS_MAX);
                receiver.terminate();
                final Latencies latencies = Latencies.of(receiver.readJson(ANSWER_MS_MAX).path("latencyNs"));
                if (latencies.count() == 0) {
                    throw new BenchException("measure " + who() + ": no stamped packet arrived at the sink");
                }
                return new Observation<>(new FlowsFigures(latencies.count(), latencies), othersShare);
            }
        }
    }

    private List<Long> own(final ToolProcess... tools) {
        final List<Long> own = new ArrayList<>(path.pids());
        own.add(ProcessHandle.current().pid());
        for (final ToolProcess tool : tools) {
            own.add(tool.pid());
        }
        return own;
    }
}
