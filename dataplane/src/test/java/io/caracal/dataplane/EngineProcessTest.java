package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;

import io.caracal.bindings.BpfLinks;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code caracal run} as a process of its own: killed, taken over, started wrongly, looked at from outside. */
@Timeout(180)
class EngineProcessTest extends TwoPodNode {
    private static final int CHURN_ROUNDS = 60;
    private static final int PINGS_PER_ROUND = 20;
    private static final int FLOOD_COUNT = 20_000;
    /** Three times the interval in which a worker compares ledger, pool and rings. */
    private static final int HOUSEKEEPING_MS = 300;
    private static final int PROBE_PORT = 8080;
    private static final int PROBE_TIMEOUT_MS = 2000;

    EngineProcessTest() {
        super("process");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
    }

    @Test
    void shouldTakeOverFromAnEngineThatWasKilled() throws Exception {
        final Map<String, Integer> hooksBefore;
        try (EngineChild first = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            assertTrue(NodeView.reaches(client, web.ipv4()), first.log());
            hooksBefore = hooks();
            first.kill();
        }
        assertEquals(6, hooksBefore.size(), hooksBefore.toString());
        assertEquals(hooksBefore, hooks(), "programs stay attached without an engine");
        assertFalse(NodeView.reaches(client, web.ipv4()), "without an engine, a miss is dropped");
        try (ServerSocket server = web.call(() -> new ServerSocket(PROBE_PORT))) {
            assertTrue(hostConnects(server), "kubelet's probes pass without an engine");
        }

        try (EngineChild second = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            assertTrue(NodeView.reaches(client, web.ipv4()), second.log());
            assertTrue(NodeView.reaches(client, node.ipv4()), second.log());
            assertTrue(second.log().contains("adopts punt0 and punt1 of an earlier engine"), second.log());
            assertFalse(second.log().contains("is replaced"), second.log());
            assertEquals(hooksBefore.keySet(), hooks().keySet(), "the same pins");
            assertEquals(0, second.end(), second.log());
        }
    }

    @Test
    void shouldTakeThePlaceOfAnEngineThatRuns() throws Exception {
        try (EngineChild first = EngineChild.start(node, "offload=off").awaitReady()) {
            view.awaitAttached(web, client);
            final Map<String, Integer> hooksBefore = hooks();
            try (EchoConnections connections = EchoConnections.open(client, web, PROBE_PORT, 20)) {
                connections.awaitExchanges(100);
                try (EngineChild second = EngineChild.start(node, "offload=off", "replace=true").awaitReady()) {
                    assertEquals(0, first.exitCode(), first.log());
                    assertTrue(first.log().contains("another engine takes this one's place"), first.log());
                    assertTrue(second.log().contains("took the place of the engine before"), second.log());
                    view.awaitAttached(web, client);
                    connections.awaitExchanges(100);
                    assertEquals(List.of(), connections.broken(), second.log());
                    assertTrue(connections.canConnect(), second.log());
                    assertEquals(hooksBefore.keySet(), hooks().keySet(), "the same pins");
                    assertEquals(0, second.end(), second.log());
                }
            }
        }
        try (EngineChild alone = EngineChild.start(node, "replace=true").awaitReady()) {
            assertFalse(alone.log().contains("took the place"), alone.log());
            assertTrue(NodeView.reaches(client, web.ipv4()), alone.log());
        }
    }

    @Test
    void shouldLeaveAnEngineAloneThatItCannotAskOrWhosePlaceItCannotTake() throws Exception {
        try (EngineChild first = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            assertRefuses(3, "replace the engine that runs here: connect to the engine at /proc/caracal.sock",
                "--set", "replace=true", "--set", "conntrack-directory=" + node.state().resolve("elsewhere"),
                "--set", "admin-socket=/proc/caracal.sock");
            assertRefuses(2, "/no/such/directory", "--manifests", "/no/such/directory", "--set", "replace=true");
            Files.writeString(node.manifests().resolve("broken.yaml"), "kind: [");
            assertRefuses(3, "broken.yaml", "--set", "replace=true");
            assertTrue(NodeView.reaches(client, web.ipv4()), first.log());
        }
    }

