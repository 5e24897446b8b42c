package io.caracal.perf.micro;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * A JMH benchmark class as a scenario. Its methods report average time in ns per operation, where an operation is one
 * packet ({@code @OperationsPerInvocation}); the gc profiler says what each operation allocated. JMH forks a JVM per
 * method. Each method is a row of its own; a bar holds for the slowest
 * of those whose names begin with the bar's.
 */
public final class MicroScenario implements Scenario {
    private static final String ALLOCATION_METRIC = "gc.alloc.rate.norm";
    /** What the harness itself allocates per operation; a Java object is never smaller than 16 bytes. */
    private static final double ALLOCATION_RESOLUTION = 0.1;
    private static final String WHO = "caracal";

    private final String name;
    private final String sentence;
    private final String benchmarkClass;
    private final List<Bar> timeBars;
    private final Bar allocationBar;
    private final Peer peer;
    private final Bar twinBar;

    private MicroScenario(final MicroScenario scenario, final Bar twinBar) {
        peer = scenario.peer;
        name = scenario.name;
        sentence = scenario.sentence;
        benchmarkClass = scenario.benchmarkClass;
        timeBars = scenario.timeBars;
        allocationBar = scenario.allocationBar;
        this.twinBar = twinBar;
    }

    private MicroScenario(final String name, final String sentence, final String benchmarkClass,
        final Peer peer, final Bar... timeBars) {
        this.peer = peer;
        twinBar = null;
        this.name = name;
        this.sentence = sentence;
        this.benchmarkClass = benchmarkClass;
        this.timeBars = List.of(timeBars);
        allocationBar = new Bar(name + "-allocation", WHO, Bar.LIMIT, Bar.Direction.AT_MOST, 0, "B/op");
    }

    /**
     * Descriptors through the rings and back.
     *
     * @return the scenario {@code rings}.
     */
    public static MicroScenario rings() {
        return new MicroScenario("rings",
            "a descriptor through a ring and back, and a frame's whole way (pool, four rings, ledger), in bursts of 64",
            "io.caracal.perf.RingBenchmark", Peer.NONE,
            limit("rings-roundTrip", 5), limit("rings-frameCycle", 20));
    }

    /**
     * Headers of many different packets. The bars are about the usual ones; what packets of all kinds in random order
     * cost, most of it branches that no predictor knows, is a row without a bar.
     *
     * @return the scenario {@code parse}.
     */
    public static MicroScenario parse() {
        return new MicroScenario("parse", "parse, validate and flow hash of 4096 different packets",
            "io.caracal.perf.HeaderParseBenchmark", new ParseTwin(),
            limit("parse-stageUdp", 15), limit("parse-stageMixed", 15));
    }

    /**
     * Packets into the overlay and out of it, and the longest-prefix lookups in between.
     *
     * @return the scenario {@code pipeline}.
     */
    public static MicroScenario pipeline() {
        return new MicroScenario("pipeline",
            "parse, route, VXLAN and back over 4096 different packets; longest-prefix lookups",
            "io.caracal.perf.PipelineBenchmark", new PathTwin(PathTwin.Way.ENCAP, PathTwin.Way.DECAP),
            limit("pipeline-encap", 35), limit("pipeline-decap", 30), limit("pipeline-lookup1k", 10),
            limit("pipeline-lookup100k", 25));
    }

    /**
     * The whole path of a packet to a remote pod, a million flows known.
     *
     * @return the scenario {@code memory}.
     */
    public static MicroScenario memory() {
        return new MicroScenario("memory", "parse, a flow found among a million, verdict, VXLAN: the engine's own"
            + " chain, and its C twin", "io.caracal.perf.WholePathBenchmark", new PathTwin(PathTwin.Way.MEMORY),
            limit("memory", 80)).withTwinLimit(1.5);
    }

    /** The same with a bar on the ratio to the twin's time. */
    private MicroScenario withTwinLimit(final double ratio) {
        return new MicroScenario(this, new Bar(name, WHO, Peer.WHO, Bar.Direction.AT_MOST, ratio, ""));
    }

