package io.caracal.cli;

import java.io.UncheckedIOException;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import picocli.CommandLine.Model.CommandSpec;

/** The one way in which commands print JSON: a single document, indented, on standard output. */
final class JsonOutput {
    private JsonOutput() {
    }

    static void print(final CommandSpec spec, final Object document) {
        try {
            spec.commandLine().getOut().println(
                new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(document));
            spec.commandLine().getOut().flush();
        } catch (final JsonProcessingException failure) {
            throw new UncheckedIOException("write JSON", failure);
        }
    }
}
