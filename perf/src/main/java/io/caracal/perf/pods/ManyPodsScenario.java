package io.caracal.perf.pods;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.Findings;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.tool.NativeTools;

/** Fifty pods, each sending to every other: 2450 flows through one node. */
public final class ManyPodsScenario implements Scenario {
    private static final String NAME = "pods-50";
    private static final int PODS = 50;
    private static final List<PodPeer> PEERS = List.of(PodPeer.CARACAL, PodPeer.IPTABLES);
    private static final PodPart PART = new PodPart(NAME, PodSetting.Layout.SAME_NODE, PodLoad.everyoneToEveryone(),
        PEERS, List.of(PodPart.atLeast(NAME, PodPeer.IPTABLES, 1.2)));

    /** Made once, for the registry. */
    public ManyPodsScenario() {
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String sentence() {
        return "64-byte UDP among " + PODS + " pods of a node, all to all: what all of them receive";
    }

    @Override
    public List<String> contenders() {
        return PEERS.stream().map(PodPeer::who).toList();
    }

    @Override
    public List<Bar> bars() {
        return PART.bars();
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final Findings result = new Findings();
        final OpenPaths open = new OpenPaths();
        try (NativeTools tools = NativeTools.open(); Lab lab = BenchLab.create("pods50", settings); open) {
            final PodSetting setting = new PodSetting(lab, tools, settings, PART.layout());
            final List<PodContender> contenders = new ArrayList<>();
            contenders.add(contender(open.add(ManyPodsPath.ofEngine(setting, PODS)), setting, open));
            if (PodPeer.IPTABLES.missing().isEmpty()) {
                contenders.add(contender(open.add(ManyPodsPath.ofIptables(setting, PODS)), setting, open));
            } else {
                result.leaveOut(NAME, PodPeer.IPTABLES.who(), PodPeer.IPTABLES.missing());
            }
            contenders.getFirst().warmUp();
            result.add(PART.finding(), contenders.stream().map(PodContender::who).toList(),
                settings.interleaved(contenders).run(settings.rounds()));
        }
        return result.finish(settings.results());
    }

    private static PodContender contender(final ManyPodsPath path, final PodSetting setting, final OpenPaths open)
        throws IOException, InterruptedException {
        final List<String> options = List.of("--peers", path.peers().toString(), "--port", "9000");
        return open.add(new PodContender(
            new PodContender.Ends(path.who(), path.pids(), path.carrier(), options, options), PART.load(),
            setting.tools().load(), PodContender.Timing.of(setting.settings().quick())));
    }
}
