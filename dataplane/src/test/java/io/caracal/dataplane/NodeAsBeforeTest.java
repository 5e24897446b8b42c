package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A node before an engine and after its end and {@code caracal cleanup}: links, addresses, routes, rules, permanent
 * neighbours, qdiscs and filters, BPF attachments and pins, nftables, settings of the kernel, files.
 */
@Timeout(120)
class NodeAsBeforeTest extends TwoPodNode {
    private static final List<List<String>> QUESTIONS = List.of(
        List.of("ip", "-d", "link"), List.of("ip", "address"), List.of("ip", "route", "show", "table", "all"),
        List.of("ip", "-6", "route", "show", "table", "all"), List.of("ip", "rule"), List.of("ip", "-6", "rule"),
        List.of("ip", "neigh", "show", "nud", "permanent"), List.of("bridge", "fdb"), List.of("tc", "qdisc"),
        List.of("bpftool", "net"), List.of("nft", "list", "ruleset"), List.of("sysctl", "-a", "-r", "^net\\."));

    private static final int SETTLE_ATTEMPTS = 10;
    private static final int SETTLE_MS = 300;

    NodeAsBeforeTest() {
        super("asbefore");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
    }

    /**
     * Answers by question. Left out: what the kernel counts or forgets by itself, and accept_ra of pods' interfaces,
     * which is not set back; where forwarding is on, as there, 1 means the same as 0 (ip-sysctl.rst).
     */
    private Map<String, List<String>> node() throws Exception {
        final Map<String, List<String>> answers = new LinkedHashMap<>();
        for (final List<String> question : QUESTIONS) {
            final NodeView.Ran ran = NodeView.run(node.command(question.toArray(String[]::new)));
            answers.put(String.join(" ", question), ran.output().lines()
                .filter(line -> !line.matches(".*(_count|nf_conntrack_max|random|stable_secret|conf.cali.*accept_ra ).*"))
                .filter(line -> !line.startsWith("sysctl:"))
                .map(line -> line.replaceAll("(expires|valid_lft|preferred_lft) \\d+sec", "$1")).toList());
        }
        for (final Path folder : List.of(node.state(), node.bpfFileSystem(), node.adminSocket().getParent())) {
            answers.put("files in " + folder, files(folder));
        }
        return answers;
    }

    private static List<String> files(final Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString).filter(name -> !name.endsWith(".log")).sorted().toList();
        }
    }

    /** The node before an engine comes, once the kernel has said that its new interfaces have a carrier. */
    private Map<String, List<String>> settledNode() throws Exception {
        NodeView.await("carriers", () -> !view.onNode("ip", "link").contains("NO-CARRIER"));
        return node();
    }

    /** At once, but for what the kernel itself takes up to a second to say, such as a carrier. */
    private void assertSame(final Map<String, List<String>> before) throws Exception {
        List<String> changes = changes(before, node());
        for (int attempt = 0; attempt < SETTLE_ATTEMPTS && !changes.isEmpty(); attempt++) {
            Thread.sleep(SETTLE_MS);
            changes = changes(before, node());
        }
        assertEquals(List.of(), changes);
    }

    private static List<String> changes(final Map<String, List<String>> before, final Map<String, List<String>> after) {
        final List<String> changes = new ArrayList<>();
        before.forEach((question, lines) -> {
            final List<String> gone = new ArrayList<>(lines);
            gone.removeAll(after.get(question));
            final List<String> come = new ArrayList<>(after.get(question));
            come.removeAll(lines);
            if (!gone.isEmpty() || !come.isEmpty()) {
                changes.add(question + ": gone " + gone + ", come " + come);
            }
        });
        return changes;
    }

    @Test
    void shouldBeAsBeforeAfterAnOrderlyEndAndCleanup() throws Exception {
        assertTrue(NodeView.reaches(client, web.ipv4()), "by the kernel");
        final Map<String, List<String>> before = settledNode();
        final EmbeddedEngine engine = EmbeddedEngine.launch(node);
        try (engine) {
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            assertTrue(NodeView.reaches(client, node.ipv4()), engine.log());
        }
        engine.cleanUp();
        assertSame(before);
        assertTrue(NodeView.reaches(client, web.ipv4()), "pods are the kernel's again");
    }

    @Test
    void shouldBeAsBeforeAfterAKillAndCleanupOfAnEngineThatFelixDrove() throws Exception {
        final Map<String, List<String>> before = settledNode();
        final Path socket = EmbeddedEngine.felixSocket(node);
        try (EngineChild engine = EngineChild.startWith(node, List.of("--felix", socket.toString()));
            FelixReplayer felix = FelixReplayer.start(node)) {
            felix.say(FelixReplayer.messagesOf(node));
            engine.awaitReady();
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            NodeView.await("the state is kept", () -> view.ask("status").path("source").path("counters")
                .path("state.saved").asLong() > 0);
            engine.kill();
        }
        assertTrue(Files.exists(socket) && Files.exists(node.state().resolve("felix-state.bin")), "what a kill leaves");
        final List<String> removed = node.call(() ->
            Cleanup.run(EmbeddedEngine.config(node, "felix=" + socket)));
        assertTrue(removed.contains("file " + socket), removed.toString());
        assertSame(before);
    }
}
