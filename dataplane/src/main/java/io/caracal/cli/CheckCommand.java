package io.caracal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import io.caracal.control.probe.Probe;
import io.caracal.control.probe.ProbeFile;
import io.caracal.control.probe.ProbeNode;
import io.caracal.control.probe.ProbeRun;
import io.caracal.control.probe.ProbeVerdict;
import io.caracal.policy.RulePosition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code caracal check}: policy as a unit test. */
@Command(name = "check", mixinStandardHelpOptions = true, sortOptions = false,
    description = {
        "Policy as a unit test: what one node decides about described packets, against what the file expects.",
        "Exits with 1 if any verdict differs. Needs neither root nor a running engine."
    },
    footer = {
        "", "A file of probes is a JSON list:",
        "  [{\"from\": \"app/frontend-1\", \"to\": \"app/web-api-1\",",
        "    \"srcIp\": \"192.168.166.129\", \"dstIp\": \"192.168.166.130\",",
        "    \"proto\": \"tcp\", \"sport\": 40000, \"dport\": 8080, \"node1\": \"allow\"}]",
        "The expected verdict is under the node's name, or under node1.", "", "Example:",
        "  caracal check --manifests cluster.yaml --manifests policies/ --node node1 --probes probes.json",
        "  caracal check --stream felix.bin.gz --probes probes.json --json"
    })
final class CheckCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private PolicyInput input;
    @Option(names = "--probes", paramLabel = "FILE", required = true, description = "the packets, as JSON")
    private Path probes;
    @Option(names = "--json", description = {
        "print {\"probes\", \"agree\", \"differ\":", "[{probe, verdict, tier, policy, rule, reason}]}"})
    private boolean json;

    @Override
    public Integer call() throws IOException {
        final List<Probe> packets = ProbeFile.read(probes, input.node());
        final ProbeNode node = input.load();
        final ProbeRun run = new ProbeRun(node);
        final List<ProbeVerdict> differing = packets.stream().map(run::decide).filter(v -> !v.agrees()).toList();
        if (json) {
            final Map<String, Object> document = new LinkedHashMap<>();
            document.put("probes", packets.size());
            document.put("agree", packets.size() - differing.size());
            document.put("differ", differing.stream().map(CheckCommand::row).toList());
            JsonOutput.print(spec, document);
        } else {
            print(packets.size(), differing);
        }
        return differing.isEmpty() ? ExitCode.OK : ExitCode.NO;
    }

    private static Map<String, Object> row(final ProbeVerdict verdict) {
        final RulePosition position = verdict.position().orElse(null);
        final Map<String, Object> row = new LinkedHashMap<>();
        row.put("probe", verdict.probe().toString());
        row.put("verdict", verdict.word());
        row.put("tier", position == null ? "" : position.tier());
        row.put("policy", position == null ? "" : position.owner());
        row.put("rule", position == null ? RulePosition.NO_RULE : position.index());
        row.put("reason", verdict.reason());
        return row;
    }

    private void print(final int count, final List<ProbeVerdict> differing) {
        final PrintWriter out = spec.commandLine().getOut();
        for (final ProbeVerdict verdict : differing) {
            out.println("differs: " + verdict.probe());
            out.println("  is " + verdict.word() + ", expected " + (verdict.allowed() ? "deny" : "allow") + ": "
                + verdict.reason());
        }
        out.println(count + " probes, " + (count - differing.size()) + " agree, " + differing.size() + " differ");
        out.flush();
    }
}
