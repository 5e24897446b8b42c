package io.caracal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code caracal counters}: packets, bytes and drops of the running engine. */
@Command(name = "counters", mixinStandardHelpOptions = true,
    description = "Packets, bytes and drops of the running engine: per worker, by drop reason, in eBPF, by workload.",
    footer = {"", "Example:", "  caracal counters", "  caracal counters --json | jq '.workers[0].drops'"})
final class CountersCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private EngineMixin engine;
    @Option(names = "--json", description = "print the engine's answer as it is")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        final JsonNode counters = engine.ask("counters");
        if (json) {
            JsonOutput.print(spec, counters);
            return ExitCode.OK;
        }
        final PrintWriter out = spec.commandLine().getOut();
        for (final JsonNode worker : counters.path("workers")) {
            out.println("worker " + worker.path("index").asText());
            printValues(worker, out);
            out.println("  drops" + (worker.path("drops").isEmpty() ? ": none" : ""));
            printValues(worker.path("drops"), out);
        }
        out.println("eBPF programs");
        printValues(counters.path("bpf"), out);
        for (final JsonNode workload : counters.path("workloads")) {
            out.println("workload " + workload.path("name").asText() + ", " + workload.path("interface").asText());
            printValues(workload, out);
        }
        out.flush();
        return ExitCode.OK;
    }

    private static void printValues(final JsonNode object, final PrintWriter out) {
        for (final Map.Entry<String, JsonNode> entry : object.properties()) {
            if (entry.getValue().isNumber() && !"index".equals(entry.getKey())) {
                out.printf("  %-36s %,18d%n", entry.getKey(), entry.getValue().asLong());
            }
        }
    }
}
