package io.caracal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code caracal policy}: what is in force in the running engine, or everything that Felix has said. */
@Command(name = "policy", mixinStandardHelpOptions = true,
    description = "What is in force: tiers, policies with their rules, endpoints with their lists, IP sets.",
    footer = {"", "Example:", "  caracal policy", "  caracal policy --raw | jq '.messages[] | select(.ipset_update)'"})
final class PolicyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private EngineMixin engine;
    @Option(names = "--raw", description = {"everything that was said and holds, also what could not be applied:",
        "Felix's messages as JSON, an object each in \"messages\""})
    private boolean raw;
    @Option(names = "--json", description = "print the engine's answer as it is")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        final JsonNode answer = engine.ask(raw ? "said" : "policy");
        if (raw || json) {
            JsonOutput.print(spec, answer);
        } else {
            print(answer, spec.commandLine().getOut());
        }
        return ExitCode.OK;
    }

    private static void print(final JsonNode policy, final PrintWriter out) {
        out.println("pod to host: " + policy.path("defaultEndpointToHostAction").asText());
        policy.path("tiers").forEach(tier ->
            out.println("tier " + tier.path("name").asText() + ": " + words(tier.path("policies"))));
        policy.path("policies").forEach(each -> printRules(out, each.path("name").asText()
            + (each.path("enforced").asBoolean() ? "" : " (staged: never enforced)"), each));
        policy.path("profiles").forEach(each -> printRules(out, "profile " + each.path("name").asText(), each));
        policy.path("workloadEndpoints").forEach(each -> {
            out.printf("%n%s (%s) %s%s%n", each.path("id").asText(), each.path("interface").asText(),
                words(each.path("addresses")), each.path("active").asBoolean() ? "" : " not active: drops all");
            printTiers(out, "", each.path("tiers"));
            out.println("  profiles: " + words(each.path("profiles")));
        });
        policy.path("hostEndpoints").forEach(each -> printHost(out, each));
        out.println();
        policy.path("ipSets").forEach(set -> out.printf("IP set %s: %s, %s members%n", set.path("id").asText(),
            set.path("kind").asText(), set.path("members").asText()));
        out.flush();
    }

    private static void printRules(final PrintWriter out, final String title, final JsonNode rules) {
        out.printf("%n%s%n", title);
        rules.path("ingress").forEach(rule -> out.println("  ingress " + rule.asText()));
        rules.path("egress").forEach(rule -> out.println("  egress " + rule.asText()));
    }

    private static void printHost(final PrintWriter out, final JsonNode endpoint) {
        out.printf("%nhost endpoint %s (%s) %s%n", endpoint.path("id").asText(), endpoint.path("interface").asText(),
            words(endpoint.path("addresses")));
        for (final String kind : List.of("normal", "untracked", "preDnat", "forward")) {
            printTiers(out, kind + " ", endpoint.path(kind));
        }
        out.println("  profiles: " + words(endpoint.path("profiles")));
    }

    private static void printTiers(final PrintWriter out, final String kind, final JsonNode tiers) {
        for (final JsonNode tier : tiers) {
            final String title = "  " + kind + "tier " + tier.path("name").asText() + " (then "
                + tier.path("defaultAction").asText() + ") ";
            for (final String direction : List.of("ingress", "egress")) {
                if (!tier.path(direction).isEmpty()) {
                    out.println(title + direction + ": " + words(tier.path(direction)));
                }
            }
        }
    }

    private static String words(final JsonNode list) {
        final List<String> words = new ArrayList<>();
        list.forEach(word -> words.add(word.asText()));
        return String.join(", ", words);
    }
}
