package io.caracal.perf.policy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;

/**
 * An IP set of a million members: loading it, its memory, one member more or less until workers see it, and what ten
 * thousand such changes a second cost a worker; and a node's whole policy pushed at once.
 */
public final class IpSetScenario implements Scenario {
    private static final String WHO = "caracal";
    private static final int ROUNDS_QUICK = 2;
    private static final int ROUNDS = 5;
    private static final Bar LOAD = bar("ipset-load", 1000, "ms");
    private static final Bar MEMORY = bar("ipset-memory", 32, "B/member");
    private static final Bar DELTA = bar("ipset-delta", 10, "us");
    private static final Bar DELTA_P99 = bar("ipset-delta-p99", 50, "us");
    private static final Bar COST = bar("ipset-cost", 5, "%");
    private static final Bar PUSH = bar("policy-push", 2000, "ms");

    /** Makes the scenario. */
    public IpSetScenario() {
    }

    private static Bar bar(final String scenario, final double limit, final String unit) {
        return new Bar(scenario, WHO, Bar.LIMIT, Bar.Direction.AT_MOST, limit, unit);
    }

    @Override
    public String name() {
        return "ipset";
    }

    @Override
    public String sentence() {
        return "an IP set of a million members: load, memory, changes, their cost; a push of 12,500 rules with it";
    }

    @Override
    public List<String> contenders() {
        return List.of(WHO);
    }

    @Override
    public List<Bar> bars() {
        return List.of(LOAD, MEMORY, DELTA, DELTA_P99, COST, PUSH);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws InterruptedException {
        final int rounds = settings.quick() ? ROUNDS_QUICK : ROUNDS;
        final List<double[]> figures = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            final MillionMembers set = new MillionMembers();
            final double[] delta = set.deltaUs();
            figures.add(new double[] {set.loadMs(), set.bytesPerMember(), delta[0], delta[1], set.costPercent(),
                PolicyPush.measureMs()});
            settings.say("round " + (round + 1) + " of " + rounds + ": load ms, B/member, delta us, p99 us, cost %, "
                + "push ms: " + Arrays.toString(figures.getLast()));
        }
        final List<ResultRow> rows = new ArrayList<>();
        final List<RatioRow> ratios = new ArrayList<>();
        for (int figure = 0; figure < bars().size(); figure++) {
            final Bar bar = bars().get(figure);
            final int column = figure;
            final Sample sample = Sample.of(figures.stream().mapToDouble(round -> round[column]).toArray());
            rows.add(ResultRow.of(bar.scenario(), WHO, bar.unit(), sample));
            ratios.add(bar.judge(sample.median()));
        }
        return new ScenarioResult(rows, ratios, List.of(), List.of());
    }
}
