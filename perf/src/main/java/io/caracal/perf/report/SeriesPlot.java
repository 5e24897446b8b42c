package io.caracal.perf.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/** One plot per figure: a line per contender over the rounds, so that drift and outliers show, not only medians. */
public final class SeriesPlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;

    private SeriesPlot() {
    }

    /**
     * Draws the series, those of one scenario and unit into one plot, as SVG and PNG.
     *
     * @param series what to draw.
     * @param directory where to; exists.
     * @return the files.
     * @throws IOException if one cannot be written.
     */
    public static List<Path> write(final List<ScenarioResult.Series> series, final Path directory) throws IOException {
        /* Without this the JDK looks for a display, which servers do not have. */
        System.setProperty("java.awt.headless", "true");
        final Map<String, List<ScenarioResult.Series>> byFigure = new LinkedHashMap<>();
        for (final ScenarioResult.Series one : series) {
            byFigure.computeIfAbsent(one.scenario(), name -> new ArrayList<>()).add(one);
        }
        final List<Path> files = new ArrayList<>();
        for (final Map.Entry<String, List<ScenarioResult.Series>> figure : byFigure.entrySet()) {
            files.addAll(writeOne(figure.getKey(), figure.getValue(), directory));
        }
        return files;
    }

    private static List<Path> writeOne(final String name, final List<ScenarioResult.Series> series,
                                       final Path directory) throws IOException {
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(name).xAxisTitle("run")
            .yAxisTitle(series.getFirst().unit()).build();
        for (final ScenarioResult.Series one : series) {
            final List<Integer> runs = IntStream.rangeClosed(1, one.values().size()).boxed().toList();
            chart.addSeries(one.who(), runs, one.values());
        }
        final Path svg = Files.write(directory.resolve(name + ".svg"), ChartEncoder.getBytes(chart, "svg"));
        final Path png = Files.write(directory.resolve(name + ".png"), ChartEncoder.getBytes(chart, "png"));
        return List.of(svg, png);
    }
}
