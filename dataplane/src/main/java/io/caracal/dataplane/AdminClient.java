package io.caracal.dataplane;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * Asks a running engine through its admin socket: a JSON line there, a JSON line back. One thread at a time; whoever
 * connects closes. An answer that does not come within {@value #ANSWER_TIMEOUT_MS} ms is a failure, so that an engine
 * that hangs does not make its observers hang.
 *
 * <pre>{@code
 * try (AdminClient engine = AdminClient.connect(Path.of("/run/caracal/admin.sock"))) {
 *     JsonNode counters = engine.ask("counters");
 * }
 * }</pre>
 */
public final class AdminClient implements AutoCloseable {
    /** An engine answers in well under a millisecond; one that is busy attaching a thousand interfaces, in a second. */
    public static final int ANSWER_TIMEOUT_MS = 5_000;
    private static final int ANSWER_MAX_LENGTH = 64 << 20;

    private final JsonMapper json = new JsonMapper();
    private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    private final Path socket;
    private final SocketChannel channel;
    private final Selector selector;

    private AdminClient(final Path socket, final SocketChannel channel, final Selector selector) {
        this.socket = socket;
        this.channel = channel;
        this.selector = selector;
        buffer.flip();
    }

    /**
     * Connects to an engine.
     *
     * @param socket its admin socket.
     * @return the connection.
     * @throws IOException when nothing listens there, or the caller may not.
     */
    public static AdminClient connect(final Path socket) throws IOException {
        final SocketChannel channel;
        try {
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (final IOException e) {
            throw new IOException("connect to the engine at " + socket + ": " + e.getMessage()
                + " (is it running, with --admin " + socket + "?)", e);
        }
        try {
            final Selector selector = Selector.open();
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
            return new AdminClient(socket, channel, selector);
        } catch (final IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Asks one question.
     *
     * @param command such as {@code counters} or {@code status}.
     * @return the answer, an object.
     * @throws IOException when the engine goes away, does not answer in time, or answers that it cannot.
     */
    public JsonNode ask(final String command) throws IOException {
        final String request = json.createObjectNode().put("command", command) + "\n";
        final ByteBuffer pending = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
        while (pending.hasRemaining()) {
            channel.write(pending);
        }
        final JsonNode answer = json.readTree(readLine(command));
        if (answer.has("error")) {
            throw new IOException("the engine at " + socket + ": " + answer.get("error").asText());
        }
        return answer;
    }

    private byte[] readLine(final String command) throws IOException {
        final long startNs = System.nanoTime();
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            while (buffer.hasRemaining()) {
                final byte next = buffer.get();
                if (next == '\n') {
                    return line.toByteArray();
                }
                line.write(next);
            }
            if (line.size() > ANSWER_MAX_LENGTH) {
                throw new IOException("the engine at " + socket + " answers '" + command + "' without end");
            }
            awaitBytes(command, startNs);
        }
    }

    private void awaitBytes(final String command, final long startNs) throws IOException {
        final long elapsedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
        if (elapsedMs >= ANSWER_TIMEOUT_MS) {
            throw new IOException(
                "the engine at " + socket + " did not answer '" + command + "' within " + ANSWER_TIMEOUT_MS + " ms");
        }
        selector.select(ANSWER_TIMEOUT_MS - elapsedMs);
        selector.selectedKeys().clear();
        buffer.clear();
        final int count = channel.read(buffer);
        buffer.flip();
        if (count < 0) {
            throw new IOException("the engine at " + socket + " has closed the connection");
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }
}
