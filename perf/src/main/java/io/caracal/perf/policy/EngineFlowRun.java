package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.netlink.RouteNetlink;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.forward.VethTopology;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.NativeTools;

/**
 * First packets of new flows through the running engine: they come by its uplink and go to a pod that has the rules,
 * every packet a flow of its own; what arrives in the pod is counted by the kernel. Generator and uplink share one CPU;
 * the engine's worker is free to run on another.
 */
final class EngineFlowRun implements FlowSubject {
    private static final String UPLINK = "eth0";
    /** The lab's router's end of the first node's uplink. */
    private static final String ROUTER_LINK = "node1";
    /** Manifests are objects before they are rules: 100,000 of them do not fit the heap that does for Felix's. */
    private static final int HEAP_MAX_MB = 3072;
    /** Reading 100,000 rules from manifests takes some ten seconds of a CPU. */
    private static final long READY_TIMEOUT_MS = 120_000;

    private final Lab lab;
    private final LabNode node;
    private final LabPod pod;
    private final NativeTools tools;
    private final Path pairs;
    private final EngineUnderTest engine;

    EngineFlowRun(final Lab lab, final NativeTools tools, final BenchSettings settings, final PodRules rules,
        final List<String> targets) throws IOException, InterruptedException {
        this.lab = lab;
        this.tools = tools;
        node = lab.addNode("node1");
        pod = node.addPod("bench", "target");
        node.writeManifest("rules.yaml", PodRulesYaml.of(rules));
        node.announce(pod, Map.of(PodRulesYaml.LABEL, PodRulesYaml.VALUE));
        pairs = Files.write(Files.createTempFile("caracal-bench-", ".pairs"), targets);
        /* Flows that nobody answers are forgotten as soon as the kernel's peers forget theirs. */
        engine = EngineUnderTest.startLarge(node, settings.home(), HEAP_MAX_MB,
            "--set", "conntrack-endpoint-flows-max=500000", "--set", "conntrack-timeouts=UDPTimeout=1s");
        try {
            engine.awaitReady(READY_TIMEOUT_MS);
            /* A pod that would answer that the port is closed is more than a sink, which the kernel's peers have. */
            NamespaceCommand.run(pod.namespace().name(), List.of("ip", "address", "flush", "dev", UPLINK), "");
        } catch (final RuntimeException | InterruptedException e) {
            close();
            throw e;
        }
    }

    @Override
    public double flowsPerSecond() throws IOException, InterruptedException {
        final String uplinkMac = node.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                return netlink.link(UPLINK).mac().toString();
            }
        });
        return FlowRate.of(tools, pairs).measure(FlowRate.traffic(lab.namespacePrefix() + "router", ROUTER_LINK,
            uplinkMac, pod.ipv4()), this::arrived);
    }

    private VethTopology.CountedPackets arrived() {
        return pod.call(() -> new VethTopology.CountedPackets(
            VethTopology.receivedPackets(Files.readString(Path.of("/proc/thread-self/net/dev")), UPLINK),
            System.nanoTime()));
    }

    @Override
    public void close() throws IOException {
        engine.close();
        Files.delete(pairs);
    }
}
