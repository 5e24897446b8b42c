package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Connections that the kernel opens by an earlier verdict, under random changes of policy: once {@code status} shows
 * the revision of a change, not one opens that this policy denies, and each that it allows does. The first one of a
 * kind after each change is Java's.
 */
@Timeout(600)
class OpenedConnectionsTest extends TwoPodNode {
    private static final int CHANGES = 60;
    private static final int FIRST_PORT = 9101;
    private static final int PORTS = 3;
    private static final int CONNECTIONS = 4;
    /** A first packet that is dropped is sent again after a second. */
    private static final int DENIED_AFTER_MS = 30;
    private static final int ALLOWED_WITHIN_MS = 5000;

    private final List<ServerSocket> servers = new ArrayList<>();
    private SplittableRandom random;

    OpenedConnectionsTest() {
        super("opened");
    }

    @BeforeEach
    void listen() {
        announceBoth();
        final long seed = Long.getLong("caracal.test.seed", System.nanoTime());
        System.out.println("OpenedConnectionsTest: -Dcaracal.test.seed=" + seed);
        random = new SplittableRandom(seed);
        for (int port = 0; port < PORTS; port++) {
            final int own = FIRST_PORT + port;
            final ServerSocket server = web.call(() -> new ServerSocket(own));
            servers.add(server);
            Thread.ofPlatform().daemon(true).start(() -> accept(server));
        }
    }

    @AfterEach
    void close() throws IOException {
        for (final ServerSocket server : servers) {
            server.close();
        }
    }

    private static void accept(final ServerSocket server) {
        while (!server.isClosed()) {
            try (Socket accepted = server.accept()) {
                accepted.getOutputStream().write(accepted.getInputStream().read());
            } catch (final IOException closedOrReset) {
                /* The one by the test's end, the other by a client that went; what matters the client sees. */
                continue;
            }
        }
    }

    /** Whether a connection opens and carries a byte both ways. */
    private boolean opens(final int port, final int withinMs) {
        return client.call(() -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(web.ipv4(), port), withinMs);
                socket.getOutputStream().write(7);
                return socket.getInputStream().read() == 7;
            } catch (final SocketTimeoutException denied) {
                return false;
            }
        });
    }

    private void allow(final int number, final boolean[] open, final boolean byIngress) throws Exception {
        final StringBuilder ports = new StringBuilder("9000");
        for (int port = 0; port < PORTS; port++) {
            ports.append(open[port] ? ", " + (FIRST_PORT + port) : "");
        }
        node.writeManifest("opened.yaml", """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: opened-%d}
            spec:
              selector: all()
              types: [Ingress, Egress]
              %s:
              - {action: Allow, protocol: TCP, destination: {ports: [%s]}}
              %s:
              - {action: Allow}
            """.formatted(number, byIngress ? "ingress" : "egress", ports, byIngress ? "egress" : "ingress"));
        view.awaitInForce("opened-" + number);
    }

    private void changeAtRandom(final String... settings) throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node, settings)) {
            view.awaitAttached(web, client);
            for (int number = 0; number < CHANGES; number++) {
                final boolean[] open = new boolean[PORTS];
                for (int port = 0; port < PORTS; port++) {
                    open[port] = random.nextBoolean();
                }
                allow(number, open, random.nextBoolean());
                for (int n = 0; n < CONNECTIONS; n++) {
                    for (int port = 0; port < PORTS; port++) {
                        assertEquals(open[port],
                            opens(FIRST_PORT + port, open[port] ? ALLOWED_WITHIN_MS : DENIED_AFTER_MS),
                            "change " + number + ", port " + port + "\n" + engine.log());
                    }
                }
            }
            /* Half of the ports are open, and all but the first of each kind, on each worker, are the kernel's. */
            final long opened = view.bpfCounter("cache-opened");
            final int firsts = view.ask("counters").path("workers").size();
            assertTrue(opened > (long)CHANGES * PORTS * (CONNECTIONS - firsts) / 4, opened + " opened by the kernel");
            NodeView.await("each has a record, or was over before", () -> conntrack("opened-by-kernel")
                + conntrack("opened-and-closed") + conntrack("opened-refused") == opened);
            assertTrue(conntrack("opened-refused") < opened / 10, view.worker().toString());
        }
    }

    private long conntrack(final String label) throws IOException {
        long sum = 0;
        for (final JsonNode worker : view.ask("counters").path("workers")) {
            sum += worker.path("conntrack").required(label).asLong();
        }
        return sum;
    }

    @Test
    void shouldOpenNoneThatTheNewPolicyDenies() throws Exception {
        changeAtRandom();
    }

    @Test
    void shouldOpenNoneThatTheNewPolicyDeniesWithRecheck() throws Exception {
        changeAtRandom("established-flows=recheck");
    }

    /** Each learns kinds for itself: a connection's worker is that of its hash, source port included. */
    @Test
    void shouldOpenNoneThatTheNewPolicyDeniesWithTwoWorkers() throws Exception {
        changeAtRandom("workers=2");
    }

    /** Rules that look at the source port, or log, are asked each time. */
    @Test
    void shouldAskRulesThatWantToBeAsked() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(web, client);
            final String policy = """
                apiVersion: projectcalico.org/v3
                kind: GlobalNetworkPolicy
                metadata: {name: asked-%d}
                spec:
                  selector: all()
                  types: [Ingress, Egress]
                  ingress:
                  - {%s}
                  - {action: Allow}
                  egress:
                  - {action: Allow}
                """;
            final List<String> asking =
                List.of("action: Log, protocol: TCP", "action: Deny, protocol: TCP, source: {ports: [1]}",
                    "action: Allow, protocol: TCP, source: {notPorts: [1]}");
            for (int number = 0; number < asking.size(); number++) {
                node.writeManifest("asked.yaml", policy.formatted(number, asking.get(number)));
                view.awaitInForce("asked-" + number);
                for (int n = 0; n < CONNECTIONS; n++) {
                    assertTrue(opens(FIRST_PORT, ALLOWED_WITHIN_MS), engine.log());
                }
                assertEquals(0, view.bpfCounter("cache-opened"), asking.get(number));
            }
            node.writeManifest("asked.yaml", policy.formatted(9, "action: Allow, protocol: UDP"));
            view.awaitInForce("asked-9");
            for (int n = 0; n < CONNECTIONS; n++) {
                assertTrue(opens(FIRST_PORT, ALLOWED_WITHIN_MS), engine.log());
            }
            /* A route that changes meanwhile would bring one more to Java. */
            final long opened = view.bpfCounter("cache-opened");
            assertTrue(opened >= CONNECTIONS - 2 && opened < CONNECTIONS, opened + " of " + CONNECTIONS);
        }
    }
}
