package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Recorded cases with real packets: what Felix said of a case into a running engine, then each probe's packet from a
 * real pod, host or peer to another. Packets between the host itself and the outside are left out: they do not pass the
 * engine.
 */
@Timeout(600)
class VerdictPacketTest {
    private static final Set<String> HOST_ONLY = Set.of("host-outside", "outside-host");
    /** Each ninth is also among this project's own resources; all of them in the long run. */
    private static final int EACH = Long.getLong("caracal.long.minutes", 0) > 0 ? 1 : 9;

    private static List<Path> cases() throws Exception {
        return FelixDump.entries(FelixDump.folder("verdicts"), "").stream().filter(Files::isDirectory)
            .filter(path -> Integer.parseInt(path.getFileName().toString().replaceAll("\\D", "")) % EACH == 1 % EACH)
            .toList();
    }

    private static List<JsonNode> probes(final Path folder) throws Exception {
        final List<JsonNode> probes = new ArrayList<>();
        new JsonMapper().readTree(Files.readString(folder.resolve("probes.json"))).forEach(probe -> {
            if (!HOST_ONLY.contains(probe.path("kind").asText()) && !isUnaskedReplyOfTheHost(probe)) {
                probes.add(probe);
            }
        });
        return probes;
    }

    /** A difference that is told: docs/conntrack-differences.md. */
    private static boolean isUnaskedReplyOfTheHost(final JsonNode probe) {
        return "from-host".equals(probe.path("kind").asText()) && "icmp".equals(probe.path("proto").asText())
            && probe.path("icmpType").asInt() == 0;
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel"})
    void shouldLetPassExactlyThePacketsThatFelixsKernelRulesLetPass(final String mode) throws Exception {
        final List<Path> cases = cases();
        assertTrue(cases.size() >= 30, cases.toString());
        final List<String> differences = new ArrayList<>();
        int packetCount = 0;
        try (VerdictCluster cluster = new VerdictCluster(FelixDump.folder("cluster.json"))) {
            for (final Path folder : cases) {
                final List<JsonNode> probes = probes(folder);
                packetCount += probes.size();
                /* Each case begins without flows, as when it was recorded: cases use the same ports again. */
                try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(cluster.node(),
                    "uplink-mode=" + mode, "conntrack-directory=" + cluster.node().state().resolve(folder.getFileName().toString()))) {
                    probe(cluster, folder, probes, differences);
                    assertEquals("", engine.log().replaceAll("(?m)^\\S+ (info|warn) .*\\n", ""), "errors");
                }
            }
        }
        System.out.printf("%d cases, %d packets, %d differ%n", cases.size(), packetCount, differences.size());
        assertEquals(List.of(), differences);
    }

    private static void probe(final VerdictCluster cluster, final Path folder, final List<JsonNode> probes,
                              final List<String> differences) throws Exception {
        final NodeView view = new NodeView(cluster.node());
        try (FelixReplayer felix = FelixReplayer.start(cluster.node())) {
            felix.say(FelixReplayer.recording(folder.resolve("stream.bin.gz")));
            NodeView.await(folder + " is in sync",
                () -> "in sync".equals(view.ask("status").path("source").path("phase").asText()));
            view.ask("policy");
            cluster.awaitRoutes();
            final Set<Integer> arrived = cluster.send(probes);
            for (int number = 0; number < probes.size(); number++) {
                final boolean isAllowed = "allow".equals(probes.get(number).path("node1").asText());
                if (isAllowed != arrived.contains(number)) {
                    differences.add(folder.getFileName() + " expected " + probes.get(number));
                }
            }
        }
    }
}
