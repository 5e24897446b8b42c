package io.caracal.perf.pods;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.RatioRow;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import io.caracal.perf.tool.NativeTools;

/** An engine that ends, by itself or by kill -9, and is started again, under connections that are kept and new ones. */
public final class RestartScenario implements Scenario {
    private static final String CARACAL = PodPeer.CARACAL.who();
    private static final int CONNECTIONS = 1000;
    private static final int ROUNDS = 5;
    private static final int ROUNDS_QUICK = 1;
    private static final int QUIET_MS = 2000;
    private static final int QUIET_MS_QUICK = 500;
    private static final int POLL_MS = 100;
    private static final long AGAIN_MS_MAX = 60_000;
    private static final double NS_PER_MS = 1e6;
    private static final int NEW_GAP_MS_MAX = 1000;
    /** Requests come one a millisecond: what is below this is the scheduler's, with or without an engine. */
    private static final int KEPT_GAP_MS_MAX = 50;

    /** How an engine ends. */
    private enum End {
        /** Another takes its place. */
        RESTART("restart", "--replace"),
        /** In order, before the next one begins. */
        STOP("stop"),
        KILL("kill");

        private final String figure;
        private final String[] optionsOfNext;

        End(final String figure, final String... optionsOfNext) {
            this.figure = figure;
            this.optionsOfNext = optionsOfNext;
        }

        Bar bar(final String what, final double limit, final String unit) {
            return new Bar(figure + '-' + what, CARACAL, Bar.LIMIT, Bar.Direction.AT_MOST, limit, unit);
        }

        List<Bar> bars() {
            return List.of(bar("broken", 0, "connections"), bar("gap-new", NEW_GAP_MS_MAX, "ms"),
                bar("gap-established", KEPT_GAP_MS_MAX, "ms"));
        }
    }

    /** What an end has done. */
    private record Outcome(double broken, double newGapMs, double keptGapMs) {
    }

    /** Who asks and who answers. */
    private record Load(LoadProcess held, LoadProcess prober) {
    }

    /** Made once, for the registry. */
    public RestartScenario() {
    }

    @Override
    public String name() {
        return "restart";
    }

