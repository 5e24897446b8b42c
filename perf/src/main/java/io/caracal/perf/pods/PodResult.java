package io.caracal.perf.pods;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.caracal.perf.report.Bar;
import io.caracal.perf.report.LatencyLog;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.rounds.RoundLog;
import io.caracal.perf.stats.PairedRatio;
import io.caracal.perf.stats.Sample;

/** Gathers rounds into rows, ratios against bars, notes and latency logs. One thread. */
final class PodResult {
    private static final double[] QUANTILES = {0.5, 0.99, 0.999};
    private static final String[] QUANTILE_NAMES = {"-p50", "-p99", "-p99.9"};

    private final List<ResultRow> rows = new ArrayList<>();
    private final List<RatioRow> ratios = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<ScenarioResult.Series> series = new ArrayList<>();
    private final List<LatencyLog> logs = new ArrayList<>();

    void leaveOut(final String scenario, final String who, final List<String> packages) {
        notes.add(scenario + ": " + who + " was left out: package " + String.join(" and ", packages)
            + " is not installed (run: sudo ./caracal setup).");
    }

    void note(final String sentence) {
        notes.add(sentence);
    }

    /** Rows of the contenders that were measured, and the verdicts that they allow. */
    void add(final PodPart part, final List<String> who, final RoundLog<PodFigures> log) {
        for (int contender = 0; contender < who.size(); contender++) {
            final double[] values = log.figures(contender, PodFigures::value);
            final String unit = part.load().figure().unit();
            rows.add(ResultRow.of(part.figure(), who.get(contender), unit, Sample.of(values)));
            series.add(ScenarioResult.Series.of(part.figure(), who.get(contender), unit, values));
            addLatencies(part.figure(), who.get(contender), contender, log);
        }
        notes.add(part.figure() + ": " + log.sentence());
        for (final Bar bar : part.bars()) {
            judge(bar, who, log);
        }
    }

    private void addLatencies(final String figure, final String who, final int contender,
                              final RoundLog<PodFigures> log) {
        final List<Latencies> rounds = log.kept().stream()
            .map(round -> round.observations().get(contender).figures().latencies()).toList();
        if (rounds.stream().anyMatch(latencies -> latencies.count() == 0)) {
            return;
        }
        for (int i = 0; i < QUANTILES.length; i++) {
            final double share = QUANTILES[i];
            rows.add(ResultRow.of(figure + QUANTILE_NAMES[i], who, "us",
                Sample.of(rounds.stream().mapToDouble(latencies -> latencies.quantileUs(share)).toArray())));
        }
        logs.add(new LatencyLog(figure + '-' + who, rounds.stream().map(Latencies::histogram).toList()));
    }

    private void judge(final Bar bar, final List<String> who, final RoundLog<PodFigures> log) {
        final int of = who.indexOf(bar.of());
        final int to = who.indexOf(bar.to());
        if (of < 0 || to < 0) {
            notes.add("The bar '" + bar.sentence() + "' was not judged: one of the two was left out.");
            return;
        }
        final PairedRatio ratio =
            PairedRatio.of(log.figures(of, PodFigures::value), log.figures(to, PodFigures::value));
        ratios.add(bar.judge(ratio.median()));
        notes.add(String.format(Locale.ROOT, "%s, %s / %s: median of the rounds' ratios %.3f, 95 %% interval %.3f to "
            + "%.3f.", bar.scenario(), bar.of(), bar.to(), ratio.median(), ratio.low(), ratio.high()));
    }

    /** Writes the latency logs, and gives everything that was added. */
    ScenarioResult finish(final Path results) throws IOException {
        for (final LatencyLog log : logs) {
            notes.add("Latencies one by one: " + log.write(results).getFileName() + " (HdrHistogram log).");
        }
        return new ScenarioResult(rows, ratios, notes, series);
    }
}
