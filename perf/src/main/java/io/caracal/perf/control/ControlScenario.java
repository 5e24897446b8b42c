package io.caracal.perf.control;

import java.io.IOException;
import java.util.Arrays;
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
 * A large cluster from Felix's first byte until it is in force; then packets between two pods, first without changes,
 * which shows what the machine does by itself, then with a thousand changes a second.
 */
public final class ControlScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final String QUIET = "no changes";
    private static final String CHANGES = "1000 changes/s";
    private static final String LONGEST_CYCLE = "control-longest-cycle";
    private static final int SECONDS = 60;
    private static final int SECONDS_QUICK = 10;
    private static final Bar IN_FORCE =
        new Bar("control-in-force", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 5000, "ms");
    private static final Bar STALL = new Bar("control-stall", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 1000, "us");

    /** Made once, for the registry. */
    public ControlScenario() {
    }

    @Override
    public String name() {
        return "control";
    }

    @Override
    public String sentence() {
        return "10,000 policies, 5,000 IP sets, a million members, 250 endpoints: first byte to in force; then the"
            + " longest burst cycle of each second, without changes and with " + ControlRound.CHANGES_PER_SECOND
            + " a second";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL);
    }

    @Override
    public List<Bar> bars() {
        return List.of(IN_FORCE, STALL);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final LargeCluster cluster = settings.quick() ? new LargeCluster(1000, 500, 200, 25)
            : new LargeCluster(10_000, 5000, 200, 250);
        final ControlRound.Figures figures =
            new ControlRound(cluster, settings, settings.quick() ? SECONDS_QUICK : SECONDS).run();
        final List<ResultRow> rows = List.of(
            ResultRow.of(IN_FORCE.scenario(), CARACAL, "ms", Sample.of(figures.inForceMs())),
            ResultRow.of("control-memory", CARACAL, "MiB", Sample.of(figures.residentMib())),
            ResultRow.of(LONGEST_CYCLE, QUIET, "us", Sample.of(figures.quietUs())),
            ResultRow.of(LONGEST_CYCLE, CHANGES, "us", Sample.of(figures.changesUs())));
        final List<String> notes = List.of(
            "Of " + cluster + "; the endpoints' interfaces are not there but for two, so that attaching (a millisecond"
                + " or more of the kernel's each) is not in the figure; JVM flags " + EngineJvm.FLAGS + ".",
            String.format(Locale.ROOT, "%d packets a second meanwhile. Seconds whose longest cycle was above a"
                + " millisecond: %d of %d without changes, %d of %d with %d changes a second (%d sent in %.1f s). The"
                + " verdict is over the longest with changes less the longest without: what control adds.",
                ControlRound.PACKETS_PER_SECOND, above(figures.quietUs()), figures.quietUs().length,
                above(figures.changesUs()), figures.changesUs().length, ControlRound.CHANGES_PER_SECOND,
                figures.changes(), figures.changesSeconds()));
        final double addedUs = Math.max(0, max(figures.changesUs()) - max(figures.quietUs()));
        return new ScenarioResult(rows, List.of(IN_FORCE.judge(figures.inForceMs()), STALL.judge(addedUs)), notes,
            List.of(ScenarioResult.Series.of(LONGEST_CYCLE, QUIET, "us", figures.quietUs()),
                ScenarioResult.Series.of(LONGEST_CYCLE, CHANGES, "us", figures.changesUs())));
    }

    private static double max(final double[] values) {
        return Arrays.stream(values).max().orElse(0);
    }

    private static long above(final double[] valuesUs) {
        return Arrays.stream(valuesUs).filter(value -> value > STALL.limit()).count();
    }
}
