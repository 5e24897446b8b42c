package io.caracal.perf.life;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;

/** What the engine costs a node on which nothing happens. */
public final class IdleScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final String CPU = "idle-cpu";
    private static final String UNIT = "percent of a core";
    private static final Bar BAR = new Bar(CPU, CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 1, UNIT);
    private static final int PODS = 10;
    /** IPv6 of new interfaces asks and reports for some seconds, and the virtual machine compiles what has run. */
    private static final int SETTLE_MS = 10_000;
    private static final int WINDOWS = 3;
    private static final int WINDOW_MS = 10_000;
    private static final int QUICK_WINDOW_MS = 2_000;

    /** Made once, for the registry. */
    public IdleScenario() {
    }

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public String sentence() {
        return "processor time of an engine with " + PODS + " pods attached and no traffic, over "
            + WINDOWS * WINDOW_MS / 1000 + " s";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL);
    }

    @Override
    public List<Bar> bars() {
        return List.of(BAR);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        try (Lab lab = BenchLab.create("idle", settings)) {
            final LabNode node = lab.addNode("node1");
            for (int number = 0; number < PODS; number++) {
                node.announce(node.addPod("bench", "pod" + number));
            }
            try (EngineUnderTest engine = EngineUnderTest.start(node, settings.home()).awaitReady()) {
                Thread.sleep(SETTLE_MS);
                return measure(engine, settings);
            }
        }
    }

    private static ScenarioResult measure(final EngineUnderTest engine, final BenchSettings settings)
        throws InterruptedException {
        final Path proc = Path.of("/proc");
        final double[] percents = new double[WINDOWS];
        final ThreadTimes begin = ThreadTimes.read(proc, engine.pid());
        ThreadTimes earlier = begin;
        for (int window = 0; window < WINDOWS; window++) {
            Thread.sleep(settings.quick() ? QUICK_WINDOW_MS : WINDOW_MS);
            final ThreadTimes now = ThreadTimes.read(proc, engine.pid());
            percents[window] = now.percentSince(earlier);
            earlier = now;
        }
        final double whole = earlier.percentSince(begin);
        final List<String> notes = new ArrayList<>();
        notes.add("The verdict is over all windows; the busiest threads (a tick is 10 ms): "
            + earlier.busiestSince(begin) + ".");
        return new ScenarioResult(List.of(ResultRow.of(CPU, CARACAL, UNIT, Sample.of(percents))),
            List.of(BAR.judge(whole)), notes, List.of(ScenarioResult.Series.of(CPU, CARACAL, UNIT, percents)));
    }
}
