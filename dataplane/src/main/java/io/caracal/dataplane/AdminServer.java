package io.caracal.dataplane;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;

/**
 * Answers questions about the running engine on a unix socket: one JSON line asks ({@code {"command":"counters"}}),
 * one JSON line answers. The socket file is root's alone (0600). Each connection has a thread, not a virtual one,
 * whose carrier would keep the engine's network namespace; at most {@value #CONNECTIONS_MAX} at once, the next waits.
 * {@link #close()} lets a question that was asked be answered, ends all of them and removes the file.
 */
final class AdminServer implements AutoCloseable {
    private static final int CONNECTIONS_MAX = 16;
    private static final int REQUEST_MAX_LENGTH = 64 * 1024;
    private static final long LAST_ANSWER_MS = 1000;

    private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();
    private final Semaphore connections = new Semaphore(CONNECTIONS_MAX);
    private final Map<String, Supplier<Object>> commands;
    private final ServerSocketChannel server;
    private final Path path;
    private final EngineLog log;

    /**
     * Binds the socket and starts to answer.
     *
     * @param path of the socket; a file that an engine before left behind is replaced.
     * @param commands what each command answers: an object that Jackson can write.
     * @param log where failures of connections go.
     * @throws IOException if the socket cannot be bound.
     */
    AdminServer(final Path path, final Map<String, Supplier<Object>> commands, final EngineLog log) throws IOException {
        this.path = path;
        this.commands = Map.copyOf(commands);
        this.log = log;
        if (path.toAbsolutePath().getParent() != null) {
            Files.createDirectories(path.toAbsolutePath().getParent());
        }
        Files.deleteIfExists(path);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        Thread.ofPlatform().name("caracal-admin").daemon(true).start(this::acceptAll);
    }

    private void acceptAll() {
        try {
            while (true) {
                connections.acquire();
                acceptOne();
            }
        } catch (final ClosedChannelException closed) {
            return;
        } catch (final IOException | InterruptedException failure) {
            log.error("admin socket " + path + " stopped answering", failure);
        }
    }

    private void acceptOne() throws IOException {
        final SocketChannel client;
        try {
            client = server.accept();
        } catch (final IOException ended) {
            connections.release();
            throw ended;
        }
        clients.add(client);
        Thread.ofPlatform().name("caracal-admin-client").daemon(true).start(() -> serve(client));
    }

    private void serve(final SocketChannel client) {
        try (client; BufferedReader requests = new BufferedReader(
            Channels.newReader(client, StandardCharsets.UTF_8))) {
            for (String request = readLine(requests); request != null; request = readLine(requests)) {
                final String line = Json.MAPPER.writeValueAsString(answer(request)) + "\n";
                final byte[] answer = line.getBytes(StandardCharsets.UTF_8);
                final ByteBuffer pending = ByteBuffer.wrap(answer);
                while (pending.hasRemaining()) {
                    client.write(pending);
                }
            }
        } catch (final IOException gone) {
            if (client.isOpen()) {
                log.warn("admin client: " + gone.getMessage());
            }
        } finally {
            clients.remove(client);
            connections.release();
        }
    }

    /** Like {@code readLine()}, but a line without end cannot fill the heap. */
    private static String readLine(final Reader reader) throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int c = reader.read(); c != '\n'; c = reader.read()) {
            if (c < 0) {
                return line.isEmpty() ? null : line.toString();
            }
            if (line.length() == REQUEST_MAX_LENGTH) {
                throw new IOException("request longer than " + REQUEST_MAX_LENGTH + " characters");
            }
            line.append((char)c);
        }
        return line.toString();
    }

    private Object answer(final String request) {
        final JsonNode root;
        try {
            root = Json.MAPPER.readTree(request);
        } catch (final JsonProcessingException malformed) {
            return Map.of("error", "request is no JSON: " + malformed.getOriginalMessage());
        }
        final String command = root.path("command").asText("");
        final Supplier<Object> supplier = commands.get(command);
        if (supplier == null) {
            return Map.of("error", "unknown command '" + command + "' (commands: "
                + String.join(", ", commands.keySet().stream().sorted().toList()) + ")");
        }
        try {
            return supplier.get();
        } catch (final RuntimeException failure) {
            log.error("admin command " + command, failure);
            return Map.of("error", command + ": " + failure.getMessage());
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            for (final SocketChannel client : clients) {
                endQuestions(client);
            }
            if (connections.tryAcquire(CONNECTIONS_MAX, LAST_ANSWER_MS, TimeUnit.MILLISECONDS)) {
                connections.release(CONNECTIONS_MAX);
            } else {
                log.warn("admin clients that did not take their answers are cut off: " + clients.size());
            }
            for (final SocketChannel client : clients) {
                client.close();
            }
            Files.deleteIfExists(path);
        } catch (final IOException failure) {
            log.error("close admin socket " + path, failure);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Its thread finds the end of its questions when it has answered the last. */
    private static void endQuestions(final SocketChannel client) throws IOException {
        try {
            client.shutdownInput();
        } catch (final ClosedChannelException ended) {
            return;
        }
    }
}
