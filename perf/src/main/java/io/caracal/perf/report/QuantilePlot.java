package io.caracal.perf.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

import io.caracal.perf.stats.Latencies;

/**
 * Times by their quantiles, both axes logarithmic: the x-axis counts of how many one is that slow, so that what happens
 * to one in a million has as much room as what happens to one in ten.
 */
public final class QuantilePlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int STEPS_PER_DECADE = 20;

    private QuantilePlot() {
    }

    /**
     * Draws one plot as SVG and PNG.
     *
     * @param name of the files, and the title.
     * @param times by contender.
     * @param directory where to; exists.
     * @return the files.
     * @throws IOException if one cannot be written.
     */
    public static List<Path> write(final String name, final Map<String, Latencies> times, final Path directory)
        throws IOException {
        System.setProperty("java.awt.headless", "true");
        final XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(name)
            .xAxisTitle("one in … is slower").yAxisTitle("us").build();
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
        times.forEach((who, each) -> {
            final List<Double> oneIn = new ArrayList<>();
            final List<Double> us = new ArrayList<>();
            for (int step = 0; Math.pow(10, (double)step / STEPS_PER_DECADE) <= each.count(); step++) {
                final double of = Math.pow(10, (double)step / STEPS_PER_DECADE);
                oneIn.add(of);
                us.add(Math.max(1e-3, each.quantileUs(1 - 1 / of)));
            }
            if (!oneIn.isEmpty()) {
                chart.addSeries(who, oneIn, us).setMarker(SeriesMarkers.NONE);
            }
        });
        return List.of(Files.write(directory.resolve(name + ".svg"), ChartEncoder.getBytes(chart, "svg")),
            Files.write(directory.resolve(name + ".png"), ChartEncoder.getBytes(chart, "png")));
    }
}
