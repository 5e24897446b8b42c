package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class AdminClientTest {
    @TempDir
    private Path directory;

    /** Answers one connection with these pieces, one for each request; then closes. Completes with what was asked. */
    private CompletableFuture<String> serve(final Path path, final List<String> answers) throws IOException {
        final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
        return CompletableFuture.supplyAsync(() -> {
            final StringBuilder asked = new StringBuilder();
            try (server; SocketChannel client = server.accept();
                BufferedReader requests = new BufferedReader(Channels.newReader(client, StandardCharsets.UTF_8))) {
                for (final String answer : answers) {
                    asked.append(requests.readLine()).append('\n');
                    client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
                }
            } catch (final IOException e) {
                throw new IllegalStateException(e);
            }
            return asked.toString();
        });
    }

    @Test
    void shouldAskALineAndReadALine() throws Exception {
        final Path path = directory.resolve("a.sock");
        final String large = "x".repeat(300_000);
        final CompletableFuture<String> asked = serve(path,
            List.of("{\"a\":1}\n{\"b\":", "2}\n", "{\"c\":\"" + large + "\"}\n"));
        try (AdminClient client = AdminClient.connect(path)) {
            assertEquals(1, client.ask("status").get("a").asInt());
            assertEquals(2, client.ask("counters").get("b").asInt());
            assertEquals(large, client.ask("flows").get("c").asText());
        }
        assertEquals("{\"command\":\"status\"}\n{\"command\":\"counters\"}\n{\"command\":\"flows\"}\n", asked.get());
    }

    @Test
    void shouldNameTheSocketWhenNobodyListens() {
        final Path path = directory.resolve("none.sock");
        final IOException failure = assertThrows(IOException.class, () -> AdminClient.connect(path));
        assertTrue(failure.getMessage().startsWith("connect to the engine at " + path + ": ")
            && failure.getMessage().endsWith("(is it running, with --admin " + path + "?)"), failure.getMessage());
    }

    @Test
    void shouldPassTheEnginesRefusalOn() throws Exception {
        final Path path = directory.resolve("a.sock");
        serve(path, List.of("{\"error\":\"unknown command 'x'\"}\n"));
        try (AdminClient client = AdminClient.connect(path)) {
            final IOException failure = assertThrows(IOException.class, () -> client.ask("x"));
            assertEquals("the engine at " + path + ": unknown command 'x'", failure.getMessage());
        }
    }

    @Test
    void shouldNoticeThatTheEngineEnds() throws Exception {
        final Path path = directory.resolve("a.sock");
        serve(path, List.of("{\"half\":"));
        try (AdminClient client = AdminClient.connect(path)) {
            final IOException failure = assertThrows(IOException.class, () -> client.ask("x"));
            assertEquals("the engine at " + path + " has closed the connection", failure.getMessage());
        }
    }
}
