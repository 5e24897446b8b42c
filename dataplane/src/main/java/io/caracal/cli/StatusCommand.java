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

/** {@code caracal status}: where control stands and what the running engine has attached. */
@Command(name = "status", mixinStandardHelpOptions = true,
    description = {
        "Where control comes from and how far it is, what is attached, what is not applied or not enforced.",
        "Exits with 1 if the engine is not ready or something was not applied."},
    footer = {"", "Example:", "  caracal status", "  caracal status --admin /run/caracal/admin.sock --json"})
final class StatusCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private EngineMixin engine;
    @Option(names = "--json", description = "print the engine's answer as it is")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        final JsonNode status = engine.ask("status");
        if (json) {
            JsonOutput.print(spec, status);
        } else {
            print(status, spec.commandLine().getOut());
        }
        return status.path("problems").isEmpty() && status.path("ready").asBoolean() ? ExitCode.OK : ExitCode.NO;
    }

    private static void print(final JsonNode status, final PrintWriter out) {
        out.printf("node %s, pid %s, %s, %s worker(s)%n", status.path("node").asText(), status.path("pid").asText(),
            status.path("punt").asText(), status.path("workers").asText());
        final JsonNode source = status.path("source");
        out.printf("control by %s (%s): %s, revision %s in force of %s told%n", source.path("kind").asText(),
            source.path("place").asText(), source.path("phase").asText(), source.path("revision").asText(),
            source.path("revisionTold").asText());
        final JsonNode offload = status.path("offload");
        out.printf("flow cache %s: %s of %s flows, %s packets (GSO packets as one) passed by it%n",
            offload.path("on").asBoolean() ? "on" : "off", offload.path("flows").asText(),
            offload.path("flowsMax").asText(), offload.path("hits").asText());
        for (final Map.Entry<String, JsonNode> uplink : status.path("busyPolling").properties()) {
            out.println("polling of uplink " + uplink.getKey() + ": " + uplink.getValue().asText());
        }
        out.println(status.path("ready").asBoolean() ? "ready" : "NOT ready");
        status.path("notReady").forEach(reason -> out.println("not ready: " + reason.asText()));
        out.printf("%n%-16s %-8s %-40s %-8s %s%n", "INTERFACE", "IFINDEX", "ADDRESSES", "FLOWS", "WORKLOAD");
        for (final JsonNode workload : status.path("workloads")) {
            final StringBuilder addresses = new StringBuilder();
            workload.path("addresses").forEach(address ->
                addresses.append(addresses.isEmpty() ? "" : " ").append(address.asText()));
            out.printf("%-16s %-8s %-40s %-8s %s%n", workload.path("interface").asText(),
                workload.path("ifindex").asText(), addresses, workload.path("flows").asText(),
                workload.path("name").asText());
        }
        status.path("waiting").forEach(endpoint -> out.println("waits for its interface: " + endpoint.asText()));
        status.path("notEnforced").forEach(object -> out.println("not enforced: " + object.asText()));
        for (final JsonNode problem : status.path("problems")) {
            out.println("not applied: " + problem.asText());
        }
        out.flush();
    }
}
