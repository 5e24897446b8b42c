package io.caracal.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/** The step about policy: the manifest of the demo's folder, word for word, and what it does to real connections. */
final class PolicySteps {
    private static final String POLICY_FILE = "allow-frontend-to-api.yaml";
    private static final Path MANIFESTS = Path.of("demo", "manifests");
    private static final String PODS_NAMESPACE = "app";
    private static final int ALLOWED_PORT = 8080;
    private static final int OTHER_PORT = 8081;
    private static final int DENIED_TIMEOUT_MS = 1_000;
    private static final long IN_FORCE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final int EXPLAIN_SECONDS_MAX = 30;

    private PolicySteps() {
    }

    static Outcome allowFrontendToApi(final Scene scene) throws Exception {
        final LabNode node = scene.node();
        node.writeManifest(POLICY_FILE, Files.readString(manifests().resolve(POLICY_FILE)));
        final LabPod api = add(node, "web-api");
        final LabPod frontend = add(node, "frontend");
        final LabPod stranger = add(node, "batch");
        try (ServerSocket allowed = api.call(() -> new ServerSocket(ALLOWED_PORT));
            ServerSocket other = api.call(() -> new ServerSocket(OTHER_PORT))) {
            final long startNs = System.nanoTime();
            while (!connects(frontend, api, allowed.getLocalPort())) {
                if (System.nanoTime() - startNs > IN_FORCE_TIMEOUT_NS) {
                    return Outcome.failed("frontend cannot connect to web-api, which policy allows: "
                        + explain(node, "app/frontend", ALLOWED_PORT));
                }
            }
            if (connects(frontend, api, other.getLocalPort()) || connects(stranger, api, allowed.getLocalPort())) {
                return Outcome.failed("a connection passed that policy denies");
            }
            return judge(explain(node, "app/frontend", ALLOWED_PORT), explain(node, "app/batch", ALLOWED_PORT));
        } finally {
            List.of(api, frontend, stranger).forEach(node::removePod);
        }
    }

    private static Outcome judge(final JsonNode allowed, final JsonNode denied) {
        final String allowedBy = decisive(allowed);
        final String deniedBy = decisive(denied);
        final String happened = "frontend: " + allowed.path("verdict").asText() + " by " + allowedBy + "; batch: "
            + denied.path("verdict").asText() + " by " + deniedBy;
        final boolean isRight = "allow".equals(allowed.path("verdict").asText())
            && "deny".equals(denied.path("verdict").asText()) && allowedBy.contains("allow-frontend-to-api");
        return new Outcome(isRight, happened, Map.of());
    }

    /** The last step that a tier decided, without the name of the endpoint that it was asked for. */
    private static String decisive(final JsonNode explained) {
        String decided = explained.path("reason").asText();
        for (final JsonNode step : explained.path("steps")) {
            if (step.asText().contains("tier ")) {
                decided = step.asText().replaceFirst("^.*?: ", "");
            }
        }
        return decided;
    }

    private static LabPod add(final LabNode node, final String app) {
        final LabPod pod = node.addPod(PODS_NAMESPACE, app);
        node.announce(pod, Map.of("app", app));
        return pod;
    }

    private static boolean connects(final LabPod from, final LabPod to, final int port) {
        return from.call(() -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(to.ipv4(), port), DENIED_TIMEOUT_MS);
                return true;
            } catch (final SocketTimeoutException denied) {
                return false;
            }
        });
    }

    /** What {@code caracal explain} says; the pods' endpoints are among the node's manifests. */
    private static JsonNode explain(final LabNode node, final String from, final int port)
        throws IOException, InterruptedException, DemoFailure {
        final List<String> command = new ArrayList<>(JavaCommand.ofThisProcess());
        command.addAll(List.of("explain", "--json", "--manifests", node.manifests().toString(), "--node", node.name(),
            "--from", from, "--to", "app/web-api", "--protocol", "tcp", "--dport", String.valueOf(port)));
        final String output = CommandRun.of(command, EXPLAIN_SECONDS_MAX).output();
        return new JsonMapper().readTree(output.substring(Math.max(0, output.indexOf('{'))));
    }

    /** The demo's folder of manifests: beside what this class was loaded from, some levels up. */
    private static Path manifests() throws DemoFailure {
        final URI place;
        try {
            place = PolicySteps.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        } catch (final URISyntaxException impossible) {
            throw new IllegalStateException("where classes come from is no path", impossible);
        }
        for (Path folder = Path.of(place); folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve(MANIFESTS))) {
                return folder.resolve(MANIFESTS);
            }
        }
        throw new DemoFailure("the folder " + MANIFESTS + " is not above " + place);
    }
}
