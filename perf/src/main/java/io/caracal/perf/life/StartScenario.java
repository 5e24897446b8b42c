package io.caracal.perf.life;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.NativeTools;

/** How soon a started engine forwards, how fast its first packets are, and how soon it is at full rate. */
public final class StartScenario implements Scenario {
    private static final String CARACAL = "caracal";
    private static final int PODS = 10;
    private static final int STARTS = 5;
    private static final int STARTS_QUICK = 2;
    private static final Bar FIRST_PACKET =
        new Bar("start-first-packet", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 800, "ms");
    private static final Bar SLOWEST =
        new Bar("start-slowest-of-100", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 1000, "us");
    private static final Bar NEARLY_STEADY =
        new Bar("start-to-90-percent", CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, 2000, "ms");

    /** Made once, for the registry. */
    public StartScenario() {
    }

    @Override
    public String name() {
        return "start";
    }

    @Override
    public String sentence() {
        return "from exec to the first packet between two of " + PODS + " pods, on a node that never had an engine;"
            + " median of " + STARTS + " starts";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL);
    }

    @Override
    public List<Bar> bars() {
        return List.of(FIRST_PACKET, SLOWEST, NEARLY_STEADY);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final List<StartRound.Figures> starts = new ArrayList<>();
        try (NativeTools tools = NativeTools.open()) {
            final StartRound round = new StartRound(tools.generator(), settings);
            for (int n = 0; n < (settings.quick() ? STARTS_QUICK : STARTS); n++) {
                starts.add(round.run(PODS));
                settings.say(sentence(starts.getLast()));
            }
        }
        return result(starts);
    }

    private static String sentence(final StartRound.Figures start) {
        return String.format(Locale.ROOT, "first packet after %.0f ms, ready after %.0f ms, slowest of the first 100 "
            + "%.0f us (%.0f us over the wire alone), 90 %% of %.0f pps after %.0f ms more", start.firstPacketMs(),
            start.readyMs(), start.slowestUs(), start.wireSlowestUs(), start.steadyPps(), start.nearlySteadyMs());
    }

    private static ScenarioResult result(final List<StartRound.Figures> starts) {
        final List<ResultRow> rows = new ArrayList<>();
        final List<ScenarioResult.Series> series = new ArrayList<>();
        final List<RatioRow> verdicts = List.of(
            judge(rows, series, FIRST_PACKET, values(starts, StartRound.Figures::firstPacketMs)),
            judge(rows, series, SLOWEST, values(starts, StartRound.Figures::slowestUs)),
            judge(rows, series, NEARLY_STEADY, values(starts, StartRound.Figures::nearlySteadyMs)));
        add(rows, series, "start-ready", "ms", values(starts, StartRound.Figures::readyMs));
        add(rows, series, "start-slowest-of-100-wire", "us", values(starts, StartRound.Figures::wireSlowestUs));
        add(rows, series, "start-steady-rate", "pps", values(starts, StartRound.Figures::steadyPps));
        return new ScenarioResult(rows, verdicts, List.of("Each start is on new network namespaces; the verdict is the"
            + " median start's. The slowest of the first 100 packets is from its sending to its arrival in the other"
            + " pod, 1000 packets a second; \"wire\" is the same generator and receiver at the two ends of one pod's"
            + " veth, before there is an engine; the time to 90 % counts from the first packet, under a flood"
            + " that begins after the hundredth."), series);
    }

    private static RatioRow judge(final List<ResultRow> rows, final List<ScenarioResult.Series> series, final Bar bar,
                                  final double[] values) {
        add(rows, series, bar.scenario(), bar.unit(), values);
        return bar.judge(Sample.of(values).median());
    }

    private static void add(final List<ResultRow> rows, final List<ScenarioResult.Series> series, final String scenario,
                            final String unit, final double[] values) {
        rows.add(ResultRow.of(scenario, CARACAL, unit, Sample.of(values)));
        series.add(ScenarioResult.Series.of(scenario, CARACAL, unit, values));
    }

    private static double[] values(final List<StartRound.Figures> starts,
                                   final ToDoubleFunction<StartRound.Figures> figure) {
        return starts.stream().mapToDouble(figure).toArray();
    }
}
