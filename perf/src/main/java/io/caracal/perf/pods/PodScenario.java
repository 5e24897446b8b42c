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
import io.caracal.perf.rounds.RoundLog;
import io.caracal.perf.tool.NativeTools;

/**
 * Traffic of real sockets from pod to pod, by each contender in turn, round by round. Each has a node of its own, with
 * pods made alike; whoever is not measured carries nothing meanwhile.
 */
public final class PodScenario implements Scenario {
    private final String name;
    private final String sentence;
    private final List<PodPart> parts;

    PodScenario(final String name, final String sentence, final List<PodPart> parts) {
        this.name = name;
        this.sentence = sentence;
        this.parts = List.copyOf(parts);
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
        return parts.stream().flatMap(part -> part.peers().stream()).map(PodPeer::who).distinct().toList();
    }

    @Override
    public List<Bar> bars() {
        return parts.stream().flatMap(part -> part.bars().stream()).toList();
    }

    @Override
    public ScenarioResult run(final BenchSettings settings) throws IOException, InterruptedException {
        final Findings result = new Findings();
        final List<PodPeer> present = new ArrayList<>();
        for (final PodPeer peer : parts.stream().flatMap(part -> part.peers().stream()).distinct().toList()) {
            if (peer.missing().isEmpty()) {
                present.add(peer);
            } else {
                result.leaveOut(name, peer.who(), peer.missing());
            }
        }
        try (NativeTools tools = NativeTools.open()) {
            for (final PodPart part : parts) {
                try (Lab lab = BenchLab.create("pods", settings)) {
                    run(part, new PodSetting(lab, tools, settings, part.layout()), present, result);
                }
            }
        }
        return result.finish(settings.results());
    }

    private static void run(final PodPart part, final PodSetting setting, final List<PodPeer> present,
                            final Findings result) throws IOException, InterruptedException {
        final List<PodPeer> peers = part.peers().stream().filter(present::contains).toList();
        result.add(part.finding(), peers.stream().map(PodPeer::who).toList(), measure(part, setting, peers));
    }

    private static RoundLog<PodFigures> measure(final PodPart part, final PodSetting setting,
                                                final List<PodPeer> peers) throws IOException, InterruptedException {
        final BenchSettings settings = setting.settings();
        try (OpenPaths open = new OpenPaths()) {
            final List<PodContender> contenders = new ArrayList<>();
            for (final PodPeer peer : peers) {
                final PodPath path = open.add(peer.lay(setting));
                contenders.add(open.add(new PodContender(PodContender.Ends.of(path, part.load()), part.load(),
                    setting.tools().load(), PodContender.Timing.of(settings.quick()))));
            }
            settings.say(part.figure() + ": " + String.join(", ", peers.stream().map(PodPeer::who).toList()));
            contenders.getFirst().warmUp();
            return settings.interleaved(contenders).run(settings.rounds());
        }
    }
}
