package io.caracal.perf.pods;

import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.Findings;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.rounds.RoundLog;
import io.caracal.perf.stats.Latencies;
import io.caracal.perf.tool.NativeTools;

/**
 * One pod's TCP stream while another pod sends datagrams of ten times as many flows as the flow cache has room for, and
 * while that pod sends as many of one flow. Engine, pods and programs are the same; only the attacker's ports differ.
 */
public final class VictimScenario implements Scenario {
    private static final String NAME = "victim";
    private static final String CARACAL = PodPeer.CARACAL.who();
    private static final String FEW_FLOWS = CARACAL + "-few-flows";
    private static final Bar BAR = new Bar(NAME, CARACAL, FEW_FLOWS, Bar.Direction.AT_LEAST, 0.9, "");
    /** The least that the engine takes: a window is as long as it takes to send from ten times as many flows. */
    private static final int ROOM = 1024;
    private static final int FLOWS = 10 * ROOM;
    /**
     * Some hundredths of a processor in Java, the rest is the victim's. A flow's next datagram comes after more than
     * two seconds: its entry has left for its silence, so that every datagram comes to Java and wants an entry anew.
     */
    private static final int ATTACK_PPS = 4000;
    private static final String PORT = "9000";
    private static final int MS_PER_SECOND = 1000;
    private static final int WINDOW_MS = FLOWS * MS_PER_SECOND / ATTACK_PPS;
    private static final PodContender.Timing WHOLE = new PodContender.Timing(300, WINDOW_MS, 4000, 20_000);
    private static final PodContender.Timing QUICK = new PodContender.Timing(100, WINDOW_MS, 2000, 2000);

    /** Made once, for the registry. */
    public VictimScenario() {
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String sentence() {
        return "one TCP stream pod to pod while another pod sends " + ATTACK_PPS + " datagrams a second: of " + FLOWS
            + " flows, where the flow cache has room for " + ROOM + ", and of one";
    }

    @Override
    public List<String> contenders() {
        return List.of(CARACAL, FEW_FLOWS);
    }

    @Override
    public List<Bar> bars() {
        return List.of(BAR);
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final Findings result = new Findings();
        try (NativeTools tools = NativeTools.open(); Lab lab = BenchLab.create("victim", settings)) {
            final PodSetting setting = new PodSetting(lab, tools, settings, PodSetting.Layout.SAME_NODE);
            final PodNode pods = new PodNode(setting, CARACAL);
            pods.announce();
            try (EngineUnderTest engine = EngineUnderTest.start(pods.node(), settings.home(), "--set",
                    "offload-flows=" + ROOM)) {
                engine.awaitReady();
                final RoundLog<VictimFigures> log = measure(setting, pods, engine);
                result.add(figure(NAME, "Gbit/s", VictimFigures::gigabits, BAR), contenders(), log);
                result.add(figure(NAME + "-java", "packets", VictimFigures::javaPackets), contenders(), log);
                result.add(figure(NAME + "-attack", "pps", VictimFigures::attackPps), contenders(), log);
            }
        }
        result.note(NAME + "-java: packets of the victim that came to Java, from its connecting to its end.");
        return result.finish(settings.results());
    }

    private static Findings.Figure<VictimFigures> figure(final String name, final String unit,
        final ToDoubleFunction<VictimFigures> value, final Bar... bars) {
        return new Findings.Figure<>(name, unit, value, figures -> Latencies.NONE, new Findings.Quantiles(name),
            List.of(bars));
    }

    private static RoundLog<VictimFigures> measure(final PodSetting setting, final PodNode pods,
                                                   final EngineUnderTest engine)
        throws IOException, InterruptedException {
        final BenchSettings settings = setting.settings();
        try (LoadProcess sink = LoadProcess.start(setting.tools().load(), List.of("udp-sink"),
                List.of("--netns", pods.client().namespace().name(), "--address", "0.0.0.0", "--port", PORT));
            Attack many = attack(setting, pods, engine, FLOWS); Attack one = attack(setting, pods, engine, 1);
            PodContender victim = victim(setting, pods, List.of(engine.pid(), sink.pid(), many.pid(), one.pid()))) {
            final List<VictimContender> contenders = List.of(new VictimContender(CARACAL, victim, many),
                new VictimContender(FEW_FLOWS, victim, one));
            contenders.getFirst().warmUp();
            /* A window is as long as it takes to send from all flows, also for a look. */
            return settings.interleaved(contenders).run(settings.quick() ? 1 : settings.rounds());
        }
    }

    private static Attack attack(final PodSetting setting, final PodNode pods, final EngineUnderTest engine,
                                 final int flows) throws IOException, InterruptedException {
        final LoadProcess process = LoadProcess.start(setting.tools().load(), List.of("udp"),
            List.of("--netns", pods.database().namespace().name(), "--address", pods.client().ipv4(), "--port", PORT,
                "--ports", String.valueOf(flows), "--rate", String.valueOf(ATTACK_PPS)));
        return Attack.prepare(engine, pods.database(), new Attack.Sender(process, flows <= ROOM));
    }

    private static PodContender victim(final PodSetting setting, final PodNode pods, final List<Long> pids)
        throws IOException, InterruptedException {
        final PodLoad load = PodLoad.streams(1);
        return new PodContender(PodContender.Ends.of(pods.path(CARACAL, pids, Carrier.KERNEL), load), load,
            setting.tools().load(), setting.settings().quick() ? QUICK : WHOLE);
    }
}
