package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;

import io.caracal.bindings.BpfLinks;
import io.caracal.control.proto.ToDataplane;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A running engine driven by Felix: a replayer in Felix's place, the real driver, the real socket, real packets. */
@Timeout(300)
class FelixEngineTest extends TwoPodNode {
    private static final int RESTART_COUNT = 5;

    FelixEngineTest() {
        super("felix");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
    }

    private String phase() throws IOException {
        return view.ask("status").path("source").path("phase").asText();
    }

    private void awaitPhase(final String phase) throws Exception {
        NodeView.await("phase " + phase, () -> phase().equals(phase));
    }

    private long counter(final String name) throws IOException {
        return view.ask("status").path("source").path("counters").path(name).asLong();
    }

    /** As Felix says it with the Kubernetes datastore, which keeps no MAC addresses. */
    private static ToDataplane withoutMac(final ToDataplane message) {
        final ToDataplane.Builder changed = message.toBuilder();
        if (message.hasWorkloadEndpointUpdate()) {
            changed.getWorkloadEndpointUpdateBuilder().getEndpointBuilder().clearMac();
        }
        return changed.build();
    }

    @Test
    void shouldServePodsWhoseMacAddressFelixDoesNotSay() throws Exception {
        final List<ToDataplane> messages = FelixReplayer.messagesOf(node).stream().map(FelixEngineTest::withoutMac).toList();
        assertEquals(2, messages.stream().filter(ToDataplane::hasWorkloadEndpointUpdate)
            .filter(each -> each.getWorkloadEndpointUpdate().getEndpoint().getMac().isEmpty()).count());
        try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node);
            FelixReplayer felix = FelixReplayer.start(node).say(messages)) {
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log() + felix.heard());
            assertTrue(NodeView.reaches(web, client.ipv6()), engine.log());
            assertEquals(List.of(), view.problems());
            for (final io.caracal.lab.LabPod pod : List.of(client, web)) {
                final String neighbour = view.onNode("ip", "neigh", "show", pod.ipv4(), "dev", pod.interfaceName());
                assertTrue(neighbour.contains(pod.mac() + " PERMANENT"), neighbour);
            }
        }
    }

    @Test
    void shouldTouchNothingAndLoseNothingWhenFelixRestarts() throws Exception {
        final List<ToDataplane> messages = FelixReplayer.messagesOf(node);
        try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node)) {
            assertEquals("waiting", phase());
            assertEquals("the control source has not said everything yet",
                view.ask("status").path("notReady").path(0).asText());
            FelixReplayer felix = FelixReplayer.start(node).say(messages);
            view.awaitAttached(client, web);
            NodeView.await("ready", () -> view.ask("status").path("ready").asBoolean());
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());

            final Kernel before = kernel();
            final long revision = view.ask("status").path("source").path("revision").asLong();
            try (RouteEvents events = RouteEvents.watch(node); SteadyTraffic traffic = SteadyTraffic.start(client, web)) {
                for (int restart = 0; restart < RESTART_COUNT; restart++) {
                    felix.close();
                    awaitPhase("last good state");
                    assertTrue(traffic.awaitMore(50), traffic.toString());
                    felix = FelixReplayer.start(node).say(messages);
                    awaitPhase("in sync");
                    assertTrue(traffic.awaitMore(50), traffic.toString());
                }
                traffic.stop();
                assertEquals(0, traffic.lost(), traffic.toString());
                assertEquals(List.of(), events.seen(), "routes, neighbours and links that were touched");
            }
            assertEquals(before, kernel(), "programs and the guard's set");
            assertEquals(revision, view.ask("status").path("source").path("revision").asLong(), "changes told");
            felix.close();
        }
    }

    /** Programs by their hooks, and the guard's set. */
    private record Kernel(Map<String, BpfLinks.LinkInfo> links, String guard) {
    }

    private Kernel kernel() throws Exception {
        final String guard = view.onNode("nft", "-a", "list", "table", "inet", "caracal");
        return new Kernel(view.pinnedLinks(), guard.replaceAll("packets \\d+ bytes \\d+", ""));
    }

    @Test
    void shouldRefuseASecondFelix() throws Exception {
        final List<ToDataplane> messages = FelixReplayer.messagesOf(node);
        try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node);
            FelixReplayer first = FelixReplayer.start(node).say(messages)) {
            view.awaitAttached(client, web);
            try (FelixReplayer second = FelixReplayer.start(node)) {
                assertEquals(1, second.driverExitCode(), "the engine closes its connection");
            }
            assertEquals(1, counter("connections.refused"), engine.log());
            assertEquals("in sync", phase());
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            assertEquals(1, counter("connections"), first.heard().toString());
        }
    }

    @Test
    void shouldStartWithTheLastGoodStateBeforeFelixComes() throws Exception {
        final List<String> felixSocket = List.of("--felix", EmbeddedEngine.felixSocket(node).toString());
        try (EngineChild first = EngineChild.startWith(node, felixSocket);
            FelixReplayer felix = FelixReplayer.start(node).say(FelixReplayer.messagesOf(node))) {
            first.awaitReady();
            view.awaitAttached(client, web);
            NodeView.await("the state is kept", () -> counter("state.saved") > 0);
            first.kill();
            assertEquals(1, felix.driverExitCode(), "the engine is gone: Felix shall say all anew");
        }
        try (EngineChild second = EngineChild.startWith(node, felixSocket).awaitReady()) {
            assertEquals("last good state", phase());
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), second.log());
            try (FelixReplayer felix = FelixReplayer.start(node).say(FelixReplayer.messagesOf(node))) {
                awaitPhase("in sync");
                assertTrue(NodeView.reaches(client, web.ipv4()), second.log() + felix.heard());
            }
        }
    }

    @Test
    void shouldNotBeReadyWhileAHostEndpointIsNotEnforcedUnlessThatIsAllowed() throws Exception {
        node.writeManifest("hep.yaml", """
            apiVersion: projectcalico.org/v3
            kind: HostEndpoint
            metadata:
              name: node1-eth0
              labels: {role: edge}
            spec: {node: node1, interfaceName: eth0}
            ---
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: only-web}
            spec:
              selector: role == "edge"
              types: [Ingress]
              ingress: [{action: Allow, protocol: TCP, destination: {ports: [443]}}]
            """);
        final String named = "host endpoint node1-eth0 (interface eth0): not enforced on packets: "
            + "normal policy [policy GlobalNetworkPolicy only-web]; egress of the host by profiles []";
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            assertFalse(engine.dataplane().ready().isDone(), engine.log());
            assertEquals(List.of(named), engine.dataplane().notReady());
            assertTrue(engine.log().contains(named), engine.log());
            java.nio.file.Files.delete(node.manifests().resolve("hep.yaml"));
            NodeView.await("ready", () -> engine.dataplane().ready().isDone());
            assertEquals(List.of(), engine.dataplane().notReady());
            assertTrue(view.ask("status").path("notEnforced").isEmpty());
        }
    }

    @Test
    void shouldBeReadyWithHostEndpointsThatAreAllowedToBeUnenforced() throws Exception {
        node.writeManifest("hep.yaml", """
            apiVersion: projectcalico.org/v3
            kind: HostEndpoint
            metadata: {name: node1-eth0}
            spec: {node: node1, interfaceName: eth0}
            """);
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node, "allow-unenforced-host-endpoints=true")) {
            assertTrue(engine.dataplane().ready().isDone(), engine.log());
            assertTrue(view.ask("status").path("notEnforced").path(0).asText().contains("ingress of the host by profiles"),
                engine.log());
        }
    }
}
