package io.caracal.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/** Steps that fetch a page, with curl, from a small web server in a pod or on the node. */
final class WebPages {
    private static final int POD_PORT = 80;
    /** Where kubelet listens on a real node. */
    private static final int NODE_PORT = 10250;
    private static final String PAGE = "<!doctype html><title>caracal</title><p>Served by a pod, carried by Java.</p>\n"
        .repeat(40);
    /** Bytes of the page, which is ASCII. */
    static final int PAGE_LENGTH = PAGE.length();

    private WebPages() {
    }

    /** Client pod → web pod, both address families. */
    static Outcome fromPod(final Scene scene) throws Exception {
        final LabPod web = scene.web();
        final HttpServer server = web.call(() -> serve(POD_PORT));
        try {
            final Outcome ipv4 = fetch(scene.client().command(curl("http://" + web.ipv4() + "/")));
            if (!ipv4.passed()) {
                return ipv4;
            }
            return both(ipv4, fetch(scene.client().command(curl("http://[" + web.ipv6() + "]/"))));
        } finally {
            server.stop(0);
        }
    }

    private static Outcome both(final Outcome ipv4, final Outcome ipv6) {
        return ipv6.passed() ? Outcome.passed(ipv4.happened() + ", by IPv4 and IPv6")
            : Outcome.failed("IPv6: " + ipv6.happened());
    }

    /** Client pod → its node. */
    static Outcome fromHost(final Scene scene) throws Exception {
        final LabNode node = scene.node();
        final HttpServer server = node.call(() -> serve(NODE_PORT));
        try {
            return fetch(scene.client().command(curl("http://" + node.ipv4() + ':' + NODE_PORT + '/')));
        } finally {
            server.stop(0);
        }
    }

    /** Node → web pod, what kubelet does for an httpGet probe. */
    static Outcome probe(final Scene scene) throws Exception {
        final HttpServer server = scene.web().call(() -> serve(POD_PORT));
        try {
            return fetch(scene.node().command(curl("http://" + scene.web().ipv4() + "/healthz")));
        } finally {
            server.stop(0);
        }
    }

    static HttpServer serve(final int port) throws IOException {
        final HttpServer server = HttpServer.create(new InetSocketAddress(port), 16);
        server.createContext("/", WebPages::answer);
        server.start();
        return server;
    }

    private static void answer(final HttpExchange exchange) throws IOException {
        try (exchange) {
            final byte[] page = PAGE.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
        }
    }

    static String[] curl(final String url) {
        return new String[] {"curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", url};
    }

    static Outcome fetch(final List<String> command) throws Exception {
        final CommandRun run = CommandRun.of(command, 20);
        return judge(run);
    }

    /** The whole page with status 200, or what curl says. */
    static Outcome judge(final CommandRun run) {
        final String expected = "200 " + PAGE_LENGTH;
        return run.exitCode() == 0 && run.output().strip().equals(expected)
            ? Outcome.passed("200 OK, " + Text.count(PAGE_LENGTH) + " bytes") : Outcome.failed(run.output().strip());
    }
}
