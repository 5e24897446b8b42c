package io.caracal.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.caracal.dataplane.AdminClient;
import io.caracal.demo.DemoReport.Result;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import io.caracal.lab.LabPod;
import io.caracal.lab.LabSweep;

/**
 * The demo from sweep to report: a lab, an engine on its node, the steps one after the other. One thread, which must
 * live as long as the demo: programs in pods are killed with the thread that started them.
 */
final class Demo {
    private static final String KUBERNETES_NAMESPACE = "shop";
    private static final List<String> POD_NAMES = List.of("client", "web", "db");

    private final Console console;
    private final int podCount;
    private final int trafficSeconds;
    private final List<DemoStep> steps;
    private final long startNs = System.nanoTime();

    Demo(final Console console, final int podCount, final int trafficSeconds, final List<DemoStep> steps) {
        this.console = console;
        this.podCount = podCount;
        this.trafficSeconds = trafficSeconds;
        this.steps = steps;
    }

    /**
     * Removes what a killed demo left, and says so.
     *
     * @param console where.
     */
    static void sweep(final Console console) {
        final LabSweep.Swept swept = LabSweep.sweep();
        if (swept.isAnything()) {
            console.line("Removed " + swept + '.');
        }
    }

    /** Runs all steps in a lab, which stays the caller's. */
    DemoReport run(final Lab lab) throws IOException, InterruptedException, DemoFailure {
        final LabNode node = lab.addNode("node1");
        final List<LabPod> pods = new ArrayList<>();
        for (int i = 0; i < podCount; i++) {
            final String name = i < POD_NAMES.size() ? POD_NAMES.get(i) : "pod-" + (i + 1);
            final LabPod pod = node.addPod(KUBERNETES_NAMESPACE, name);
            node.announce(pod);
            pods.add(pod);
        }
        final LabPod stranger = node.addPod(KUBERNETES_NAMESPACE, "stranger");
        final Beyond beyond = layOutBeyond(lab, node);
        console.line("A node and " + (podCount + 1)
            + " pods, made of network namespaces and laid out as Calico's CNI plugin does:");
        pods.forEach(pod -> describe(pod, ""));
        describe(stranger, "  (no manifest names it)");
        console.line("Behind a router, a second node with nothing but the kernel's VXLAN, a third with an engine of its"
            + " own, and a machine outside:");
        describe(beyond.far(), "");
        describe(beyond.peer(), "");
        for (final LabPod jumbo : List.of(beyond.jumbo().large(), beyond.jumbo().farLarge())) {
            describe(jumbo, "  (MTU " + Beyond.POD_MTU + ")");
        }
        console.line(console.dim("    " + Text.padded(beyond.outside().name(), 16) + beyond.outside().ipv4()));
        final EngineProcess engine = lab.own(EngineProcess.start(node));
        final long readyMs = engine.awaitReady();
        lab.own(EngineProcess.start(lab.nodes().get(2))).awaitReady();
        console.line("The engine runs in a JVM of its own (process " + engine.pid() + "), ready after "
            + Text.decimal(readyMs / 1000.0) + " s. Java decides about every flow below; established ones between"
            + " two pods then pass in eBPF.");
        console.line("");
        final TrafficMeter meter = new TrafficMeter(engine, console);
        return playOn(new Scene(node, List.copyOf(pods), stranger, beyond, meter, trafficSeconds), engine, readyMs);
    }

    /** A node of the cluster without an engine, one with, and a machine that is no node of it. */
    private static Beyond layOutBeyond(final Lab lab, final LabNode node) {
        final LabNode kernelNode = lab.addNode("node2", Beyond.LINK_MTU);
        final LabNode peerNode = lab.addNode("node3", Beyond.LINK_MTU);
        final LabPod far = kernelNode.addPod(KUBERNETES_NAMESPACE, "far");
        final LabPod peer = peerNode.addPod(KUBERNETES_NAMESPACE, "peer");
        final LabPod large = peerNode.addPod(KUBERNETES_NAMESPACE, "large", Beyond.POD_MTU);
        final LabPod farLarge = kernelNode.addPod(KUBERNETES_NAMESPACE, "far-large", Beyond.POD_MTU);
        peerNode.announce(peer);
        peerNode.announce(large);
        for (final LabNode withEngine : List.of(node, peerNode)) {
            LabOverlay.announce(withEngine, List.of(node, kernelNode, peerNode));
        }
        LabOverlay.joinByKernel(kernelNode, List.of(node, peerNode));
        node.writeManifest("service.yaml", OverlaySteps.serviceManifest());
        return new Beyond(far, peer, new Beyond.Jumbo(peerNode, large, farLarge), lab.addNode("outside"));
    }

    private void describe(final LabPod pod, final String remark) {
        console.line(console.dim("    " + Text.padded(pod.toString(), 16) + Text.padded(pod.ipv4(), 14)
            + Text.padded(pod.ipv6(), 18) + pod.interfaceName() + remark));
    }

    private DemoReport playOn(final Scene scene, final EngineProcess engine, final long readyMs)
        throws IOException, InterruptedException, DemoFailure {
        final List<Result> results = new ArrayList<>();
        EngineCounters last = EngineCounters.ZERO;
        try (AdminClient admin = engine.connect()) {
            last = EngineCounters.of(admin.ask("counters"));
            for (final DemoStep step : steps) {
                final Outcome outcome = attempt(step, scene);
                final EngineCounters now = EngineCounters.of(admin.ask("counters"));
                final Result result = judge(
                    step, outcome, now.rxPackets() - last.rxPackets(), now.cachedPackets() - last.cachedPackets());
                last = now;
                results.add(result);
                show(result);
            }
        } catch (final IOException e) {
            final String end = engine.isAlive() ? "" : ", it has ended" + engine.logTail();
            throw new DemoFailure("the engine stopped answering after " + results.size() + " steps: "
                + e.getMessage() + end);
        }
        return new DemoReport(results, readyMs, last, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs));
    }

    private static Outcome attempt(final DemoStep step, final Scene scene) throws InterruptedException {
        try {
            return step.body().run(scene);
        } catch (final InterruptedException e) {
            throw e;
        } catch (final Exception e) {
            return Outcome.failed(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    /** Traffic that works without Java or its cache having seen it has taken a way that it must not take. */
    static Result judge(final DemoStep step, final Outcome outcome, final long packets, final long cachedPackets) {
        if (outcome.passed() && packets + cachedPackets < step.minPackets()) {
            return new Result(step, new Outcome(false, outcome.happened() + ", but Java and its cache saw only "
                + (packets + cachedPackets) + " packets, not " + step.minPackets(), outcome.figures()), packets,
                cachedPackets);
        }
        return new Result(step, outcome, packets, cachedPackets);
    }

    private void show(final Result result) {
        console.line("  " + console.mark(result.outcome().passed()) + ' ' + Text.padded(result.step().title(), 39)
            + result.outcome().happened());
        console.line(console.dim("      " + result.step().underneath()));
    }
}
