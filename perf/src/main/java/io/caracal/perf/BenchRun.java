package io.caracal.perf;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.report.BenchReport;
import io.caracal.perf.report.MachineDescription;
import io.caracal.perf.report.ReportFiles;
import io.caracal.perf.report.ScenarioRecord;
import io.caracal.perf.report.ScenarioRecords;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.report.SeriesPlot;
import io.caracal.perf.report.ToolVersions;

/**
 * Scenarios run one after the other. What one has found lies on disk before the next begins; one that the environment
 * does not allow keeps no other from running. One thread.
 */
final class BenchRun {
    private final BenchSettings settings;
    private final ScenarioRegistry registry;
    private final ScenarioRecords records;
    private final String machine = MachineDescription.ofThisMachine();
    private final String versions = ToolVersions.ofThisMachine();
    private final List<ScenarioResult> results = new ArrayList<>();
    private final List<Path> plots = new ArrayList<>();
    private final List<Exception> failures = new ArrayList<>();

    BenchRun(final BenchSettings settings, final ScenarioRegistry registry) {
        this.settings = settings;
        this.registry = registry;
        records = new ScenarioRecords(settings.results());
    }

    /** Runs them. */
    void measure(final List<Scenario> scenarios) throws InterruptedException {
        for (final Scenario scenario : scenarios) {
            settings.say("== " + scenario.name() + ": " + scenario.sentence());
            try {
                final ScenarioResult result = scenario.run(settings);
                results.add(result);
                record(scenario, result);
            } catch (final IOException | RuntimeException e) {
                /* Shown again at the end, and it decides the exit code. */
                settings.say(scenario.name() + " was not measured: " + e.getMessage());
                failures.add(e);
            }
        }
    }

    private void record(final Scenario scenario, final ScenarioResult result) throws IOException {
        final List<Path> made = SeriesPlot.write(result.series(), settings.results());
        plots.addAll(made);
        records.write(new ScenarioRecord(scenario.name(), scenario.sentence(),
            Instant.now().truncatedTo(ChronoUnit.MINUTES).toString(), machine, versions, result.rows(),
            result.ratios(), result.notes(), made.stream().map(plot -> plot.getFileName().toString()).toList()));
    }

    /** What was found, by scenario. */
    List<ScenarioResult> results() {
        return List.copyOf(results);
    }

    /** Why scenarios could not be run. */
    List<Exception> failures() {
        return List.copyOf(failures);
    }

    boolean hasFound() {
        return !results.isEmpty();
    }

    /** The report of what was found in this run. */
    BenchReport report(final String name) {
        return new BenchReport(name, machine, results.stream().flatMap(result -> result.rows().stream()).toList(),
            results.stream().flatMap(result -> result.ratios().stream()).toList());
    }

    /** Writes this run's files and the report of all scenarios that were ever run there. */
    List<Path> write(final BenchReport report) throws IOException {
        final List<Path> files = new ArrayList<>();
        files.add(records.writeReport(registry.scenarios().stream().map(Scenario::name).toList()));
        files.addAll(ReportFiles.write(report, results, plots, settings.results()));
        return files;
    }
}
