package io.caracal.perf.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

import io.caracal.perf.rounds.RoundLog;
import io.caracal.perf.stats.Latencies;
import io.caracal.perf.stats.PairedRatio;
import io.caracal.perf.stats.Sample;

/** Gathers the rounds of a scenario's figures into rows, ratios against bars, notes and latency logs. One thread. */
public final class Findings {
    private static final double PERCENT = 100;

    private final List<ResultRow> rows = new ArrayList<>();
    private final List<RatioRow> ratios = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<ScenarioResult.Series> series = new ArrayList<>();
    private final List<LatencyLog> logs = new ArrayList<>();

    /** Nothing found yet. */
    public Findings() {
    }

    /**
     * A figure that every contender has in every round.
     *
     * @param name as in the rows.
     * @param unit of its values.
     * @param value a round's.
     * @param latencies of a round, possibly {@link Latencies#NONE}.
     * @param quantiles of the latencies that get rows of their own, in microseconds.
     * @param bars what must be reached.
     * @param <T> what a round has shown.
     */
    public record Figure<T>(String name, String unit, ToDoubleFunction<T> value, Function<T, Latencies> latencies,
                            Quantiles quantiles, List<Bar> bars) {
    }

    /**
     * Quantiles that get rows.
     *
     * @param name the rows' names are this and {@code -pN}.
     * @param shares 0 .. 1.
     */
    public record Quantiles(String name, double... shares) {
    }

    /**
     * Says who was not measured.
     *
     * @param scenario its name.
     * @param who the contender's.
     * @param packages Debian's, that are missing.
     */
    public void leaveOut(final String scenario, final String who, final List<String> packages) {
        notes.add(scenario + ": " + who + " was left out: package " + String.join(" and ", packages)
            + " is not installed (run: apt-get install " + String.join(" ", packages) + ").");
    }

    /**
     * Adds what a reader must know.
     *
     * @param sentence such a thing.
     */
    public void note(final String sentence) {
        notes.add(sentence);
    }

    /**
     * Adds a figure: rows of those that were measured, and the verdicts that they allow.
     *
     * @param figure what.
     * @param who the contenders in the order of the rounds' observations.
     * @param log the rounds.
     * @param <T> what a round has shown.
     */
    public <T> void add(final Figure<T> figure, final List<String> who, final RoundLog<T> log) {
        for (int contender = 0; contender < who.size(); contender++) {
            final double[] values = log.figures(contender, figure.value);
            rows.add(ResultRow.of(figure.name, who.get(contender), figure.unit, Sample.of(values)));
            series.add(ScenarioResult.Series.of(figure.name, who.get(contender), figure.unit, values));
            addLatencies(figure, who.get(contender), contender, log);
        }
        notes.add(figure.name + ": " + log.sentence());
        figure.bars.forEach(bar -> judge(bar, figure, who, log));
    }

    private <T> void addLatencies(final Figure<T> figure, final String who, final int contender,
                                  final RoundLog<T> log) {
        final List<Latencies> rounds = log.kept().stream()
            .map(round -> figure.latencies.apply(round.observations().get(contender).figures())).toList();
        if (rounds.stream().anyMatch(latencies -> latencies.count() == 0)) {
            return;
        }
        for (final double share : figure.quantiles.shares) {
            rows.add(ResultRow.of(figure.quantiles.name + "-p" + percent(share), who, "us",
                Sample.of(rounds.stream().mapToDouble(latencies -> latencies.quantileUs(share)).toArray())));
        }
        logs.add(new LatencyLog(figure.name + '-' + who, rounds.stream().map(Latencies::histogram).toList()));
    }

    /** {@code 50}, {@code 99}, {@code 99.9}. */
    private static String percent(final double share) {
        final double percent = Math.round(share * PERCENT * PERCENT) / PERCENT;
        return percent == Math.rint(percent) ? String.valueOf((long)percent) : String.valueOf(percent);
    }

    private <T> void judge(final Bar bar, final Figure<T> figure, final List<String> who, final RoundLog<T> log) {
        final int of = who.indexOf(bar.of());
        final int to = who.indexOf(bar.to());
        if (of < 0 || to < 0) {
            notes.add("The bar '" + bar.sentence() + "' was not judged: one of the two was left out.");
            return;
        }
        final PairedRatio ratio = PairedRatio.of(log.figures(of, figure.value), log.figures(to, figure.value));
        ratios.add(bar.judge(ratio));
        notes.add(String.format(Locale.ROOT, "%s, %s / %s: median of the rounds' ratios %.3f, 95 %% interval %.3f to "
            + "%.3f.", bar.scenario(), bar.of(), bar.to(), ratio.median(), ratio.low(), ratio.high()));
    }

    /**
     * Writes the latency logs.
     *
     * @param directory where to; exists.
     * @return everything that was added.
     * @throws IOException if a log cannot be written.
     */
    public ScenarioResult finish(final Path directory) throws IOException {
        for (final LatencyLog log : logs) {
            notes.add("Latencies one by one: " + log.write(directory).getFileName() + " (HdrHistogram log).");
        }
        return new ScenarioResult(rows, ratios, notes, series);
    }
}
