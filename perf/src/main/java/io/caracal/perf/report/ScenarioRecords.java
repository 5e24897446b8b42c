package io.caracal.perf.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;

/** The records of scenarios in a directory, one file each, and the report that is made of them all. */
public final class ScenarioRecords {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String SUFFIX = ".scenario.json";
    private static final String REPORT = "REPORT.md";

    private final Path directory;

    /**
     * Those of a directory.
     *
     * @param directory exists.
     */
    public ScenarioRecords(final Path directory) {
        this.directory = directory;
    }

    /**
     * Writes a record, in the place of an earlier one of the same scenario.
     *
     * @param record what was found.
     * @throws IOException if it cannot be written.
     */
    public void write(final ScenarioRecord record) throws IOException {
        JSON.writeValue(directory.resolve(record.scenario() + SUFFIX).toFile(), record);
    }

    /**
     * Reads what is there.
     *
     * @param order names of scenarios; others follow, sorted by name.
     * @return the records in that order.
     * @throws IOException if one cannot be read.
     */
    public List<ScenarioRecord> read(final List<String> order) throws IOException {
        final List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(SUFFIX))
                .map(file -> file.substring(0, file.length() - SUFFIX.length())).sorted().forEach(names::add);
        }
        final List<ScenarioRecord> records = new ArrayList<>();
        final List<String> wanted = new ArrayList<>(order);
        names.stream().filter(name -> !order.contains(name)).forEach(wanted::add);
        for (final String name : wanted) {
            if (names.contains(name)) {
                records.add(JSON.readValue(directory.resolve(name + SUFFIX).toFile(), ScenarioRecord.class));
            }
        }
        return records;
    }

    /**
     * Writes {@code REPORT.md} of all records there are.
     *
     * @param order as for {@link #read}.
     * @return the file.
     * @throws IOException if a record cannot be read or the file not written.
     */
    public Path writeReport(final List<String> order) throws IOException {
        return Files.writeString(directory.resolve(REPORT), ReportMarkdown.whole(read(order)));
    }
}
