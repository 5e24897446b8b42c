package io.caracal.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

import io.caracal.control.probe.Probe;
import io.caracal.control.probe.ProbeNode;
import io.caracal.control.probe.ProbeRun;
import io.caracal.control.probe.ProbeVerdict;
import io.caracal.policy.DecisionStep;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.WorkloadEndpoint;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code caracal explain}: which tier, policy and rule decide about one packet. */
@Command(name = "explain", mixinStandardHelpOptions = true, sortOptions = false,
    description = {
        "Which tier, policy, rule and IP set decide about the first packet of a flow, step by step.",
        "Exits with 0 if the packet is allowed, with 1 if it is denied."
    },
    footer = {
        "", "Example:",
        "  caracal explain --manifests cluster/ --node node1 --from app/frontend-1 --to app/web-api-1 \\",
        "      --protocol tcp --dport 8080",
        "  caracal explain --stream felix.bin.gz --from 203.0.113.7 --to 10.99.0.1 --protocol icmp --icmp-type 8"
    })
final class ExplainCommand implements Callable<Integer> {
    private static final int PORT_DEFAULT = 40_000;
    private static final String PORT_TEXT = "" + PORT_DEFAULT;

    @Spec
    private CommandSpec spec;
    @Mixin
    private PolicyInput input;
    @Option(names = "--from", paramLabel = "A", required = true, description = "pod as NAMESPACE/NAME, or an address")
    private String from;
    @Option(names = "--to", paramLabel = "B", required = true, description = "pod as NAMESPACE/NAME, or an address")
    private String to;
    @Option(names = "--protocol", paramLabel = "P", defaultValue = "tcp",
        description = "tcp, udp, sctp, icmp, icmpv6 or a number (default: ${DEFAULT-VALUE})")
    private String protocol;
    @Option(names = "--dport", paramLabel = "N", defaultValue = "0", description = "destination port")
    private int destinationPort;
    @Option(names = "--sport", paramLabel = "N", defaultValue = PORT_TEXT,
        description = "source port (default: ${DEFAULT-VALUE})")
    private int sourcePort;
    @Option(names = "--icmp-type", paramLabel = "N", description = "ICMP type (default: echo request)")
    private Integer icmpType;
    @Option(names = "--icmp-code", paramLabel = "N", defaultValue = "0", description = "ICMP code (default: 0)")
    private int icmpCode;
    @Option(names = "--json", description = "print {\"probe\", \"verdict\", \"reason\", \"steps\": […]}")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        final ProbeNode node = input.load();
        final ProbeVerdict verdict = new ProbeRun(node).decide(probe(node));
        final List<String> steps = verdict.decision()
            .map(decision -> decision.steps().stream().map(DecisionStep::toString).toList()).orElse(List.of());
        if (json) {
            final Map<String, Object> document = new LinkedHashMap<>();
            document.put("probe", verdict.probe().toString());
            document.put("verdict", verdict.word());
            document.put("reason", verdict.reason());
            document.put("steps", steps);
            JsonOutput.print(spec, document);
        } else {
            final PrintWriter out = spec.commandLine().getOut();
            out.println(verdict.probe());
            steps.forEach(step -> out.println("  " + step));
            out.println(verdict.word() + (steps.isEmpty() ? ": " + verdict.reason() : ""));
            out.flush();
        }
        return verdict.allowed() ? ExitCode.OK : ExitCode.NO;
    }

    private Probe probe(final ProbeNode node) {
        final WorkloadEndpoint source = pod(node, from);
        final WorkloadEndpoint destination = pod(node, to);
        try {
            final int number = IpProtocol.parse(protocol);
            final Prefix sourceAddress = address(source, from, null);
            final Prefix destinationAddress = address(destination, to, sourceAddress);
            final boolean v6 = sourceAddress.v6();
            final boolean icmp = number == (v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
            final int echo = v6 ? 128 : 8;
            return new Probe(from, to, source == null ? "" : source.id(), destination == null ? "" : destination.id(),
                sourceAddress, destinationAddress, number, icmp ? 0 : sourcePort,
                icmp ? (icmpType == null ? echo : icmpType) << Byte.SIZE | icmpCode : destinationPort, null);
        } catch (final PolicyException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** A pod of the node by its name, null where the text is an address. */
    private WorkloadEndpoint pod(final ProbeNode node, final String text) {
        if (text.indexOf('/') < 0) {
            return null;
        }
        return node.policy().workloads().values().stream().filter(each -> each.id().contains("/" + text + "/"))
            .findFirst().orElseThrow(() -> new ParameterException(spec.commandLine(), "no pod " + text
                + " on this node; give the address of a pod of another node"));
    }

    /** A pod's address of the family that the other end has. */
    private static Prefix address(final WorkloadEndpoint pod, final String text, final Prefix other) {
        if (pod == null) {
            return Prefix.parse(text);
        }
        return pod.addresses().stream().filter(each -> other == null || each.v6() == other.v6()).findFirst()
            .orElseThrow(() -> new PolicyException(text, "has no address of the other end's family"));
    }
}
