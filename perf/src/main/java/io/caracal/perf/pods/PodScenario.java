package io.caracal.perf.pods;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.Scenario;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.rounds.InterleavedRounds;
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
        final PodResult result = new PodResult();
        final List<PodPeer> present = new ArrayList<>();
        for (final PodPeer peer : parts.stream().flatMap(part -> part.peers().stream()).distinct().toList()) {
            if (peer.missing().isEmpty()) {
                present.add(peer);
            } else {
                result.leaveOut(name, peer.who(), peer.missing());
            }
        }
        try (NativeTools tools = NativeTools.compile()) {
            for (final PodPart part : parts) {
                try (Lab lab = BenchLab.create("pods", settings)) {
                    run(part, new PodSetting(lab, tools, settings, part.layout()), present, result);
                }
            }
        }
        return result.finish(settings.results());
    }

    private static void run(final PodPart part, final PodSetting setting, final List<PodPeer> present,
                            final PodResult result) throws IOException, InterruptedException {
        final List<PodPeer> peers = part.peers().stream().filter(present::contains).toList();
        result.add(part, peers.stream().map(PodPeer::who).toList(), measure(part, setting, peers));
    }

    private static RoundLog<PodFigures> measure(final PodPart part, final PodSetting setting,
                                                final List<PodPeer> peers) throws IOException, InterruptedException {
        final BenchSettings settings = setting.settings();
        final List<AutoCloseable> open = new ArrayList<>();
        try {
            final List<PodContender> contenders = new ArrayList<>();
            for (final PodPeer peer : peers) {
                final PodPath path = peer.lay(setting);
                open.add(path);
                final PodContender contender = new PodContender(path, part.load(), setting.tools().load(),
                    PodContender.Timing.of(settings.quick()));
                open.add(contender);
                contenders.add(contender);
            }
            settings.say(part.figure() + ": " + String.join(", ", peers.stream().map(PodPeer::who).toList()));
            contenders.getFirst().warmUp();
            return new InterleavedRounds<>(contenders, settings::say).run(settings.rounds());
        } finally {
            close(open);
        }
    }

    private static void close(final List<AutoCloseable> open) {
        BenchException failure = null;
        for (final AutoCloseable one : open.reversed()) {
            try {
                one.close();
            } catch (final Exception e) {
                failure = failure == null ? new BenchException("close what carried packets", e) : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
