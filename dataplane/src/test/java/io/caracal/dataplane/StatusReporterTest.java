package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.control.WorkloadEndpointId;
import io.caracal.control.proto.FromDataplane;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the running engine tells Felix, the CNI plugin and kubelet about its endpoints. Real kernel, root. */
@Timeout(120)
class StatusReporterTest extends TwoPodNode {
    private static final int HEALTH_PORT = 9099;

    @TempDir
    private Path calico;

    StatusReporterTest() {
        super("status");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
        node.writeManifest("felix.yaml", """
            apiVersion: projectcalico.org/v3
            kind: FelixConfiguration
            metadata: {name: default}
            spec:
              defaultEndpointToHostAction: Accept
              reportingInterval: 1s
              healthEnabled: true
              endpointStatusPathPrefix: %s
            """.formatted(calico));
    }

    /** Pod and state of each status message, in order. */
    private static List<String> states(final List<FromDataplane> heard) {
        final List<String> states = new ArrayList<>();
        for (final FromDataplane message : heard) {
            switch (message.getPayloadCase()) {
                case WORKLOAD_ENDPOINT_STATUS_UPDATE -> states.add(
                    message.getWorkloadEndpointStatusUpdate().getId().getWorkloadId() + ' '
                    + message.getWorkloadEndpointStatusUpdate().getStatus().getStatus() + ' '
                    + message.getWorkloadEndpointStatusUpdate().getEndpoint().getName());
                case WORKLOAD_ENDPOINT_STATUS_REMOVE -> states.add(
                    message.getWorkloadEndpointStatusRemove().getId().getWorkloadId() + " removed");
                case HOST_ENDPOINT_STATUS_UPDATE -> states.add(
                    message.getHostEndpointStatusUpdate().getId().getEndpointId() + ' '
                    + message.getHostEndpointStatusUpdate().getStatus().getStatus());
                default -> { }
            }
        }
        return states;
    }

    private static Set<String> set(final String... each) {
        return new TreeSet<>(List.of(each));
    }

    @Test
    void shouldTellFelixHowEachEndpointIsAndThatTheEngineLives() throws Exception {
        final String clientUp = "shop/client up " + client.interfaceName();
        final String webUp = "shop/web up " + web.interfaceName();
        try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node)) {
            try (FelixReplayer felix = FelixReplayer.start(node)) {
                felix.say(FelixReplayer.messagesOf(node));
                NodeView.await("both are up", () ->
                    new TreeSet<>(states(felix.heard())).containsAll(set(clientUp, webUp)));
                view.onNode("ip", "link", "del", web.interfaceName());
                NodeView.await("web is down",
                    () -> states(felix.heard()).contains("shop/web down " + web.interfaceName()));
                NodeView.await("two signs of life", () -> felix.heard().stream()
                    .filter(FromDataplane::hasProcessStatusUpdate).count() >= 2);
                assertTrue(felix.heard().stream().filter(FromDataplane::hasProcessStatusUpdate)
                    .allMatch(message -> message.getProcessStatusUpdate().getUptime() > 0), engine.log());
                final List<Long> numbers = felix.heard().stream().map(FromDataplane::getSequenceNumber).toList();
                assertEquals(numbers.stream().sorted().toList(), numbers, "one after the other");
            }
            try (FelixReplayer next = FelixReplayer.start(node)) {
                next.say(FelixReplayer.messagesOf(node));
                NodeView.await("the next Felix is told everything", () -> new TreeSet<>(states(next.heard()))
                    .containsAll(set(clientUp, "shop/web down " + web.interfaceName())));
            }
        }
    }

    @Test
    void shouldTellFelixHowHostEndpointsAre() throws Exception {
        node.writeManifest("hep.yaml", """
            apiVersion: projectcalico.org/v3
            kind: HostEndpoint
            metadata: {name: uplink}
            spec: {node: node1, interfaceName: eth0, profiles: [kns.shop]}
            ---
            apiVersion: projectcalico.org/v3
            kind: HostEndpoint
            metadata: {name: nowhere}
            spec: {node: node1, interfaceName: eth7, profiles: [kns.shop]}
            ---
            apiVersion: projectcalico.org/v3
            kind: HostEndpoint
            metadata: {name: closed}
            spec: {node: node1, interfaceName: lo}
            """);
        try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node);
            FelixReplayer felix = FelixReplayer.start(node)) {
            felix.say(FelixReplayer.messagesOf(node));
            NodeView.await("three states", () -> new TreeSet<>(states(felix.heard()))
                .containsAll(set("closed error", "nowhere down", "uplink up")));
            assertFalse(engine.dataplane().ready().isDone(), engine.log());
        }
    }

    @Test
    void shouldKeepAFileForEachPolicedEndpoint() throws Exception {
        final Path files = Files.createDirectory(calico.resolve("endpoint-status"));
        Files.writeString(files.resolve("k8s shop%2Fstranger eth0"), "{}");
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            NodeView.await("a file each", () -> names(files).equals(
                Set.of("k8s shop%2Fweb eth0", "k8s shop%2Fclient eth0")));
            final JsonNode content = new JsonMapper().readTree(Files.readString(files.resolve("k8s shop%2Fweb eth0")));
            assertEquals(web.interfaceName(), content.path("ifaceName").asText(), engine.log());
            assertEquals(web.mac(), content.path("mac").asText());
            assertEquals(web.ipv4() + "/32", content.path("ipv4Nets").path(0).asText());
            assertEquals(web.ipv6() + "/128", content.path("ipv6Nets").path(0).asText());
            node.withdraw(web);
            NodeView.await("one is gone", () -> names(files).equals(Set.of("k8s shop%2Fclient eth0")));
        }
    }

    private static Set<String> names(final Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> !name.startsWith("."))
                .collect(Collectors.toSet());
        }
    }

    @Test
    void shouldEscapeWhatAFileNameCannotHold() {
        assertEquals("k8s a%2Fb%20c%25%C3%BC eth0",
            EndpointStatusFiles.fileName(new WorkloadEndpointId("k8s", "a/b c%ü", "eth0")));
    }

    @Test
    void shouldAnswerKubeletWhereFelixsSettingsSay() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            NodeView.await("ready", () -> ask("readiness").output().equals("ok\n200"));
            assertEquals("ok\n200", ask("liveness").output(), engine.log());
            node.writeManifest("hep.yaml", """
                apiVersion: projectcalico.org/v3
                kind: HostEndpoint
                metadata: {name: closed}
                spec: {node: node1, interfaceName: eth0}
                """);
            NodeView.await("not ready", () -> ask("readiness").output().endsWith("503"));
            assertTrue(ask("readiness").output().contains("host endpoint closed (interface eth0)"), engine.log());
            assertEquals("ok\n200", ask("liveness").output(), engine.log());
        }
        assertEquals(7, ask("liveness").exitCode(), "curl: nobody listens");
    }

    @Test
    void shouldServeHealthAtAnotherPortWhereFelixHasItsOwn() throws Exception {
        try (ServerSocket felix = node.call(() -> new ServerSocket(HEALTH_PORT));
            EmbeddedEngine engine = EmbeddedEngine.launch(node, "health-port=9098")) {
            NodeView.await("ready", () -> ask("readiness", 9098).output().equals("ok\n200"));
            assertTrue(felix.isBound(), engine.log());
        }
    }

    private NodeView.Ran ask(final String page) throws Exception {
        return ask(page, HEALTH_PORT);
    }

    private NodeView.Ran ask(final String page, final int port) throws Exception {
        return NodeView.run(node.command("curl", "-s", "-w", "%{http_code}", "http://127.0.0.1:" + port + '/' + page));
    }
}
