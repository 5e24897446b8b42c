package io.caracal.demo;

import java.io.IOException;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caracal.cli.ExitCode;
import io.caracal.lab.Lab;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code caracal demo}: pods, an engine, real traffic, and what happened. Leaves nothing behind. */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false,
    description = {"Makes a node and pods out of network namespaces, starts the engine, sends real traffic through it "
        + "and shows what happened. Removes all of it at the end, on Ctrl-C and when it fails.",
        "Exit code 1 when anything expected did not happen."},
    footer = {"", "Example:", "  caracal demo", "  caracal demo --json --seconds 2 | jq .passed",
        "  caracal demo --keep"})
public final class DemoCommand implements Callable<Integer> {
    private static final int PODS_MAX = 50;
    private static final int SECONDS_MAX = 600;

    @Spec
    private CommandSpec spec;
    @Option(names = "--pods", paramLabel = "N", defaultValue = "3",
        description = "announced pods, 2 to " + PODS_MAX + " (default: ${DEFAULT-VALUE})")
    private int pods;
    @Option(names = "--seconds", paramLabel = "N", defaultValue = "5",
        description = "how long each measurement lasts, 1 to " + SECONDS_MAX + " (default: ${DEFAULT-VALUE})")
    private int seconds;
    @Option(names = "--json", description = "one JSON document on standard output; the rest on standard error")
    private boolean json;
    @Option(names = "--keep", description = "afterwards keep everything running until Enter or Ctrl-C")
    private boolean keep;

    /** Made by picocli. */
    public DemoCommand() {
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        requireRange("--pods", pods, 2, PODS_MAX);
        requireRange("--seconds", seconds, 1, SECONDS_MAX);
        final Console console = Console.of(json);
        Runtime.getRuntime().addShutdownHook(new Thread(
            () -> console.stop("Stopped: removing the engine, the pods and the node."), "caracal-demo-stop"));
        Demo.sweep(console);
        try (Lab lab = Lab.create("demo")) {
            return play(lab, console);
        } finally {
            console.finish();
        }
    }

    private int play(final Lab lab, final Console console) throws IOException, InterruptedException {
        try {
            final DemoReport report = new Demo(console, pods, seconds, DemoSteps.all()).run(lab);
            console.line("");
            report.lines(console).forEach(console::line);
            printJson(report.json());
            if (keep) {
                waitForEnter(console, lab);
            }
            return report.passed() ? ExitCode.OK : ExitCode.NO;
        } catch (final DemoFailure e) {
            console.line("  " + console.mark(false) + ' ' + e.getMessage());
            printJson(new JsonMapper().createObjectNode().put("passed", false).put("error", e.getMessage()));
            return ExitCode.NO;
        }
    }

    private void printJson(final ObjectNode document) {
        if (json) {
            System.out.println(document);
        }
    }

    private void requireRange(final String option, final int value, final int min, final int max) {
        if (value < min || value > max) {
            throw new ParameterException(spec.commandLine(), option + " " + value + " is not " + min + " to " + max);
        }
    }

    private static void waitForEnter(final Console console, final Lab lab) throws IOException {
        console.line("");
        console.line("Everything runs until Enter or Ctrl-C. Try, in another terminal:");
        lab.nodes().getFirst().pods().forEach(pod ->
            console.line("    nsenter --net=/run/netns/" + pod.namespace().name() + " ping " + pod.ipv4()));
        final int ignored = System.in.read();
        assert ignored >= -1;
    }
}
