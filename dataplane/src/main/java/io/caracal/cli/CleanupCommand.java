package io.caracal.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import io.caracal.dataplane.Cleanup;
import io.caracal.dataplane.DataplaneConfig;
import io.caracal.handover.CalicoRules;
import io.caracal.lab.LabSweep;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code caracal cleanup}: takes Caracal off this node. */
@Command(name = "cleanup", mixinStandardHelpOptions = true,
    description = {
        "Remove every program, pin, interface, table and file that Caracal made on this node.",
        "Refuses while an engine runs. Pods are the kernel's again afterwards.",
        "With --calico-rules also what Calico's own iptables or nftables mode left: chains cali-…, IP sets cali40….",
        "What demos that were killed have left is removed too."
    },
    footer = {"", "Example:", "  caracal cleanup", "  caracal cleanup --calico-rules", "  caracal cleanup --json"})
final class CleanupCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;
    @Mixin
    private SettingsMixin settings;
    @Option(names = "--json", description = "print {\"removed\": [...]}")
    private boolean json;

    @Option(names = "--calico-rules", description = "also remove chains, IP sets and tables of Calico's own")
    private boolean calicoRules;

    @Override
    public Integer call() {
        final DataplaneConfig config = settings.conclude();
        final List<String> removed = new ArrayList<>(Cleanup.run(config));
        if (calicoRules) {
            removed.addAll(CalicoRules.remove());
        }
        final LabSweep.Swept swept = LabSweep.sweep();
        if (swept.isAnything()) {
            removed.add(swept.toString());
        }
        if (json) {
            JsonOutput.print(spec, java.util.Map.of("removed", removed));
        } else {
            removed.forEach(each -> spec.commandLine().getOut().println("removed " + each));
            if (removed.isEmpty()) {
                spec.commandLine().getOut().println("nothing of Caracal is here");
            }
        }
        return ExitCode.OK;
    }
}
