package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.perf.report.ResultRow;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;

/** All sets beside each other, one bar for each contender, times on a logarithmic axis. */
final class ClassifierPlot {
    private static final String NAME = "classifier";
    private static final String COLD = "-cold";
    private static final int WIDTH = 1100;
    private static final int HEIGHT = 520;
    private static final double AXIS_FROM_NS = 10;

    private ClassifierPlot() {
    }

    /** Draws as SVG and PNG. */
    static void write(final List<ResultRow> rows, final Path directory) throws IOException {
        /* Without this the JDK looks for a display, which servers do not have. */
        System.setProperty("java.awt.headless", "true");
        final CategoryChart chart = new CategoryChartBuilder().width(WIDTH).height(HEIGHT).title(NAME)
            .xAxisTitle("rule set").yAxisTitle("ns/lookup").build();
        chart.getStyler().setYAxisLogarithmic(true);
        /* Bars would begin at 0, which a logarithmic axis does not have. */
        chart.getStyler().setYAxisMin(AXIS_FROM_NS);
        final List<String> sets = rows.stream().map(ClassifierPlot::set).distinct().toList();
        for (final String who : rows.stream().map(ClassifierPlot::who).distinct().toList()) {
            final List<Double> values = sets.stream().map(set -> rows.stream()
                .filter(row -> set(row).equals(set) && who(row).equals(who)).map(ResultRow::median).findFirst()
                .orElse(null)).toList();
            if (!values.contains(null)) {
                chart.addSeries(who, sets, values);
            }
        }
        Files.write(directory.resolve(NAME + ".svg"), ChartEncoder.getBytes(chart, "svg"));
        Files.write(directory.resolve(NAME + ".png"), ChartEncoder.getBytes(chart, "png"));
    }

    private static String set(final ResultRow row) {
        return row.scenario().endsWith(COLD)
            ? row.scenario().substring(0, row.scenario().length() - COLD.length()) : row.scenario();
    }

    private static String who(final ResultRow row) {
        return row.scenario().endsWith(COLD) ? row.who() + " cold" : row.who();
    }
}