    @Override
    public String sentence() {
        return "another engine in the place of one, and one stopped or killed and started again, under " + CONNECTIONS
            + " TCP connections and new ones every 10 ms";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL);
    }

    @Override
    public List<Bar> bars() {
        return List.of(End.values()).stream().flatMap(end -> end.bars().stream()).toList();
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final List<ResultRow> rows = new ArrayList<>();
        final List<RatioRow> ratios = new ArrayList<>();
        final List<ScenarioResult.Series> series = new ArrayList<>();
        for (final End end : End.values()) {
            final List<Outcome> outcomes = outcomes(end, settings);
            final List<double[]> values = List.of(
                outcomes.stream().mapToDouble(Outcome::broken).toArray(),
                outcomes.stream().mapToDouble(Outcome::newGapMs).toArray(),
                outcomes.stream().mapToDouble(Outcome::keptGapMs).toArray());
            for (int figure = 0; figure < values.size(); figure++) {
                final Bar bar = end.bars().get(figure);
                final Sample sample = Sample.of(values.get(figure));
                rows.add(ResultRow.of(bar.scenario(), CARACAL, bar.unit(), sample));
                series.add(ScenarioResult.Series.of(bar.scenario(), CARACAL, bar.unit(), values.get(figure)));
                ratios.add(bar.judge(figure == 0 ? sample.high() : sample.median()));
            }
        }
        return new ScenarioResult(rows, ratios, List.of("Broken: connections that failed or were silent for 10 s, the"
            + " worst of the rounds. The gap of established ones is the longest time between two answers of "
            + CONNECTIONS + " connections asked in turn, one a millisecond; that of new ones the longest time between"
            + " two connections that came about within 10 ms of their first packet. Restart: the next engine takes the"
            + " place of the one that runs (caracal run --replace); stop: that one has ended when the next begins."),
            series);
    }

    private static List<Outcome> outcomes(final End end, final BenchSettings settings)
        throws IOException, InterruptedException {
        final List<Outcome> outcomes = new ArrayList<>();
        try (NativeTools tools = NativeTools.open()) {
            for (int round = 0; round < (settings.quick() ? ROUNDS_QUICK : ROUNDS); round++) {
                try (Lab lab = BenchLab.create("restart", settings)) {
                    outcomes.add(outcome(end, new PodSetting(lab, tools, settings, PodSetting.Layout.SAME_NODE)));
                    settings.say(String.format(Locale.ROOT, "%s: %s", end.figure, outcomes.getLast()));
                }
            }
        }
        return outcomes;
    }

    private static Outcome outcome(final End end, final PodSetting setting) throws IOException, InterruptedException {
        final PodNode pods = new PodNode(setting, CARACAL);
        pods.announce();
        final EngineUnderTest engine = start(pods, setting);
        final PodPath path = pods.path(CARACAL, List.of(engine.pid()), engine::close);
        try (LoadProcess server = LoadProcess.start(setting.tools().load(), List.of("answer"),
                List.of("--netns", path.api().namespace(), "--address", "0.0.0.0", "--port", "8080"));
            LoadProcess held = client(setting, path, "hold"); LoadProcess prober = client(setting, path, "probe")) {
            Thread.sleep(setting.settings().quick() ? QUIET_MS_QUICK : QUIET_MS);
            final Outcome outcome = endAndStartAgain(end, engine, pods, setting, new Load(held, prober));
            if (server.read().operations() == 0) {
                throw new BenchException("measure restarts: the server in " + path.api() + " was never asked");
            }
            return outcome;
        } finally {
            engine.close();
        }
    }

    private static EngineUnderTest start(final PodNode pods, final PodSetting setting, final String... options)
        throws IOException, InterruptedException {
        final EngineUnderTest engine = EngineUnderTest.start(pods.node(), setting.settings().home(), options);
        try {
            return engine.awaitReady();
        } catch (final InterruptedException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    private static LoadProcess client(final PodSetting setting, final PodPath path, final String role)
        throws IOException, InterruptedException {
        return LoadProcess.start(setting.tools().load(), List.of(role),
            List.of("--netns", path.client().namespace(), "--address", path.api().address(), "--port", "8080",
                "--parallel", String.valueOf(CONNECTIONS)));
    }

    private static Outcome endAndStartAgain(final End end, final EngineUnderTest engine, final PodNode pods,
                                            final PodSetting setting, final Load load)
        throws IOException, InterruptedException {
        final LoadCounters before = load.held.read();
        load.prober.read();
        switch (end) {
            case RESTART -> { }
            case STOP -> engine.close();
            case KILL -> engine.kill();
        }
        try (EngineUnderTest next = start(pods, setting, end.optionsOfNext)) {
            final LoadCounters started = load.held.read();
            final long gapNs = Math.max(started.gapNs(), awaitEveryoneAsked(load.held, started, next.pid()));
            return new Outcome(load.held.read().failures() - before.failures(), load.prober.read().gapNs() / NS_PER_MS,
                gapNs / NS_PER_MS);
        }
    }

    /** Until every connection has been asked since the new engine's start. */
    private static long awaitEveryoneAsked(final LoadProcess held, final LoadCounters started, final long pid)
        throws IOException, InterruptedException {
        final long beginNs = System.nanoTime();
        long gapNs = 0;
        LoadCounters now = started;
        while (now.operations() + now.failures() < started.operations() + started.failures() + CONNECTIONS) {
            if (System.nanoTime() - beginNs > TimeUnit.MILLISECONDS.toNanos(AGAIN_MS_MAX)) {
                throw new BenchException("measure restarts: after " + AGAIN_MS_MAX + " ms only "
                    + (now.operations() - started.operations()) + " connections had answered by engine " + pid);
            }
            Thread.sleep(POLL_MS);
            now = held.read();
            gapNs = Math.max(gapNs, now.gapNs());
        }
        return gapNs;
    }
}
