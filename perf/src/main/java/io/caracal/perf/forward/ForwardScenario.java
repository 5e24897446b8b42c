package io.caracal.perf.forward;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

import io.caracal.bindings.CpuAffinity;
import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.rounds.RoundLog;
import io.caracal.perf.stats.PairedRatio;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.TrafficSpec;

/**
 * 64-byte UDP packets from a generator through a forwarder to a sink, over two veth pairs: the Java path against its C
 * twin, on the same CPU, in turn.
 *
 * <p>Both forwarders live at the same time, each in a topology of its own; the one that is not measured is parked and
 * uses no CPU. The rounds come in blocks: each starts fresh processes and swaps the topologies, so that neither a lucky
 * JIT compilation nor a lucky placement of memory decides. The generator is on another CPU than the forwarder and is
 * usually the limit of the rate; the time in user space shows what the rate hides.</p>
 */
public final class ForwardScenario implements Scenario {
    private static final String FORWARD = "forward-64";
    private static final String USER_TIME = "forward-64-user-ns";
    private static final String BURST = "forward-64-burst";
    private static final String CARACAL = "caracal";
    private static final String TWIN = "c-twin";
    private static final Bar RATE = new Bar(FORWARD, CARACAL, TWIN, Bar.Direction.AT_LEAST, 0.95, "");
    private static final Bar RATE_LOW = RATE.atLowEnd(0.85);
    private static final Bar USER = new Bar(USER_TIME, CARACAL, TWIN, Bar.Direction.AT_MOST, 1.5, "");

    private static final int CARACAL_INDEX = 0;
    private static final int TWIN_INDEX = 1;
    private static final int PACKET_LENGTH = 64;
    private static final int FLOWS = 1000;
    private static final int BLOCKS = 4;
    private static final int WINDOW_MS = 2000;
    private static final int QUICK_WINDOW_MS = 1000;
    /** Twice this per block: C2 has compiled the whole path after some 3 s of packets on one busy core. */
    private static final int WARM_UP_MS = 4000;

    /** Made once, for the registry. */
    public ForwardScenario() {
    }

    @Override
    public String name() {
        return "forward";
    }

    @Override
    public String sentence() {
        return "64-byte UDP, " + FLOWS + " flows, through two veth pairs: the Java path against a C forwarder with the"
            + " same loop";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL, TWIN);
    }

    @Override
    public List<Bar> bars() {
        return List.of(RATE, RATE_LOW, USER);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final int[] cpus = cpus();
        final int blockCount = Math.min(BLOCKS, settings.rounds());
        RoundLog<ForwardFigures> log = new RoundLog<>(List.of(), 0, 0);
        try (NativeTools tools = NativeTools.open()) {
            for (int block = 0; block < blockCount; block++) {
                final int rounds = (settings.rounds() + block) / blockCount;
                settings.say("block " + (block + 1) + " of " + blockCount + ": fresh processes, " + rounds + " rounds");
                log = log.plus(runBlock(settings, tools, cpus, block, rounds));
            }
        }
        return result(log);
    }

    /** Generator and forwarder must not share a CPU: their shares would be the scheduler's choice. */
    private static int[] cpus() {
        final BitSet allowed = CpuAffinity.allowed();
        final int generator = allowed.nextSetBit(0);
        final int forwarder = allowed.nextSetBit(generator + 1);
        if (forwarder < 0) {
            throw new BenchException("run forward: needs two CPUs, one for the generator and one for the forwarder;"
                + " this process may use " + allowed.cardinality());
        }
        return new int[] {generator, forwarder};
    }

    private static RoundLog<ForwardFigures> runBlock(final BenchSettings settings, final NativeTools tools,
                                                     final int[] cpus, final int block, final int rounds)
        throws IOException, InterruptedException {
        final boolean swapped = block % 2 == 1;
        final int windowMs = settings.quick() ? QUICK_WINDOW_MS : WINDOW_MS;
        try (Lab lab = BenchLab.create("forward", settings);
            LaunchedForwarder caracal =
                new ForwarderLauncher(tools, lab, cpus[1]).launchJava(CARACAL, swapped ? "b" : "a");
            LaunchedForwarder twin = new ForwarderLauncher(tools, lab, cpus[1]).launchTwin(TWIN, swapped ? "a" : "b")) {
            final List<ForwardContender> contenders = new ArrayList<>();
            for (final LaunchedForwarder launched : List.of(caracal, twin)) {
                final TrafficSpec traffic = launched.traffic(cpus[0], FLOWS, PACKET_LENGTH);
                contenders.add(new ForwardContender(launched, traffic, tools.generator(), windowMs));
            }
            contenders.get(CARACAL_INDEX).warmUp(WARM_UP_MS);
            contenders.get(TWIN_INDEX).warmUp(windowMs);
            return settings.interleaved(contenders).run(rounds);
        }
    }

    private static ScenarioResult result(final RoundLog<ForwardFigures> log) {
        final PairedRatio rate = ratio(log, ForwardFigures::pps);
        final PairedRatio user = ratio(log, ForwardFigures::userNsPerPacket);
        final List<ResultRow> rows = new ArrayList<>();
        final List<ScenarioResult.Series> series = new ArrayList<>();
        for (final int contender : new int[] {CARACAL_INDEX, TWIN_INDEX}) {
            final String who = contender == CARACAL_INDEX ? CARACAL : TWIN;
            add(rows, series, FORWARD, who, "pps", log.figures(contender, ForwardFigures::pps));
            add(rows, series, USER_TIME, who, "ns/packet", log.figures(contender, ForwardFigures::userNsPerPacket));
            add(rows, series, BURST, who, "packets", log.figures(contender, ForwardFigures::packetsPerCycle));
        }
        return new ScenarioResult(rows,
            List.of(RATE.judge(rate), RATE_LOW.judge(rate), USER.judge(user)),
            List.of(log.sentence(), interval("rate", rate), interval("time in user space", user),
                "Time in user space: burst cycles that received packets, without their transmit system calls, under"
                    + " full load, in windows of their own; the clocks' own cost is subtracted, for both sides alike."),
            series);
    }

    private static PairedRatio ratio(final RoundLog<ForwardFigures> log,
                                     final ToDoubleFunction<ForwardFigures> figure) {
        return PairedRatio.of(log.figures(CARACAL_INDEX, figure), log.figures(TWIN_INDEX, figure));
    }

    private static void add(final List<ResultRow> rows, final List<ScenarioResult.Series> series, final String scenario,
                            final String who, final String unit, final double[] values) {
        rows.add(ResultRow.of(scenario, who, unit, Sample.of(values)));
        series.add(ScenarioResult.Series.of(scenario, who, unit, values));
    }

    private static String interval(final String what, final PairedRatio ratio) {
        return String.format(Locale.ROOT, "Ratio of %s, %s / %s: median %.3f, 95 %% interval %.3f to %.3f.",
            what, CARACAL, TWIN, ratio.median(), ratio.low(), ratio.high());
    }
}
