package io.caracal.perf.pods;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

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
            for (final PodSetting.Layout layout : parts.stream().map(PodPart::layout).distinct().toList()) {
                try (Lab lab = BenchLab.create("pods", settings)) {
                    run(new PodSetting(lab, tools, settings, layout), present, result);
                }
            }
        }
        return result.finish(settings.results());
    }

    /** The parts of a layout, one after the other, over the same paths. */
    private void run(final PodSetting setting, final List<PodPeer> present, final Findings result)
        throws IOException, InterruptedException {
        final List<PodPart> ofLayout = parts.stream().filter(part -> part.layout().equals(setting.layout())).toList();
        final Map<PodPeer, PodPath> paths = new EnumMap<>(PodPeer.class);
        try (OpenPaths open = new OpenPaths()) {
            for (final PodPeer peer : present) {
                if (ofLayout.stream().anyMatch(part -> part.peers().contains(peer))) {
                    paths.put(peer, open.add(peer.lay(setting)));
                }
            }
            for (final PodPart part : ofLayout) {
                final List<PodPeer> peers = part.peers().stream().filter(paths::containsKey).toList();
                result.add(part.finding(), peers.stream().map(PodPeer::who).toList(),
                    measure(part, setting, peers.stream().map(paths::get).toList()));
            }
        }
    }

    private static RoundLog<PodFigures> measure(final PodPart part, final PodSetting setting,
                                                final List<PodPath> paths) throws IOException, InterruptedException {
        final BenchSettings settings = setting.settings();
        try (OpenPaths open = new OpenPaths()) {
            final List<PodContender> contenders = new ArrayList<>();
            for (final PodPath path : paths) {
                contenders.add(open.add(new PodContender(PodContender.Ends.of(path, part.load()), part.load(),
                    setting.tools().load(), PodContender.Timing.of(settings.quick()))));
            }
            settings.say(part.figure() + ": " + String.join(", ", paths.stream().map(PodPath::who).toList()));
            contenders.getFirst().warmUp();
            return settings.interleaved(contenders).run(settings.rounds());
        }
    }
}
