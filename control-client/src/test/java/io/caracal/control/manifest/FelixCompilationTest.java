package io.caracal.control.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.SharedFiles;
import io.caracal.control.felix.ChangeFeed;
import io.caracal.control.felix.FelixState;
import io.caracal.control.felix.FelixStreamFile;
import io.caracal.control.probe.Probe;
import io.caracal.control.probe.ProbeFile;
import io.caracal.control.probe.ProbeNode;
import io.caracal.control.probe.ProbeRun;
import io.caracal.control.probe.ProbeVerdict;
import io.caracal.control.proto.RawConfig;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.ToDataplane.PayloadCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The recorded cases' YAML compiles to what the real Felix sent for it, message by message, hashes of ids included. */
class FelixCompilationTest {
    private static final Map<String, String> SETTING_NAMES =
        Map.of("defaultendpointtohostaction", "DefaultEndpointToHostAction");

    private static List<Path> cases() {
        return SharedFiles.entries(SharedFiles.path("felix/verdicts"), "case-*");
    }

    /** What the recording's Felix had from its environment, which no YAML says. */
    private static Map<String, String> environment(final List<ToDataplane> stream) {
        final Map<String, String> environment = new HashMap<>();
        for (final RawConfig source : stream.getFirst().getConfigUpdate().getSourceToRawConfigMap().values()) {
            if (source.getSource().equals("environment variable")) {
                SETTING_NAMES.forEach((raw, name) -> {
                    if (source.getConfigMap().containsKey(raw)) {
                        environment.put(name, source.getConfigMap().get(raw));
                    }
                });
            }
        }
        return environment;
    }

    private static List<ToDataplane> stream(final Path folder) throws IOException {
        final List<ToDataplane> messages = new ArrayList<>();
        FelixStreamFile.forEach(folder.resolve("stream.bin.gz"), messages::add);
        return messages;
    }

    private static ManifestLoader.Loaded compile(final Path folder, final List<ToDataplane> stream) {
        return new ManifestLoader(List.of(SharedFiles.path("felix/cluster.yaml"), folder.resolve("manifests.yaml")),
            "node1", environment(stream)).load();
    }

    /** Each message as text; configuration apart, most of which comes from the recording's environment. */
    private static Set<String> texts(final FelixState state) {
        final Set<String> texts = new LinkedHashSet<>();
        for (final ToDataplane message : state.messages()) {
            if (message.getPayloadCase() != PayloadCase.CONFIG_UPDATE
                && message.getPayloadCase() != PayloadCase.IN_SYNC) {
                texts.add(message.toBuilder().clearSequenceNumber().build().toString());
            }
        }
        return texts;
    }

    @Test
    void shouldCompileToTheMessagesThatFelixSent() throws IOException {
        int messageCount = 0;
        for (final Path folder : cases()) {
            final List<ToDataplane> stream = stream(folder);
            final FelixState felix = new FelixState();
            stream.forEach(felix::take);
            final Set<String> expected = texts(felix);
            final Set<String> compiled = texts(compile(folder, stream).state());
            final List<String> missing = expected.stream().filter(text -> !compiled.contains(text)).toList();
            final List<String> extra = compiled.stream().filter(text -> !expected.contains(text)).toList();
            assertTrue(missing.isEmpty() && extra.isEmpty(), folder.getFileName() + ": Felix sent\n"
                + String.join("---\n", missing) + "\nwe made\n" + String.join("---\n", extra));
            messageCount += expected.size();
        }
        System.out.println("compiled as Felix: " + messageCount + " messages");
        assertTrue(messageCount > 1000, "only " + messageCount + " messages compared");
    }

    @Test
    void shouldSettleTheSameSettings() throws IOException {
        for (final Path folder : cases()) {
            final List<ToDataplane> stream = stream(folder);
            final Map<String, String> felix = stream.getFirst().getConfigUpdate().getConfigMap();
            final Map<String, String> compiled =
                compile(folder, stream).state().messages().getFirst().getConfigUpdate().getConfigMap();
            for (final String name : List.of("DefaultEndpointToHostAction", "FelixHostname", "IPv4VXLANTunnelAddr",
                "FloatingIPs", "NFTablesMode", "ReportingIntervalSecs", "BPFConnectTimeLoadBalancing", "ClusterType")) {
                assertEquals(felix.get(name), compiled.get(name), folder.getFileName() + " " + name);
            }
        }
    }

    @Test
    void shouldDecideEveryRecordedPacketAsFelixDidFromTheManifestsAlone() throws IOException {
        final List<String> wrong = new ArrayList<>();
        int probeCount = 0;
        for (final Path folder : cases()) {
            final ManifestLoader.Loaded loaded = compile(folder, stream(folder));
            final ProbeNode node = new ProbeNode("node1", "eth0");
            new ChangeFeed(node, loaded.places()).replace(loaded.state());
            final ProbeRun run = new ProbeRun(node);
            for (final Probe probe : ProbeFile.read(folder.resolve("probes.json"), "node1")) {
                final ProbeVerdict verdict = run.decide(probe);
                probeCount++;
                if (!verdict.agrees()) {
                    wrong.add(folder.getFileName() + " " + probe + ": " + verdict.reason());
                }
            }
        }
        System.out.println("verdicts from manifests: " + probeCount + " packets, " + wrong.size() + " otherwise");
        assertTrue(probeCount > 500, "only " + probeCount + " packets found");
        assertEquals(List.of(), wrong);
    }
}
