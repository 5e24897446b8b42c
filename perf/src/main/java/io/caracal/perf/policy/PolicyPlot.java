package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.caracal.perf.report.ResultRow;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/** What a verdict and a new flow cost by the number of rules, a line for each contender, both axes logarithmic. */
final class PolicyPlot {
    private static final Pattern SCENARIO = Pattern.compile("policy-(\\d+)(-cold|-flows)?");
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;

    private PolicyPlot() {
    }

    /**
     * Draws times of verdicts as {@code policy} and rates of new flows as {@code policy-flows}, each as SVG and PNG.
     *
     * @param rows of the scenario; those of other units are left out.
     * @param directory where to; exists.
     * @throws IOException if a file cannot be written.
     */
    static void write(final List<ResultRow> rows, final Path directory) throws IOException {
        /* Without this the JDK looks for a display, which servers do not have. */
        System.setProperty("java.awt.headless", "true");
        write("policy", PolicyScenario.UNIT, rows, directory);
        write("policy-flows", PolicyScenario.FLOWS_UNIT, rows, directory);
    }

    private static void write(final String name, final String unit, final List<ResultRow> rows, final Path directory)
        throws IOException {
        final List<ResultRow> own = rows.stream().filter(row -> row.unit().equals(unit)).toList();
        if (own.isEmpty()) {
            return;
        }
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(name).xAxisTitle("rules")
            .yAxisTitle(unit).build();
        chart.getStyler().setXAxisLogarithmic(true);
        chart.getStyler().setYAxisLogarithmic(true);
        for (final String line : own.stream().map(PolicyPlot::line).distinct().toList()) {
            final List<ResultRow> points = own.stream().filter(row -> line(row).equals(line)).toList();
            chart.addSeries(line, points.stream().map(PolicyPlot::rules).toList(),
                points.stream().map(ResultRow::median).toList());
        }
        Files.write(directory.resolve(name + ".svg"), ChartEncoder.getBytes(chart, "svg"));
        Files.write(directory.resolve(name + ".png"), ChartEncoder.getBytes(chart, "png"));
    }

    private static Matcher parts(final ResultRow row) {
        final Matcher matcher = SCENARIO.matcher(row.scenario());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("plot " + row.scenario() + ": not of the form " + SCENARIO.pattern());
        }
        return matcher;
    }

    private static Integer rules(final ResultRow row) {
        return Integer.valueOf(parts(row).group(1));
    }

    private static String line(final ResultRow row) {
        return "-cold".equals(parts(row).group(2)) ? row.who() + " cold" : row.who();
    }
}
