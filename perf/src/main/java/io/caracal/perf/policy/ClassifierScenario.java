package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.micro.JmhRuns;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import org.openjdk.jmh.results.RunResult;

/**
 * Lookups in ClassBench's nine sets, or in one given by {@code --rules} and {@code --trace}: Caracal's whole verdict
 * beside linear search and, where its program is ({@value TupleMergeProgram#SETTING}), TupleMerge. Every header of
 * every trace must find the rule that the trace says.
 */
public final class ClassifierScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final String TUPLEMERGE = "tuplemerge";
    private static final String UNIT = "ns/lookup";
    private static final String BENCHMARK = "io.caracal.perf.ClassifierBenchmark";
    private static final int TUPLEMERGE_RUNS = 5;
    private static final int LARGE = 50_000;
    /** What TupleMerge's C++ program needed on a machine of the kind that the project is developed on. */
    private static final Map<String, Integer> LIMITS_NS = limits();
    private static final Bar WRONG =
        new Bar("classifier-wrong", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 0, "headers");
    private static final Bar BUILD =
        new Bar("classifier-build", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 2000, "ms");
    private static final Bar MEMORY =
        new Bar("classifier-memory", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 1024, "B/rule");

    /** Makes the scenario. */
    public ClassifierScenario() {
    }

    private static Map<String, Integer> limits() {
        final Map<String, Integer> limits = new LinkedHashMap<>();
        final int[] ns = {81, 105, 210, 135, 85, 700, 103, 253, 280};
        int at = 0;
        for (final String seed : new String[] {"acl1", "fw1", "ipc1"}) {
            for (final String size : new String[] {"1k", "10k", "100k"}) {
                limits.put(seed + "_" + size, ns[at++]);
            }
        }
        return limits;
    }

    @Override
    public String name() {
        return "classifier";
    }

    @Override
    public String sentence() {
        return "verdict about the first packet of a flow, ClassBench's nine sets, warm and cold caches";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL, "linear", TUPLEMERGE);
    }

    @Override
    public List<Bar> bars() {
        final List<Bar> bars = new ArrayList<>();
        LIMITS_NS.keySet().forEach(set -> bars.add(limit(set)));
        bars.addAll(List.of(WRONG, BUILD, MEMORY));
        return bars;
    }

    private static Bar limit(final String set) {
        return new Bar(set, CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, LIMITS_NS.get(set), UNIT);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final Map<String, Path[]> files = files(settings);
        final List<ResultRow> rows = new ArrayList<>();
        final List<RatioRow> ratios = new ArrayList<>();
        final List<String> notes = new ArrayList<>();
        final TupleMergeProgram tupleMerge = TupleMergeProgram.find();
        final Map<String, double[]> tupleMergeTimes = new LinkedHashMap<>();
        int wrongCount = 0;
        for (final Map.Entry<String, Path[]> file : files.entrySet()) {
            final ClassBenchSet set = ClassBenchSet.read(file.getKey(), file.getValue()[0], file.getValue()[1]);
            final BuildFigures figures = BuildFigures.of(set);
            settings.say(set.name() + ": " + set.ruleCount() + " rules, " + set.headerCount() + " headers, "
                + (figures.wrong().isEmpty() ? "all find their rule" : figures.wrong().getFirst()));
            judgeBuild(set, figures, rows, ratios);
            notes.addAll(figures.wrong());
            wrongCount += figures.wrong().size();
            if (tupleMerge != null) {
                tupleMergeTimes.put(set.name(), tupleMerge.measure(set, TUPLEMERGE_RUNS));
            }
        }
        ratios.add(WRONG.judge(wrongCount));
        measure(settings, files, rows, ratios, tupleMergeTimes);
        if (tupleMerge == null) {
            notes.add("TupleMerge was not measured: " + TupleMergeProgram.SETTING + " does not name its program.");
        }
        ClassifierPlot.write(rows.stream().filter(row -> UNIT.equals(row.unit())).toList(), settings.results());
        return new ScenarioResult(rows, ratios, notes, List.of());
    }

    private static Map<String, Path[]> files(final BenchSettings settings) {
        final Path rules = settings.files().get("rules");
        if (rules != null) {
            final String name = rules.getFileName().toString().replaceFirst("\\.rules.*$", "").replace('|', '_');
            return Map.of(name, new Path[] {rules, settings.files().get("trace")});
        }
        final Map<String, Path[]> files = new LinkedHashMap<>();
        for (final String set : LIMITS_NS.keySet()) {
            for (final String folder : new String[] {"../shared/classbench",
                "policy-match/src/test/resources/classbench"}) {
                final Path directory = settings.home().resolve(folder);
                if (!files.containsKey(set) && Files.exists(directory.resolve(set + ".rules.gz"))) {
                    files.put(set, new Path[] {directory.resolve(set + ".rules.gz"),
                        directory.resolve(set + ".trace.gz")});
                }
            }
            if (!files.containsKey(set)) {
                settings.say(set + " is not there: give it by --rules and --trace");
            }
        }
        if (files.isEmpty()) {
            throw new BenchException("find rule sets in " + settings.home() + ": none (give one by --rules, --trace)");
        }
        return files;
    }

    private static void judgeBuild(final ClassBenchSet set, final BuildFigures figures, final List<ResultRow> rows,
        final List<RatioRow> ratios) {
        final Sample build = Sample.of(figures.buildMs());
        final Sample memory = Sample.of(figures.bytesPerRule());
        rows.add(ResultRow.of(set.name() + "-build", CARACAL, "ms", build));
        rows.add(ResultRow.of(set.name() + "-memory", CARACAL, "B/rule", memory));
        if (set.ruleCount() >= LARGE) {
            ratios.add(BUILD.judge(build.median()));
            ratios.add(MEMORY.judge(memory.median()));
        }
    }

    private static void measure(final BenchSettings settings, final Map<String, Path[]> files,
        final List<ResultRow> rows, final List<RatioRow> ratios, final Map<String, double[]> tupleMergeTimes) {
        final String[] parameters = files.entrySet().stream()
            .map(file -> file.getKey() + "|" + file.getValue()[0].toAbsolutePath() + "|"
                + file.getValue()[1].toAbsolutePath()).toArray(String[]::new);
        final List<ResultRow> found = new ArrayList<>();
        for (final RunResult run : JmhRuns.run(settings, BENCHMARK,
            options -> options.param("files", parameters).forks(1))) {
            final String set = run.getParams().getParam("files").split("\\|")[0];
            final String benchmark = run.getParams().getBenchmark();
            final String method = benchmark.substring(benchmark.lastIndexOf('.') + 1);
            final boolean cold = "cold".equals(method);
            found.add(ResultRow.of(cold ? set + "-cold" : set, cold ? CARACAL : method, UNIT,
                Sample.of(JmhRuns.iterationScores(run))));
        }
        tupleMergeTimes.forEach((set, times) ->
            found.add(ResultRow.of(set, TUPLEMERGE, UNIT, Sample.of(times))));
        for (final String set : files.keySet()) {
            found.stream().filter(row -> row.scenario().equals(set) || row.scenario().equals(set + "-cold"))
                .sorted((a, b) -> a.scenario().compareTo(b.scenario())).forEach(rows::add);
            judge(set, found, ratios);
        }
    }

    private static void judge(final String set, final List<ResultRow> found, final List<RatioRow> ratios) {
        final double ours = median(set, CARACAL, found);
        if (LIMITS_NS.containsKey(set)) {
            ratios.add(limit(set).judge(ours));
        }
        final double theirs = median(set, TUPLEMERGE, found);
        if (!Double.isNaN(theirs)) {
            ratios.add(new Bar(set, CARACAL, TUPLEMERGE, Bar.Direction.AT_MOST, 1, "").judge(ours / theirs));
        }
    }

    private static double median(final String set, final String who, final List<ResultRow> found) {
        return found.stream().filter(row -> row.scenario().equals(set) && row.who().equals(who))
            .mapToDouble(ResultRow::median).findFirst().orElse(Double.NaN);
    }
}
