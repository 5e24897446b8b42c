package io.caracal.perf.control;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

import io.caracal.perf.report.Bar;
import io.caracal.perf.report.LatencyLog;
import io.caracal.perf.report.QuantilePlot;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Latencies;
import io.caracal.perf.stats.MeanDifference;
import io.caracal.perf.stats.Sample;

/** What slices with and without changes say about what changes cause. One thread. */
final class SliceFindings {
    private static final String QUIET = "no changes";
    private static final String CHANGES = Slices.CHANGES_PER_SECOND + " changes/s";
    private static final double[] SHARES = {0.5, 0.99, 0.999, 0.9999};
    private static final String STALLS = "control-stalls";
    /** What changes add: no more than the machine's own stalls could be mistaken for. */
    static final Bar STALL =
        new Bar("control-stalls-added", CHANGES, QUIET, Bar.Direction.AT_MOST, 0, "a minute");
    static final Bar STOP =
        new Bar("control-vm-stop", CHANGES, Bar.LIMIT, Bar.Direction.AT_MOST, 1000, "us");

    private final List<Slice> quiet;
    private final List<Slice> changes;
    private final List<ResultRow> rows = new ArrayList<>();
    private final List<RatioRow> ratios = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<ScenarioResult.Series> series = new ArrayList<>();

    SliceFindings(final List<Slice> slices) {
        quiet = slices.stream().filter(slice -> !slice.hasChanges()).toList();
        changes = slices.stream().filter(Slice::hasChanges).toList();
    }

    void add(final RatioRow... judged) {
        ratios.addAll(List.of(judged));
    }

    void add(final ResultRow... found) {
        rows.addAll(List.of(found));
    }

    void note(final String sentence) {
        notes.add(sentence);
    }

    ScenarioResult finish(final Path directory) throws IOException {
        addQuantiles("control-cycle", Slice::cycles);
        addQuantiles("control-packet", Slice::packets);
        addFigure(STALLS, "a minute", Slice::stallsPerMinute);
        addFigure("control-late-packets", "a minute", Slice::latePacketsPerMinute);
        addFigure("control-worker-waits", "ms a minute", slice -> slice.perMinute(slice.workerWaitedMs()));
        addFigure("control-engine-cpu", "ms a minute", slice -> slice.perMinute(slice.engineCpuMs()));
        addFigure("control-vm-stop", "us", Slice::longestStopUs);
        judge();
        write(directory, "control-cycles", Slice::cycles);
        write(directory, "control-packets", Slice::packets);
        return new ScenarioResult(rows, ratios, notes, series);
    }

    private void addQuantiles(final String name, final Function<Slice, Latencies> times) {
        for (final double share : SHARES) {
            addRows(name + "-p" + Math.round(share * 1e6) / 1e4, "us",
                slice -> times.apply(slice).quantileUs(share));
        }
    }

    private void addFigure(final String name, final String unit, final ToDoubleFunction<Slice> figure) {
        addRows(name, unit, figure);
        series.add(ScenarioResult.Series.of(name, QUIET, unit, figures(quiet, figure)));
        series.add(ScenarioResult.Series.of(name, CHANGES, unit, figures(changes, figure)));
    }

    private void addRows(final String name, final String unit, final ToDoubleFunction<Slice> figure) {
        rows.add(ResultRow.of(name, QUIET, unit, Sample.of(figures(quiet, figure))));
        rows.add(ResultRow.of(name, CHANGES, unit, Sample.of(figures(changes, figure))));
    }

    private static double[] figures(final List<Slice> slices, final ToDoubleFunction<Slice> figure) {
        return slices.stream().mapToDouble(figure).toArray();
    }

    private void judge() {
        final MeanDifference stalls = MeanDifference.of(
            figures(changes, Slice::stallsPerMinute), figures(quiet, Slice::stallsPerMinute));
        final MeanDifference late = MeanDifference.of(
            figures(changes, Slice::latePacketsPerMinute), figures(quiet, Slice::latePacketsPerMinute));
        ratios.add(STALL.judge(stalls.low()));
        ratios.add(STOP.judge(changes.stream().mapToDouble(Slice::longestStopUs).max().orElse(0)));
        notes.add(String.format(Locale.ROOT, "%d slices of %.0f s of each kind by turns, %d packets a second, %d"
            + " changes in all. Burst cycles above a millisecond, a minute: %.1f without changes, %.1f with; added"
            + " %.1f, 95 %% interval of the mean %.1f to %.1f: the verdict is over its low end, since what lies above"
            + " 0 no machine does by itself. Packets above a millisecond, a minute: added %.0f (%.0f to %.0f).",
            changes.size(), changes.getFirst().seconds(), Slices.PACKETS_PER_SECOND,
            changes.stream().mapToInt(Slice::sent).sum(), Sample.of(figures(quiet, Slice::stallsPerMinute)).mean(),
            Sample.of(figures(changes, Slice::stallsPerMinute)).mean(), stalls.mean(), stalls.low(), stalls.high(),
            late.mean(), late.low(), late.high()));
        notes.add("Stops of the virtual machine without changes: " + stops(quiet) + "; with them: " + stops(changes)
            + ". A worker that is asleep has no cycle, so what such a stop delays there only packets show.");
    }

    private static String stops(final List<Slice> slices) {
        final Map<String, List<Double>> byOperation = new TreeMap<>();
        slices.stream().flatMap(slice -> slice.stops().stream()).forEach(stop ->
            byOperation.computeIfAbsent(stop.operation(), operation -> new ArrayList<>()).add(stop.durationUs()));
        if (byOperation.isEmpty()) {
            return "none";
        }
        final List<String> told = new ArrayList<>();
        byOperation.forEach((operation, durations) -> told.add(String.format(Locale.ROOT, "%d %s of %.0f us at most",
            durations.size(), operation, durations.stream().mapToDouble(Double::doubleValue).max().orElse(0))));
        return String.join(", ", told);
    }

    private void write(final Path directory, final String name, final Function<Slice, Latencies> times)
        throws IOException {
        final Map<String, Latencies> plotted = new LinkedHashMap<>();
        plotted.put(QUIET, sum(quiet, times));
        plotted.put(CHANGES, sum(changes, times));
        final Path plot = QuantilePlot.write(name, plotted, directory).getFirst();
        final List<Slice> inOrder = IntStream.range(0, quiet.size()).boxed()
            .<Slice>mapMulti((pair, to) -> {
                to.accept(quiet.get(pair));
                to.accept(changes.get(pair));
            }).toList();
        final Path log = new LatencyLog(name, inOrder.stream().map(slice -> times.apply(slice).histogram()).toList())
            .write(directory);
        notes.add(name + " by quantile: " + plot.getFileName() + "; slice by slice, without changes and with them in"
            + " turn: " + log.getFileName() + " (HdrHistogram log).");
    }

    private static Latencies sum(final List<Slice> slices, final Function<Slice, Latencies> times) {
        return slices.stream().map(times).reduce(Latencies.NONE, Latencies::plus);
    }
}
