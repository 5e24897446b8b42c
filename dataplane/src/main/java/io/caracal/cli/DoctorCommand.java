package io.caracal.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

import io.caracal.xdp.feature.FeatureFinding;
import io.caracal.xdp.feature.KernelFeature;
import io.caracal.xdp.feature.KernelFeatures;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code caracal doctor}: what this kernel has, found by trying it, and what is done without it. */
@Command(name = "doctor", mixinStandardHelpOptions = true,
    description = {
        "What this kernel has, each feature found by trying it, and what Caracal does without it.",
        "Exits with 1 if something is missing that Caracal cannot do without. Needs root; changes nothing."
    },
    footer = {"", "Example:", "  caracal doctor --kernel", "  caracal doctor --kernel --json"})
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Option(names = "--kernel", description = "the kernel's features (the default)")
    private boolean kernel;
    @Option(names = "--json", description = "print {\"kernel\": [{\"feature\", \"present\", …}]}")
    private boolean json;

    @Override
    public Integer call() {
        final List<FeatureFinding> findings = KernelFeatures.probe();
        if (json) {
            JsonOutput.print(spec, Map.of("kernel", findings.stream().map(DoctorCommand::row).toList()));
        } else {
            print(findings, spec.commandLine().getOut());
        }
        final List<FeatureFinding> missing = findings.stream()
            .filter(finding -> !finding.isPresent())
            .filter(finding -> finding.feature().need() == KernelFeature.Need.REQUIRED).toList();
        return missing.isEmpty() ? ExitCode.OK : ExitCode.NO;
    }

    private static Map<String, Object> row(final FeatureFinding finding) {
        final Map<String, Object> row = new LinkedHashMap<>();
        row.put("feature", finding.feature().title());
        row.put("present", finding.isPresent());
        row.put("presence", finding.presence().name().toLowerCase(Locale.ROOT));
        row.put("since", finding.feature().sinceKernel());
        row.put("need", finding.feature().need().name().toLowerCase(Locale.ROOT));
        row.put("without", finding.feature().without());
        row.put("detail", finding.detail());
        return row;
    }

    private static void print(final List<FeatureFinding> findings, final PrintWriter out) {
        int width = "FEATURE".length();
        for (final FeatureFinding finding : findings) {
            width = Math.max(width, finding.feature().title().length());
        }
        final String format = "%-" + width + "s  %-7s  %-6s  %s%n";
        out.printf(format, "FEATURE", "THERE?", "SINCE", "WITHOUT IT");
        final List<String> details = new ArrayList<>();
        for (final FeatureFinding finding : findings) {
            out.printf(format, finding.feature().title(), finding.presence().name().toLowerCase(Locale.ROOT),
                finding.feature().sinceKernel(), finding.feature().without());
            if (!finding.isPresent() && !finding.detail().isEmpty()) {
                details.add(finding.feature().title() + ": " + finding.detail());
            }
        }
        details.forEach(out::println);
        out.flush();
    }
}
