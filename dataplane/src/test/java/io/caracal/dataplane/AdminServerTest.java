package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminServerTest {
    @TempDir
    private Path directory;
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final CountDownLatch asked = new CountDownLatch(1);
    private Path path;
    private AdminServer server;

    @BeforeEach
    void start() throws IOException {
        path = directory.resolve("admin.sock");
        server = new AdminServer(path, Map.of("ping", () -> Map.of("pong", 1), "broken", () -> {
            throw new IllegalStateException("no such thing");
        }, "slow", this::slow), new EngineLog(new PrintStream(logged)));
    }

    private Object slow() {
        asked.countDown();
        try {
            Thread.sleep(100);
        } catch (final InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        return Map.of("slow", 1);
    }

    @AfterEach
    void stop() {
        server.close();
        assertFalse(Files.exists(path), "the socket file is gone");
    }

    private String ask(final String request) throws IOException {
        try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.connect(UnixDomainSocketAddress.of(path));
            client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
            client.shutdownOutput();
            final ByteBuffer answer = ByteBuffer.allocate(4096);
            while (client.read(answer) >= 0) {
                continue;
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void shouldAnswerEachLine() throws IOException {
        assertEquals("{\"pong\":1}\n{\"pong\":1}\n", ask("{\"command\":\"ping\"}\n{\"command\":\"ping\"}\n"));
    }

    @Test
    void shouldNameWhatItDoesNotUnderstand() throws IOException {
        assertEquals("{\"error\":\"unknown command 'pong' (commands: broken, ping, slow)\"}\n",
            ask("{\"command\":\"pong\"}"));
        assertEquals("{\"error\":\"unknown command '' (commands: broken, ping, slow)\"}\n", ask("[1]\n"));
        assertEquals("{\"error\":\"request is no JSON", ask("{\n").substring(0, 28));
    }

    @Test
    void shouldAnswerAndLogWhenACommandFails() throws IOException {
        assertEquals("{\"error\":\"broken: no such thing\"}\n", ask("{\"command\":\"broken\"}\n"));
        assertTrue(logged.toString(StandardCharsets.UTF_8).contains("no such thing"));
    }

    @Test
    void shouldAnswerWhatWasAskedBeforeItCloses() throws Exception {
        final CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return ask("{\"command\":\"slow\"}\n");
            } catch (final IOException failure) {
                throw new IllegalStateException(failure);
            }
        });
        asked.await();
        server.close();
        assertEquals("{\"slow\":1}\n", answer.get());
    }

    @Test
    void shouldCutOffAnEndlessLineAndGoOnServing() throws IOException {
        assertEquals("", ask("x".repeat(70_000)));
        assertEquals("{\"pong\":1}\n", ask("{\"command\":\"ping\"}\n"));
    }

    @Test
    void shouldBeRootsAlone() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }
}
