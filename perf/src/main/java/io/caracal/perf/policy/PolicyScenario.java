package io.caracal.perf.policy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.micro.JmhRuns;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.NativeTools;
import io.caracal.policy.CompiledPolicy;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
import org.openjdk.jmh.results.RunResult;

/**
 * The first packet of a flow to a pod with 10 to 100,000 Calico-like rules. Caracal's verdict by itself, with warm and
 * cold caches, its build and its memory; the kernel's iptables and nftables with the same rules by real traffic, every
 * packet a new flow. What you should see: Caracal's verdict stays within two times, the kernel's filters fall with the
 * number of rules.
 */
public final class PolicyScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final int[] SIZES = {10, 100, 1000, 10_000, 100_000};
    /** With 100,000 the kernel's filters take minutes to be set up, to let some hundred flows a second through. */
    private static final int[] KERNEL_SIZES = {10, 100, 1000, 10_000};
    private static final String FLOWS_NOTE = "In rows with flows/s every packet is the first of a flow. The kernel's "
        + "filters run on the generator's CPU, the engine's worker on any; all of a machine with two CPUs is in use "
        + "then. The kernel's filters are left out at 100,000 rules: setting them up takes minutes.";
    private static final String BENCHMARK = "io.caracal.perf.PolicyBenchmark";
    static final String UNIT = "ns/verdict";
    static final String FLOWS_UNIT = "flows/s";
    private static final int LARGEST = SIZES[SIZES.length - 1];
    private static final int TARGETS = 4096;
    private static final int FLOW_ROUNDS = 5;
    private static final int FLOW_ROUNDS_QUICK = 2;
    private static final Bar FLAT = new Bar("policy-flat", CARACAL, "policy-10", Bar.Direction.AT_MOST, 2, "");
    private static final Bar BUILD = limit("policy-build", 2000, "ms");
    private static final Bar MEMORY = limit("policy-memory", 1024, "B/rule");

    /** Makes the scenario. */
    public PolicyScenario() {
    }

    private static Bar limit(final String scenario, final double limit, final String unit) {
        return new Bar(scenario, CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, limit, unit);
    }

    private static Bar verdict(final int size) {
        return limit("policy-" + size, 250, UNIT);
    }

    @Override
    public String name() {
        return "policy";
    }

    @Override
    public String sentence() {
        return "first packets of flows to a pod with 10 to 100,000 rules, beside iptables and nftables by real traffic";
    }

    @Override
    public List<String> contenders() {
        final List<String> who = new ArrayList<>(List.of(CARACAL));
        Arrays.stream(KernelFilter.values()).map(KernelFilter::who).forEach(who::add);
        return who;
    }

    @Override
    public List<Bar> bars() {
        final List<Bar> bars = new ArrayList<>();
        Arrays.stream(SIZES).mapToObj(PolicyScenario::verdict).forEach(bars::add);
        bars.addAll(List.of(FLAT, BUILD, MEMORY));
        return bars;
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final List<ResultRow> rows = new ArrayList<>();
        final List<RatioRow> ratios = new ArrayList<>();
        final List<String> notes = new ArrayList<>();
        measureVerdicts(settings, rows, ratios);
        for (final int size : SIZES) {
            final BuildFigures figures = BuildFigures.of(new PodRules(size).policySet(), size);
            rows.add(ResultRow.of("policy-" + size + "-build", CARACAL, "ms", Sample.of(figures.buildMs())));
            rows.add(ResultRow.of("policy-" + size + "-memory", CARACAL, "B/rule",
                Sample.of(figures.bytesPerRule())));
            if (size == LARGEST) {
                ratios.add(BUILD.judge(Sample.of(figures.buildMs()).median()));
                ratios.add(MEMORY.judge(figures.bytesPerRule()));
            }
        }
        measureFlows(settings, rows, notes);
        PolicyPlot.write(rows, settings.results());
        return new ScenarioResult(rows, ratios, notes, List.of());
    }

    private static void measureVerdicts(final BenchSettings settings, final List<ResultRow> rows,
        final List<RatioRow> ratios) {
        final Map<String, Double> medians = new LinkedHashMap<>();
        final String[] sizes = Arrays.stream(SIZES).mapToObj(Integer::toString).toArray(String[]::new);
        for (final RunResult run : JmhRuns.run(settings, BENCHMARK, options -> options.param("rules", sizes))) {
            final boolean cold = run.getParams().getBenchmark().endsWith(".cold");
            final String scenario = "policy-" + run.getParams().getParam("rules") + (cold ? "-cold" : "");
            final Sample sample = Sample.of(JmhRuns.iterationScores(run));
            rows.add(ResultRow.of(scenario, CARACAL, UNIT, sample));
            medians.put(scenario, sample.median());
        }
        for (final int size : SIZES) {
            ratios.add(verdict(size).judge(medians.get("policy-" + size)));
        }
        ratios.add(FLAT.judge(medians.get("policy-" + LARGEST) / medians.get("policy-" + SIZES[0])));
    }

    private static void measureFlows(final BenchSettings settings, final List<ResultRow> rows,
        final List<String> notes) throws IOException, InterruptedException {
        try (NativeTools tools = NativeTools.open()) {
            for (final KernelFilter filter : KernelFilter.values()) {
                if (!filter.missing().isEmpty()) {
                    notes.add(filter.who() + " was not measured: package " + String.join(" and ", filter.missing())
                        + " not installed (run: sudo ./caracal setup).");
                    continue;
                }
                for (final int size : KERNEL_SIZES) {
                    rows.add(flows(settings, filter.who(), size,
                        (lab, rules) -> new NewFlowRun(lab, tools, filter, rules, targets(rules))));
                }
            }
            for (final int size : SIZES) {
                rows.add(flows(settings, CARACAL, size,
                    (lab, rules) -> new EngineFlowRun(lab, tools, settings, rules, targets(rules))));
            }
        }
        notes.add(FLOWS_NOTE);
    }

    /** Sets up who is to be measured. */
    private interface Setup {
        FlowSubject apply(Lab lab, PodRules rules) throws IOException, InterruptedException;
    }

    private static ResultRow flows(final BenchSettings settings, final String who, final int size, final Setup setup)
        throws IOException, InterruptedException {
        final double[] flows = new double[settings.quick() ? FLOW_ROUNDS_QUICK : FLOW_ROUNDS];
        try (Lab lab = BenchLab.create("policy", settings);
            FlowSubject subject = setup.apply(lab, new PodRules(size))) {
            /* The first round is that of an engine just started and of empty tables. */
            subject.flowsPerSecond();
            for (int round = 0; round < flows.length; round++) {
                flows[round] = subject.flowsPerSecond();
            }
        }
        settings.say(who + ", " + size + " rules: " + Arrays.toString(flows) + " new flows/s");
        return ResultRow.of("policy-" + size + "-flows", who, FLOWS_UNIT, Sample.of(flows));
    }

    /** Source and port of UDP flows that the rules allow, in a random order. */
    private static List<String> targets(final PodRules rules) {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(rules.policySet());
        final CompiledPolicy policy = compiler.publish();
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        final List<String> targets = new ArrayList<>();
        for (final PolicyPacket packet : rules.packets(TARGETS, 2)) {
            packet.protocol = 17;
            if (evaluator.allows(policy, packet)) {
                final int address = (int)(packet.sourceHigh >>> Integer.SIZE);
                targets.add((address >>> 24) + "." + (address >>> 16 & 0xff) + "." + (address >>> 8 & 0xff) + "."
                    + (address & 0xff) + " " + packet.destinationPort);
            }
        }
        return targets;
    }
}
