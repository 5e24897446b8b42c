package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Flows of real TCP connections in a running engine: over its death, over changes of policy. A policy that denies
 * everything tells flows that are known from flows that are merely let in again.
 */
@Timeout(180)
class EngineFlowsTest extends TwoPodNode {
    private static final int CONNECTIONS = 200;
    private static final int PORT = 7777;

    EngineFlowsTest() {
        super("flows");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
    }

    @Test
    void shouldKeepEveryTcpConnectionWhenTheEngineIsKilled() throws Exception {
        try (EngineChild first = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            try (EchoConnections connections = EchoConnections.open(client, web, PORT, CONNECTIONS)) {
                connections.awaitExchanges(10 * CONNECTIONS);
                assertEquals(CONNECTIONS, view.ask("status").path("workloads").path(0).path("flows").asLong(), "gauge");
                connections.longestGapMs();
                final long killedNs = System.nanoTime();
                first.kill();
                DenyAll.write(node);
                try (EngineChild second = EngineChild.start(node).awaitReady()) {
                    final long readyMs = (System.nanoTime() - killedNs) / 1_000_000;
                    connections.awaitExchanges(10 * CONNECTIONS);
                    System.out.println(CONNECTIONS + " TCP connections over kill -9: next engine ready after " + readyMs
                        + " ms, longest wait for an answer " + connections.longestGapMs() + " ms, "
                        + connections.broken().size() + " broken");
                    assertEquals(0, connections.broken().size(), connections.broken() + "\n" + second.log());
                    assertFalse(connections.canConnect(), "policy denies: what went on was known to be allowed before");
                    assertEquals(0, view.worker().path("conntrack").path("created").asLong(-1), "new flows");
                }
            }
        }
    }

    private record Said(int exitCode, String text) {
    }

    private Said flows(final String... options) {
        final java.io.StringWriter out = new java.io.StringWriter();
        final java.util.List<String> words = new java.util.ArrayList<>(
            java.util.List.of("flows", "--admin", node.adminSocket().toString()));
        words.addAll(java.util.List.of(options));
        final int exitCode = io.caracal.cli.CaracalCommand.commandLine().setOut(new java.io.PrintWriter(out))
            .execute(words.toArray(String[]::new));
        return new Said(exitCode, out.toString());
    }

    @Test
    void shouldListFlowsOfARunningEngineByPodStateAndPort() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            try (EchoConnections connections = EchoConnections.open(client, web, PORT, 3)) {
                connections.awaitExchanges(100);
                final Said tcp = flows("--pod", "shop/web", "--protocol", "tcp", "--state", "ESTABLISHED", "--port",
                    String.valueOf(PORT));
                assertEquals(0, tcp.exitCode(), tcp.text() + engine.log());
                assertTrue(tcp.text().lines().filter(line -> line.matches("tcp ESTABLISHED " + client.ipv4() + ":\\d+ > "
                    + web.ipv4() + ":" + PORT + " pods k8s/shop/client/eth0 > k8s/shop/web/eth0 packets \\d+/\\d+ bytes"
                    + " \\d+/\\d+ idle \\d+s assured")).count() == 3, tcp.text());
                assertTrue(tcp.text().contains("\n3 of "), tcp.text());
                final Said json = flows("--json", "--limit", "1", "--address", web.ipv4(), "--protocol", "6");
                final com.fasterxml.jackson.databind.JsonNode answer =
                    new com.fasterxml.jackson.databind.json.JsonMapper().readTree(json.text());
                assertEquals(1, answer.path("flows").size(), json.text());
                assertEquals(3, answer.path("matched").asInt(), json.text());
                assertEquals("k8s/shop/web/eth0", answer.path("flows").path(0).path("destinationPod").asText());
                assertEquals(1, flows("--port", "9").exitCode(), "none");
                assertEquals(2, flows("--address", "nowhere").exitCode(), "wrong use");
            }
        }
    }

    @Test
    void shouldKeepConnectionsWhenTheNextEngineHasAnotherNumberOfWorkers() throws Exception {
        try (EngineChild first = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            try (EchoConnections connections = EchoConnections.open(client, web, PORT, CONNECTIONS)) {
                connections.awaitExchanges(10 * CONNECTIONS);
                first.kill();
                DenyAll.write(node);
                try (EngineChild second = EngineChild.start(node, "workers=2").awaitReady()) {
                    connections.awaitExchanges(10 * CONNECTIONS);
                    assertEquals(0, connections.broken().size(), connections.broken() + "\n" + second.log());
                    assertFalse(connections.canConnect(), "policy denies: what went on was known to be allowed before");
                    assertTrue(second.log().contains("IPv4 flows of an earlier engine"), second.log());
                }
            }
        }
    }

    @Test
    void shouldJudgeFlowsAgainWhereThatIsConfigured() throws Exception {
        try (EngineChild engine = EngineChild.start(node, "established-flows=recheck").awaitReady()) {
            view.awaitAttached(web, client);
            try (EchoConnections connections = EchoConnections.open(client, web, PORT, 1)) {
                connections.awaitExchanges(100);
                DenyAll.write(node);
                NodeView.await("the connection is cut: " + engine.log(), () -> {
                    final long before = connections.exchangeCount();
                    Thread.sleep(500);
                    return connections.exchangeCount() == before;
                });
                assertTrue(view.worker().path("drops").path("policy-deny").asLong() > 0, view.worker().toString());
            }
        }
    }

    @Test
    void shouldLetFlowsGoOnWhenPolicyChangesAndRefuseNewOnes() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            try (EchoConnections connections = EchoConnections.open(client, web, PORT, 1)) {
                connections.awaitExchanges(100);
                DenyAll.write(node);
                NodeView.await("new connections are refused: " + engine.log(), () -> !connections.canConnect());
                connections.awaitExchanges(100);
                assertEquals(0, connections.broken().size(), connections.broken().toString());
            }
        }
    }
}
