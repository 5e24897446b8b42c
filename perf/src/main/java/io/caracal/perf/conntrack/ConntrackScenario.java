package io.caracal.perf.conntrack;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.ConntrackLookupBenchmark;
import io.caracal.perf.Scenario;
import io.caracal.perf.micro.JmhRuns;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.EngineJvm;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * The flow table at four sizes, beside the same table in C with prefetch instructions: insert, hit, miss, expiry,
 * memory, the end of a pod's flows, listing. Each round starts a process for each size and contender, so that no run
 * inherits another's warm caches or compiled code. Beside inserts stands the kernel's nf_conntrack, by real packets:
 * its figure is the whole way of a packet through a namespace, and what connection tracking adds to that. What you
 * should see: within one and a half times of C, since Java has no prefetch; a miss no dearer than a hit; nothing
 * allocated.
 */
public final class ConntrackScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final String TWIN = "c-twin";
    private static final String KERNEL = "nf_conntrack";
    private static final int[] SIZES = {1_000, 1_000_000, 4_000_000, 10_000_000};
    private static final int[] QUICK_SIZES = {1_000, 1_000_000};
    private static final int EXPIRY_SIZE = 1_000_000;
    private static final long PROCESS_MS_MAX = 180_000;
    private static final Path MEMORY_FILES = Path.of("/dev/shm");
    private static final List<String> JVM_ARGUMENTS = List.of(
        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED");
    private static final Map<Integer, Double> HIT_BAR_NS =
        Map.of(1_000, 35.0, 1_000_000, 50.0, 4_000_000, 50.0, 10_000_000, 60.0);
    private static final double INSERT_BAR_PER_S = 2_000_000;
    private static final double EXPIRY_BAR_PERCENT = 5;
    private static final int JMH_ITERATION_MS = 300;
    private static final double REMOVAL_BAR_MS = 100;
    private static final double LIST_BAR_MS = 10_000;
    private static final int LARGEST = 10_000_000;

    /** Makes the scenario. */
    public ConntrackScenario() {
    }

    @Override
    public String name() {
        return "conntrack";
    }

    @Override
    public String sentence() {
        return "flow table of 1 thousand to 10 million flows: insert, hit, miss, expiry, memory, beside the same in C";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL, TWIN, KERNEL);
    }

    @Override
    public List<Bar> bars() {
        final List<Bar> bars = new ArrayList<>();
        for (final int size : SIZES) {
            bars.add(new Bar("hit-" + label(size), CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, HIT_BAR_NS.get(size),
                "ns/packet"));
            bars.add(missBar(size));
            bars.add(insertBar(size));
        }
        bars.add(limit("removal-100k", REMOVAL_BAR_MS, "ms"));
        bars.add(limit("list-" + label(LARGEST), LIST_BAR_MS, "ms"));
        bars.add(new Bar("expiry-" + label(EXPIRY_SIZE), CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST,
            EXPIRY_BAR_PERCENT, "% of a packet"));
        bars.add(new Bar("allocation", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 0, "B"));
        return bars;
    }

    private static Bar limit(final String scenario, final double value, final String unit) {
        return new Bar(scenario, CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, value, unit);
    }

    private static Bar missBar(final int size) {
        return new Bar("miss-" + label(size), CARACAL, "hit-" + label(size), Bar.Direction.AT_MOST, 1, "");
    }

    private static Bar insertBar(final int size) {
        return new Bar("insert-" + label(size), CARACAL, Bar.LIMIT, Bar.Direction.AT_LEAST, INSERT_BAR_PER_S,
            "flows/s");
    }

    private static String label(final int size) {
        return size < 1_000_000 ? size / 1_000 + "k" : size / 1_000_000 + "M";
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final Map<String, List<Double>> figures = new LinkedHashMap<>();
        final int[] sizes = settings.quick() ? QUICK_SIZES : SIZES;
        try (NativeTools tools = NativeTools.open()) {
            for (int round = 1; round <= settings.rounds(); round++) {
                for (final int size : sizes) {
                    /* Alternating, so that neither always runs on what the other has left of the machine. */
                    if (round % 2 == 0) {
                        note(figures, size, TWIN, runTwin(tools, size));
                        note(figures, size, CARACAL, runJava(size));
                    } else {
                        note(figures, size, CARACAL, runJava(size));
                        note(figures, size, TWIN, runTwin(tools, size));
                    }
                }
                noteKernel(figures, tools, settings);
                settings.say("conntrack: round " + round + " of " + settings.rounds() + ": " + lastOf(figures));
            }
        }
        runJmh(settings, figures);
        return conclude(figures, sizes);
    }

    /** The same lookups by JMH, so that no figure hangs on one instrument; and what they allocate. */
    private static void runJmh(final BenchSettings settings, final Map<String, List<Double>> figures) {
        final Collection<RunResult> runs = JmhRuns.run(settings, ConntrackLookupBenchmark.class.getName(),
            options -> options.addProfiler(GCProfiler.class).forks(1)
                .warmupTime(TimeValue.milliseconds(JMH_ITERATION_MS))
                .measurementTime(TimeValue.milliseconds(JMH_ITERATION_MS)));
        for (final RunResult run : runs) {
            final String method = run.getParams().getBenchmark();
            final String figure = "jmh-" + method.substring(method.lastIndexOf('.') + 1) + '-'
                + label(Integer.parseInt(run.getParams().getParam("flows")));
            for (final double score : JmhRuns.iterationScores(run)) {
                put(figures, figure, CARACAL, "ns/packet", score);
            }
            final Result<?> allocated = run.getSecondaryResults().get("gc.alloc.rate.norm");
            put(figures, "jmh-allocation", CARACAL, "B/op", Math.rint(allocated.getScore() * 1000) / 1000);
        }
    }

    /** New flows a second; and what tracking adds to the packet that begins one, turned into flows a second. */
    private static void noteKernel(final Map<String, List<Double>> figures, final NativeTools tools,
        final BenchSettings settings) throws IOException, InterruptedException {
        try (Lab lab = BenchLab.create("conntrack", settings); KernelInserts kernel = KernelInserts.open(tools, lab)) {
            final double forwarded = kernel.forwardedPerS();
            final double inserted = kernel.insertedPerS();
            put(figures, "kernel-forward", KERNEL, "packets/s", forwarded);
            put(figures, "insert-packets", KERNEL, "flows/s", inserted);
            put(figures, "insert-cost", KERNEL, "ns/flow", (1 / inserted - 1 / forwarded) * 1e9);
        }
    }

    private static String lastOf(final Map<String, List<Double>> figures) {
        final StringBuilder text = new StringBuilder();
        figures.forEach((key, values) -> text.append(
            String.format(Locale.ROOT, "%s %.1f, ", key.replace('|', ' '), values.getLast())));
        return text.toString();
    }

    private static JsonNode runTwin(final NativeTools tools, final int size) throws IOException, InterruptedException {
        try (ToolProcess process = ToolProcess.start("ctable",
            List.of(tools.table().toString(), Integer.toString(size)))) {
            return process.readJson(PROCESS_MS_MAX);
        }
    }

    private static JsonNode runJava(final int size) throws IOException, InterruptedException {
        final Path directory = Files.isWritable(MEMORY_FILES)
            ? Files.createTempDirectory(MEMORY_FILES, "caracal-bench-") : Files.createTempDirectory("caracal-bench-");
        final List<String> command =
            new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(EngineJvm.FLAGS);
        command.addAll(JVM_ARGUMENTS);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), FlowTableMeasurement.class.getName(),
            directory.toString(), Integer.toString(size)));
        try (ToolProcess process = ToolProcess.start("FlowTableMeasurement", command)) {
            return process.readJson(PROCESS_MS_MAX);
        } finally {
            for (final String file : List.of("warm-up", "flows", "expiring", "leaving")) {
                Files.deleteIfExists(directory.resolve(file));
            }
            Files.deleteIfExists(directory);
        }
    }

    private static void note(final Map<String, List<Double>> figures, final int size, final String who,
        final JsonNode result) {
        add(figures, "hit-" + label(size), who, "ns/packet", result.get("hitNs"));
        add(figures, "miss-" + label(size), who, "ns/packet", result.get("missNs"));
        add(figures, "insert-" + label(size), who, "flows/s", result.get("insertPerS"));
        if (who.equals(CARACAL)) {
            add(figures, "memory-" + label(size), who, "B/flow", result.get("bytesPerFlow"));
            add(figures, "allocation", who, "B", result.get("allocatedBytes"));
            add(figures, "list-" + label(size), who, "ms", result.get("listMs"));
            put(figures, "insert-cost-" + label(size), who, "ns/flow", 1e9 / result.get("insertPerS").asDouble());
            if (size == EXPIRY_SIZE) {
                add(figures, "expiry-" + label(size), who, "% of a packet", result.get("expiryPercent"));
                add(figures, "removal-100k", who, "ms", result.get("removalMs"));
                add(figures, "removal-piece", who, "ms", result.get("removalPieceMs"));
            }
        }
    }

    private static void add(final Map<String, List<Double>> figures, final String figure, final String who,
        final String unit, final JsonNode value) {
        if (value == null) {
            throw new BenchException("measure " + figure + " of " + who + ": its output has no such figure");
        }
        put(figures, figure, who, unit, value.asDouble());
    }

    private static void put(final Map<String, List<Double>> figures, final String figure, final String who,
        final String unit, final double value) {
        figures.computeIfAbsent(figure + '|' + who + '|' + unit, key -> new ArrayList<>()).add(value);
    }

    private ScenarioResult conclude(final Map<String, List<Double>> figures, final int[] sizes) {
        final List<ResultRow> rows = new ArrayList<>();
        final List<ScenarioResult.Series> series = new ArrayList<>();
        final Map<String, Double> medians = new LinkedHashMap<>();
        figures.forEach((key, values) -> {
            final String[] parts = key.split("\\|");
            final double[] sample = values.stream().mapToDouble(Double::doubleValue).toArray();
            rows.add(ResultRow.of(parts[0], parts[1], parts[2], Sample.of(sample)));
            series.add(ScenarioResult.Series.of(parts[0], parts[1], parts[2], sample));
            medians.put(parts[0] + '|' + parts[1], Sample.of(sample).median());
        });
        final List<RatioRow> ratios = new ArrayList<>();
        for (final Bar bar : bars()) {
            final Double value = medians.get(bar.scenario() + '|' + CARACAL);
            if (value != null) {
                final boolean absolute = bar.to().equals(Bar.LIMIT);
                ratios.add(bar.judge(absolute ? value : value / medians.get(bar.to() + '|' + CARACAL)));
            }
        }
        final List<String> notes = new ArrayList<>();
        for (final int size : sizes) {
            notes.add(String.format(Locale.ROOT, "hit-%s: %.2f times the C twin's", label(size),
                medians.get("hit-" + label(size) + '|' + CARACAL) / medians.get("hit-" + label(size) + '|' + TWIN)));
        }
        return new ScenarioResult(rows, ratios, notes, series);
    }
}
