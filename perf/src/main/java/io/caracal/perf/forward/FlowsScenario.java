package io.caracal.perf.forward;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

import io.caracal.bindings.CpuAffinity;
import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.Findings;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.rounds.RoundLog;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.NativeTools;

/**
 * 64-byte UDP through the two veth pairs of {@code forward}: the Java path, its C twin and the kernel with connection
 * tracking, in turn; as many packets as can be sent, or so many a second and how late each is.
 */
public final class FlowsScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final String TWIN = "c-twin";
    private static final int WINDOW_MS = 1500;
    private static final int QUICK_WINDOW_MS = 400;
    private static final int WARM_UP_MS = 5000;
    private static final int QUICK_WARM_UP_MS = 2000;
    private static final int LATENCY_PPS = 50_000;
    private static final int LATENCY_FLOWS = 100;
    private static final double TAIL = 0.999;

    private final String name;
    private final String sentence;
    private final List<Part> parts;
    private final List<String> peers;
    private final Shared shared;

    /** A load, and what is found under it. */
    private record Part(FlowsContender.Load load, Findings.Figure<FlowsFigures> figure) {
    }

    /** What was measured of each part, and who was. */
    private record Measured(List<String> who, List<RoundLog<FlowsFigures>> logs) {
    }

    /** Scenarios that find different figures in the same rounds measure once in a run. */
    private static final class Shared {
        private BenchSettings settings;
        private Measured measured;
    }

    private FlowsScenario(final String name, final String sentence, final List<String> peers,
                          final List<Part> parts, final Shared shared) {
        this.name = name;
        this.sentence = sentence;
        this.peers = peers;
        this.parts = parts;
        this.shared = shared;
    }

    /**
     * As many packets as can be sent.
     *
     * @return the scenario {@code pps-64}.
     */
    public static FlowsScenario rate() {
        return new FlowsScenario("pps-64", "64-byte UDP, 1 and 10,000 flows, through two veth pairs: the Java path, its"
            + " C twin with the same stages, the kernel with conntrack on the generator's core and on a second one",
            List.of("kernel-conntrack", "kernel-conntrack-1-core"),
            List.of(ratePart("pps-64", 1), ratePart("pps-64-10k-flows", 10_000)), new Shared());
    }

    private static Part ratePart(final String figure, final int flows) {
        return new Part(new FlowsContender.Load(flows, 0), new Findings.Figure<>(figure, "pps", FlowsFigures::pps,
            FlowsFigures::latencies, new Findings.Quantiles(figure),
            List.of(new Bar(figure, CARACAL, TWIN, Bar.Direction.AT_LEAST, 0.95, ""),
                new Bar(figure, CARACAL, "kernel-conntrack", Bar.Direction.AT_LEAST, 1.1, ""))));
    }

    /**
     * How late packets are at a rate that everybody carries.
     *
     * @return the scenarios {@code latency-p50} and {@code latency-p99}.
     */
    public static List<FlowsScenario> latencies() {
        final Shared shared = new Shared();
        return List.of(latency(50, 1.15, shared), latency(99, 2, shared));
    }

    private static FlowsScenario latency(final int percent, final double limit, final Shared shared) {
        final String figure = "latency-p" + percent;
        final Part part = new Part(new FlowsContender.Load(LATENCY_FLOWS, LATENCY_PPS), new Findings.Figure<>(figure,
            "us", figures -> figures.latencies().quantileUs(percent / 100.0), FlowsFigures::latencies,
            new Findings.Quantiles("latency", TAIL),
            List.of(new Bar(figure, CARACAL, TWIN, Bar.Direction.AT_MOST, limit, ""))));
        return new FlowsScenario(figure, LATENCY_PPS + " 64-byte UDP packets a second through two veth pairs: the "
            + percent + "th percentile of their latency", List.of("iptables"), List.of(part), shared);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String sentence() {
        return sentence;
    }

    @Override
    public List<String> contenders() {
        final List<String> who = new ArrayList<>(List.of(CARACAL, TWIN));
        who.addAll(peers);
        return who;
    }

    @Override
    public List<Bar> bars() {
        return parts.stream().flatMap(part -> part.figure.bars().stream()).toList();
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final boolean isWithPeers =
            NamespaceCommand.missingPackages(Map.of("iptables-legacy-restore", "iptables")).isEmpty();
        if (shared.settings != settings) {
            shared.measured = measure(settings, isWithPeers);
            shared.settings = settings;
        }
        final Findings findings = new Findings();
        if (!isWithPeers) {
            peers.forEach(peer -> findings.leaveOut(name, peer, List.of("iptables")));
        }
        for (int part = 0; part < parts.size(); part++) {
            findings.add(parts.get(part).figure, shared.measured.who, shared.measured.logs.get(part));
        }
        return findings.finish(settings.results());
    }

    private Measured measure(final BenchSettings settings, final boolean isWithPeers)
        throws IOException, InterruptedException {
        final BitSet allowed = CpuAffinity.allowed();
        final int generatorCpu = allowed.nextSetBit(0);
        final int cpu = allowed.nextSetBit(generatorCpu + 1);
        if (cpu < 0) {
            throw new BenchException("run " + name + ": needs two CPUs; this process may use "
                + allowed.cardinality());
        }
        final List<ForwardPath> paths = new ArrayList<>();
        final List<RoundLog<FlowsFigures>> logs = new ArrayList<>();
        try (NativeTools tools = NativeTools.open(); Lab lab = BenchLab.create("flows", settings)) {
            try {
                launch(paths, new ForwarderLauncher(tools, lab, cpu), lab, isWithPeers ? peers : List.of(), cpu);
                for (final Part part : parts) {
                    logs.add(run(part, paths, tools, generatorCpu, settings));
                }
            } finally {
                paths.reversed().forEach(ForwardPath::close);
            }
        }
        return new Measured(paths.stream().map(ForwardPath::who).toList(), logs);
    }

    private static void launch(final List<ForwardPath> paths, final ForwarderLauncher launcher, final Lab lab,
                               final List<String> peers, final int cpu) throws IOException, InterruptedException {
        paths.add(launcher.launchJava(CARACAL, "a"));
        paths.add(launcher.launchTwin(TWIN, "b"));
        for (final String peer : peers) {
            paths.add(KernelForwarder.launch(lab, peer, "k" + paths.size(), peer.endsWith("-1-core") ? -1 : cpu));
        }
    }

    private static RoundLog<FlowsFigures> run(final Part part, final List<ForwardPath> paths, final NativeTools tools,
                                              final int generatorCpu, final BenchSettings settings)
        throws IOException, InterruptedException {
        final List<FlowsContender> contenders = paths.stream().map(path -> new FlowsContender(path, tools.generator(),
            generatorCpu, part.load, settings.quick() ? QUICK_WINDOW_MS : WINDOW_MS)).toList();
        contenders.getFirst().warmUp(settings.quick() ? QUICK_WARM_UP_MS : WARM_UP_MS);
        return settings.interleaved(contenders).run(settings.rounds());
    }
}
