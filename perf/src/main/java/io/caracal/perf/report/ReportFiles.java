package io.caracal.perf.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;

/** Writes the report of a run down: {@code NAME.json} and {@code NAME.md}, beside the plots. */
public final class ReportFiles {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private ReportFiles() {
    }

    /**
     * The report as {@code --json} prints it.
     *
     * @param report the report.
     * @return a JSON object with name, machine, rows and ratios.
     */
    public static String json(final BenchReport report) {
        try {
            return JSON.writeValueAsString(report);
        } catch (final JsonProcessingException e) {
            throw new IllegalStateException("a report of records and numbers is always JSON", e);
        }
    }

    /**
     * Writes all files of a report; those of an earlier run of the same name are replaced.
     *
     * @param report the report.
     * @param results what the scenarios found, for notes.
     * @param plots image files that are in the directory already.
     * @param directory where to; made if it is not there.
     * @return the files.
     * @throws IOException if one cannot be written.
     */
    public static List<Path> write(final BenchReport report, final List<ScenarioResult> results,
                                   final List<Path> plots, final Path directory) throws IOException {
        Files.createDirectories(directory);
        final String base = report.name().replace(' ', '-');
        final List<Path> files = new ArrayList<>();
        files.add(Files.writeString(directory.resolve(base + ".json"), json(report) + "\n"));
        files.add(Files.writeString(directory.resolve(base + ".md"), ReportMarkdown.of(report, results, plots)));
        files.addAll(plots);
        return files;
    }
}