    /** From the host's network to a server in the web pod; the kernel accepts without the server's doing. */
    private boolean hostConnects(final ServerSocket server) {
        return node.call(() -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(web.ipv4(), server.getLocalPort()), PROBE_TIMEOUT_MS);
                return socket.isConnected();
            }
        });
    }

    /** Names of link pins, and the interface each is on. */
    private Map<String, Integer> hooks() throws IOException {
        final Map<String, Integer> ifindexByPin = new TreeMap<>();
        for (final Map.Entry<String, BpfLinks.LinkInfo> link : view.pinnedLinks().entrySet()) {
            ifindexByPin.put(link.getKey(), link.getValue().ifindex());
        }
        return ifindexByPin;
    }

    @Test
    void shouldTakeAwayWhatAPodLeftWhileNoEngineRan() throws Exception {
        try (EngineChild first = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            first.kill();
        }
        node.removePod(web);
        node.withdraw(client);
        try (EngineChild second = EngineChild.start(node).awaitReady()) {
            assertEquals(2, view.pinnedLinks().size(), "those of the punt pair: " + second.log());
            assertEquals(List.of(), List.copyOf(view.armed()), second.log());
            assertEquals(0, view.ask("status").path("workloads").size(), second.log());
        }
    }

    @Test
    void shouldKeepNothingOfInterfacesThatComeAndGoUnderTraffic() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            churn(1);
            final String pid = String.valueOf(engine.pid());
            final List<String> before = OpenFiles.settled(pid, ".+");
            final long linksBefore = linkCount();
            churn(CHURN_ROUNDS);
            view.awaitAttached(web, client);
            NodeView.await("descriptors as before: " + before, () -> OpenFiles.of(pid, ".+").equals(before));
            assertEquals(linksBefore, linkCount());
            assertEquals(6, view.pinnedLinks().size(), engine.log());
            assertEquals(2, view.armed().size(), engine.log());
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            assertEveryFrameIsAccountedFor();
        }
    }

    /** Deletes and makes the web pod's interface while the client keeps sending to it. */
    private void churn(final int roundCount) throws Exception {
        final Process traffic = new ProcessBuilder(client.command("ping", "-n", "-q", "-f", web.ipv4()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            for (int round = 0; round < roundCount; round++) {
                view.onNode("ip", "link", "del", web.interfaceName());
                view.plugAgain(web);
                NodeView.run(client.command("ping", "-n", "-q", "-f", "-c", String.valueOf(PINGS_PER_ROUND), "-w", "1",
                    web.ipv4()));
            }
        } finally {
            traffic.destroy();
            traffic.waitFor();
        }
    }

    private long linkCount() throws Exception {
        return view.onNode("ip", "-br", "link").lines().count();
    }

    private void assertEveryFrameIsAccountedFor() throws Exception {
        Thread.sleep(HOUSEKEEPING_MS);
        final JsonNode worker = view.worker();
        assertEquals(0, worker.path("frame-miscounts").asLong(-1), worker.toString());
        assertEquals(0, worker.path("frame-violations").asLong(-1), worker.toString());
        assertEquals(worker.path("frames").asLong(-1), worker.path("frames-free").asLong(-1) + worker.path("frames-outstanding").asLong(-1)
            + worker.path("frames-held").asLong(-1), worker.toString());
    }

    @Test
    void shouldAllocateNothingWhilePacketsFlow() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            /* What the interpreter allocates ends when the compiler has seen all of the cycle, which takes some time. */
            NodeView.await(FLOOD_COUNT + " pings and answers without a byte: " + engine.log(), () -> {
                final JsonNode before = view.worker();
                NodeView.flood(client, web.ipv4(), FLOOD_COUNT);
                final JsonNode after = view.worker();
                assertTrue(packets(after) - packets(before) >= 2 * FLOOD_COUNT, after.toString());
                return after.path("allocatedBytes").asLong(-1) == before.path("allocatedBytes").asLong(-2);
            });
            assertEveryFrameIsAccountedFor();
        }
    }

    private static long packets(final JsonNode worker) {
        return worker.path("rxPackets").asLong();
    }

    @Test
    void shouldSayWhatIsWrongWithItsArgumentsAndSettings() throws Exception {
        final Path file = Files.writeString(node.state().resolve("wrong.yaml"), "workers: [1\n");
        assertRefuses(2, "setting workers=no is no number", "--set", "workers=no");
        assertRefuses(2, "workers", "--set", "workers=0");
        assertRefuses(2, "no-such-setting", "--set", "no-such-setting=1");
        assertRefuses(2, "ring-depth", "--set", "ring-depth=1000");
        assertRefuses(2, "wrong.yaml", "--config", file.toString());
        assertRefuses(2, "/no/such/file", "--config", "/no/such/file");
        assertRefuses(2, "/no/such/directory", "--manifests", "/no/such/directory");
        assertRefuses(2, "--no-such-option", "--no-such-option");
        assertRefuses(3, "/proc/caracal", "--set", "bpf-file-system=/proc/caracal");
        assertRefuses(3, "processors {4095}: EINVAL", "--set", "first-cpu=4095");
    }

    private void assertRefuses(final int exitCode, final String named, final String... arguments) throws Exception {
        try (EngineChild engine = EngineChild.startWith(node, List.of(arguments))) {
            assertEquals(exitCode, engine.exitCode(), String.join(" ", arguments) + "\n" + engine.log());
            assertTrue(engine.log().contains(named), named + " in:\n" + engine.log());
            assertFalse(engine.log().contains("\tat "), "no stack trace: " + engine.log());
        }
    }
}
