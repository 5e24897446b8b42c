package io.caracal.perf.report;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A report for people: tables, the bars, the notes, the plots. */
public final class ReportMarkdown {
    private static final double THOUSAND = 1000;
    private static final double TEN = 10;
    private static final String BAR_HEAD =
        String.format("| %-24s | %-24s | %12s | %8s | %-6s |%n", "bar of", "what", "value", "bar", "met")
            + "|---|---|---|---|---|\n";

    private ReportMarkdown() {
    }

    /**
     * Writes a report as Markdown.
     *
     * @param report the report.
     * @param results the scenarios' results, for their notes.
     * @param plots image files in the same directory.
     * @return the text.
     */
    public static String of(final BenchReport report, final List<ScenarioResult> results, final List<Path> plots) {
        final StringBuilder text = new StringBuilder();
        text.append("# ").append(report.name()).append("\n\nMachine: ").append(report.machine()).append("\n\n");
        text.append(table(report)).append('\n');
        for (final ScenarioResult result : results) {
            result.notes().forEach(note -> text.append("- ").append(note).append('\n'));
        }
        plots.stream().filter(plot -> plot.toString().endsWith(".svg"))
            .forEach(plot -> text.append("\n![](").append(plot.getFileName()).append(")\n"));
        return text.toString();
    }

    /**
     * The report of many scenarios, whenever each was run.
     *
     * @param records in the order in which they shall stand.
     * @return the text: the bars of all first, then each scenario.
     */
    public static String whole(final List<ScenarioRecord> records) {
        final StringBuilder text = new StringBuilder("# Caracal beside its peers\n\nMade by `./caracal bench`; each "
            + "scenario ran with its peers in the same interleaved rounds. A ratio is the median of the rounds' "
            + "ratios.\n\n");
        text.append(BAR_HEAD);
        records.forEach(record -> record.ratios().forEach(ratio -> text.append(line(ratio))));
        for (final ScenarioRecord record : records) {
            text.append("\n## ").append(record.scenario()).append("\n\n").append(record.sentence())
                .append(".\n\nMeasured ").append(record.measured()).append(" on ").append(record.machine())
                .append(". ").append(record.versions()).append(".\n\n")
                .append(table(record.rows(), record.ratios())).append('\n');
            record.notes().forEach(note -> text.append("- ").append(note).append('\n'));
            record.plots().stream().filter(plot -> plot.endsWith(".svg"))
                .forEach(plot -> text.append("\n![](").append(plot).append(")\n"));
        }
        return text.toString();
    }

    /**
     * The figures and the bars as two tables.
     *
     * @param report the report.
     * @return Markdown that is readable as it is.
     */
    public static String table(final BenchReport report) {
        return table(report.rows(), report.ratios());
    }

    private static String table(final List<ResultRow> rows, final List<RatioRow> ratios) {
        final StringBuilder text = new StringBuilder();
        text.append(String.format("| %-24s | %-10s | %-10s | %12s | %12s | %12s | %4s |%n", "scenario", "who", "unit",
            "median", "low", "high", "runs"));
        text.append("|---|---|---|---|---|---|---|\n");
        for (final ResultRow row : rows) {
            text.append(String.format("| %-24s | %-10s | %-10s | %12s | %12s | %12s | %4d |%n", row.scenario(),
                row.who(), row.unit(), number(row.median()), number(row.low()), number(row.high()), row.runs()));
        }
        text.append('\n').append(BAR_HEAD);
        ratios.forEach(ratio -> text.append(line(ratio)));
        return text.toString();
    }

    private static String line(final RatioRow row) {
        final String what = Bar.LIMIT.equals(row.to()) ? row.of() : row.of() + " / " + row.to();
        return String.format("| %-24s | %-24s | %12s | %8s | %-6s |%n", row.scenario(), what, number(row.value()),
            number(row.bar()), row.met() ? "yes" : "NO");
    }

    /** As many digits as mean something: whole numbers from a thousand on, three decimals below ten. */
    private static String number(final double value) {
        if (Math.abs(value) >= THOUSAND) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
        return String.format(Locale.ROOT, Math.abs(value) >= TEN ? "%.1f" : "%.3f", value);
    }
}
