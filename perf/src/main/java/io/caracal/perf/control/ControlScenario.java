package io.caracal.perf.control;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.EngineJvm;

/**
 * A large cluster from Felix's first byte until it is in force, by the real driver; then packets between two pods in
 * slices by turns without changes, which shows what the machine does by itself, and with a thousand changes a second.
 */
public final class ControlScenario implements Scenario {
    static final String CARACAL = "caracal";

    private static final int PAIRS = 6;
    private static final int PAIRS_QUICK = 2;
    private static final int SECONDS = 10;
    private static final int SECONDS_QUICK = 5;
    private static final double IN_FORCE_MS_MAX = 5000;
    private static final Bar IN_FORCE =
        new Bar("control-in-force", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, IN_FORCE_MS_MAX, "ms");
    private static final Bar CPU =
        new Bar("control-in-force-cpu", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, IN_FORCE_MS_MAX, "ms");

    /** Made once, for the registry. */
    public ControlScenario() {
    }

    @Override
    public String name() {
        return "control";
    }

    @Override
    public String sentence() {
        return "10,000 policies, 5,000 IP sets, a million members, 250 endpoints: first byte to in force, by"
            + " caracal-felix; then burst cycles and packets in slices without changes and with "
            + Slices.CHANGES_PER_SECOND + " a second";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL);
    }

    @Override
    public List<Bar> bars() {
        return List.of(IN_FORCE, CPU, SliceFindings.STALL, SliceFindings.STOP);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final LargeCluster cluster = settings.quick() ? new LargeCluster(1000, 500, 200, 25)
            : new LargeCluster(10_000, 5000, 200, 250);
        final ControlRound round = new ControlRound(cluster, settings);
        final FelixEngine.InForce attached = round.attach();
        settings.say("with all interfaces to attach: " + Math.round(attached.wallMs()) + " ms, "
            + Math.round(attached.cpuMs()) + " ms of processor time");
        final ControlRound.Figures figures = round.run(settings.quick() ? PAIRS_QUICK : PAIRS,
            settings.quick() ? SECONDS_QUICK : SECONDS);
        final SliceFindings findings = new SliceFindings(figures.slices());
        final FelixEngine.InForce inForce = figures.inForce();
        findings.add(IN_FORCE.judge(inForce.wallMs()), CPU.judge(inForce.cpuMs()));
        findings.add(row(IN_FORCE.scenario(), "ms", inForce.wallMs()), row(CPU.scenario(), "ms", inForce.cpuMs()),
            row("control-attached", "ms", attached.wallMs()), row("control-attached-cpu", "ms", attached.cpuMs()),
            row("control-memory", "MiB", inForce.residentMib()), row("control-heap", "MiB", figures.heapAfterMib()));
        findings.note("Of " + cluster + ". In force: only two endpoints' interfaces are there. Attached: all of them"
            + " are, and had no program yet.");
        findings.note(String.format(Locale.ROOT, "Busiest threads until in force: %s (a tick is 10 ms). Memory is the"
            + " process's right after that; the heap is what is left of Java objects after a collection, at the end;"
            + " the launcher allows %.0f MiB (%s).", inForce.busiest(), inForce.heapMaxMib(), EngineJvm.FLAGS));
        return findings.finish(settings.results());
    }

    private static ResultRow row(final String figure, final String unit, final double value) {
        return ResultRow.of(figure, CARACAL, unit, Sample.of(value));
    }
}
