package io.caracal.dataplane;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * {@code /liveness} and {@code /readiness} by HTTP, for kubelet: 200, or 503 with the reasons, one a line. Served where
 * Felix's {@code HealthEnabled}, {@code HealthHost} and {@code HealthPort} say; a Felix that runs here takes that port
 * first and knows nothing of a foreign dataplane (calico.md 1.6, Q10), so the engine has a setting for its own.
 *
 * <p>Status thread only; requests are answered by a thread of its own.</p>
 */
final class HealthEndpoint implements AutoCloseable {
    private static final String HOST_DEFAULT = "localhost";
    private static final int PORT_DEFAULT = 9099;

    private final Supplier<List<String>> notLive;
    private final Supplier<List<String>> notReady;
    private final int ownPort;
    private final EngineLog log;
    private HttpServer server;
    private ExecutorService executor;
    private InetSocketAddress serving;
    private String lastFailure = "";

    /**
     * Serves nothing yet.
     *
     * @param ownPort in place of Felix's; 0 = Felix's.
     * @param notLive why the engine is not live, asked for each request.
     * @param notReady why it is not ready.
     * @param log where it is told that a port is taken.
     */
    HealthEndpoint(final int ownPort, final Supplier<List<String>> notLive, final Supplier<List<String>> notReady,
                   final EngineLog log) {
        this.ownPort = ownPort;
        this.notLive = notLive;
        this.notReady = notReady;
        this.log = log;
    }

    /** Serves where the settings say, or not at all; a port that is taken is tried again at the next call. */
    void configure(final Map<String, String> settings) {
        final InetSocketAddress wanted = wanted(settings);
        if (java.util.Objects.equals(wanted, serving)) {
            return;
        }
        close();
        if (wanted == null) {
            return;
        }
        try {
            server = HttpServer.create(wanted, 0);
            executor = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().name("caracal-health").daemon(true).unstarted(task));
            server.setExecutor(executor);
            server.createContext("/liveness", exchange -> answer(exchange, notLive.get()));
            server.createContext("/readiness", exchange -> answer(exchange, notReady.get()));
            server.start();
            serving = wanted;
            lastFailure = "";
        } catch (final IOException taken) {
            close();
            tellOnce("serve /liveness and /readiness at " + wanted + ": " + taken.getMessage()
                + " (Felix serves there itself where it runs: set health-port; tried again)");
        }
    }

    private void tellOnce(final String failure) {
        if (!failure.equals(lastFailure)) {
            lastFailure = failure;
            log.warn(failure);
        }
    }

    private InetSocketAddress wanted(final Map<String, String> settings) {
        if (!Boolean.parseBoolean(settings.getOrDefault("HealthEnabled", "false"))) {
            return null;
        }
        final String text = settings.getOrDefault("HealthPort", String.valueOf(PORT_DEFAULT));
        try {
            final int port = ownPort == 0 ? Integer.parseInt(text) : ownPort;
            return new InetSocketAddress(settings.getOrDefault("HealthHost", HOST_DEFAULT), port);
        } catch (final IllegalArgumentException unreadable) {
            tellOnce("Felix's setting HealthPort=" + text + " is no port: health is not served");
            return null;
        }
    }

    private static void answer(final HttpExchange exchange, final List<String> reasons) throws IOException {
        try (exchange) {
            final byte[] body = (reasons.isEmpty() ? "ok\n" : String.join("\n", reasons) + "\n")
                .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(reasons.isEmpty() ? 200 : 503, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        if (server != null) {
            server.stop(0);
            server = null;
        }
        if (executor != null) {
            executor.shutdownNow();
            executor = null;
        }
        serving = null;
    }
}