    private static Bar limit(final String figure, final double maxNs) {
        return new Bar(figure, WHO, Bar.LIMIT, Bar.Direction.AT_MOST, maxNs, "ns/frame");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String sentence() {
        return sentence;
    }

    @Override
    public List<String> contenders() {
        return peer == Peer.NONE ? List.of(WHO) : List.of(WHO, Peer.WHO);
    }

    @Override
    public List<Bar> bars() {
        final List<Bar> bars = new ArrayList<>(timeBars);
        bars.add(allocationBar);
        if (twinBar != null) {
            bars.add(twinBar);
        }
        return bars;
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final Collection<RunResult> runs =
            JmhRuns.run(settings, benchmarkClass, options -> options.addProfiler(GCProfiler.class));
        if (runs.isEmpty()) {
            throw new BenchException("run " + benchmarkClass + ": JMH found no benchmark of that name in the jar");
        }
        final List<ResultRow> rows = new ArrayList<>();
        final List<ScenarioResult.Series> series = new ArrayList<>();
        double mostBytes = 0;
        for (final RunResult run : runs) {
            final String figure = runs.size() == 1 ? name : name + '-' + methodName(run);
            final double[] times = JmhRuns.iterationScores(run);
            final double bytes = allocatedBytes(run);
            rows.add(ResultRow.of(figure, WHO, "ns/frame", Sample.of(times)));
            rows.add(ResultRow.of(figure + "-allocation", WHO, "B/op", Sample.of(bytes)));
            series.add(ScenarioResult.Series.of(figure, WHO, "ns/frame", times));
            mostBytes = Math.max(mostBytes, bytes);
        }
        for (final ScenarioResult.Series twin : peer.measure(settings)) {
            rows.add(ResultRow.of(twin.scenario(), twin.who(), twin.unit(),
                Sample.of(twin.values().stream().mapToDouble(Double::doubleValue).toArray())));
            series.add(twin);
        }
        final List<RatioRow> ratios = new ArrayList<>();
        for (final Bar bar : timeBars) {
            ratios.add(bar.judge(slowestNs(rows, bar.scenario())));
        }
        ratios.add(allocationBar.judge(mostBytes));
        if (twinBar != null) {
            ratios.add(twinBar.judge(median(rows, WHO) / median(rows, Peer.WHO)));
        }
        return new ScenarioResult(rows, ratios, List.of(), series);
    }

    /** A bar holds for the slowest figure whose name begins with the bar's. */
    private static double slowestNs(final List<ResultRow> rows, final String prefix) {
        return rows.stream().filter(row -> row.scenario().startsWith(prefix) && row.who().equals(WHO))
            .filter(row -> "ns/frame".equals(row.unit()))
            .mapToDouble(ResultRow::median).max()
            .orElseThrow(() -> new IllegalStateException("no figure is named " + prefix));
    }

    private double median(final List<ResultRow> rows, final String who) {
        return rows.stream().filter(row -> row.scenario().equals(name) && row.who().equals(who))
            .mapToDouble(ResultRow::median).findFirst()
            .orElseThrow(() -> new IllegalStateException(who + " has no figure " + name));
    }

    private static String methodName(final RunResult run) {
        final BenchmarkParams parameters = run.getParams();
        final String qualified = parameters.getBenchmark();
        final StringBuilder method = new StringBuilder(qualified.substring(qualified.lastIndexOf('.') + 1));
        for (final String key : parameters.getParamsKeys()) {
            method.append('-').append(parameters.getParam(key));
        }
        return method.toString();
    }

    private static double allocatedBytes(final RunResult run) {
        final Result<?> allocation = run.getSecondaryResults().get(ALLOCATION_METRIC);
        if (allocation == null) {
            throw new IllegalStateException("JMH's gc profiler gave no " + ALLOCATION_METRIC);
        }
        return allocation.getScore() < ALLOCATION_RESOLUTION ? 0 : allocation.getScore();
    }
}
