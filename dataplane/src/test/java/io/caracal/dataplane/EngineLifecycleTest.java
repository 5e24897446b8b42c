package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.caracal.control.ControlException;
import io.caracal.lab.LabPod;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine on a node of network namespaces: what comes and goes under it, and what it leaves. Real kernel, root. */
@Timeout(120)
class EngineLifecycleTest extends TwoPodNode {
    EngineLifecycleTest() {
        super("engine");
    }

    @BeforeEach
    void announceClient() {
        node.announce(client);
    }

    @Test
    void shouldFollowEndpointsAndInterfacesInWhicheverOrderTheyCome() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(client);
            node.announce(web);
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            assertTrue(NodeView.reaches(client, web.ipv6()), engine.log());
            assertTrue(NodeView.reaches(client, node.ipv4()), engine.log());

            view.onNode("ip", "link", "del", web.interfaceName());
            view.awaitAttached(client);
            assertFalse(NodeView.reaches(client, web.ipv4()));

            view.plugAgain(web);
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());

            node.withdraw(web);
            view.awaitAttached(client);
            assertFalse(NodeView.reaches(client, web.ipv4()));
            assertTrue(NodeView.reaches(client, node.ipv4()), engine.log());
        }
    }

    @Test
    void shouldServeAnInterfaceThatIsDeletedAndMadeAgainAtOnce() throws Exception {
        node.announce(web);
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(client, web);
            for (int round = 0; round < 5; round++) {
                final int before = view.ifindex(web);
                view.onNode("ip", "link", "del", web.interfaceName());
                view.plugAgain(web);
                final int after = view.ifindex(web);
                assertNotEquals(before, after);
                NodeView.await("armed " + after, () ->
                    view.armed().equals(Set.of(client.interfaceName(), web.interfaceName())));
                view.awaitAttached(client, web);
            }
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            assertEquals(Set.of("tc-egress-" + view.ifindex(web), "tc-ingress-" + view.ifindex(web)), view.pinnedLinks()
                .entrySet().stream().filter(link -> link.getValue().ifindex() == indexOrZero(web))
                .map(link -> link.getKey()).collect(Collectors.toSet()));
            assertEquals(6, view.pinnedLinks().size(), "two for each pod and two for the punt pair");
        }
    }

    private int indexOrZero(final LabPod pod) {
        try {
            return view.ifindex(pod);
        } catch (final Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldLetGoOfAnInterfaceThatIsRenamedOrGoesDown() throws Exception {
        node.announce(web);
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(client, web);

            view.onNode("ip", "link", "set", web.interfaceName(), "down");
            view.awaitAttached(client);
            view.onNode("ip", "link", "set", web.interfaceName(), "name", "other0");
            view.onNode("ip", "link", "set", "other0", "up");
            assertFalse(NodeView.reaches(client, web.ipv4()));
            assertTrue(NodeView.reaches(client, node.ipv4()), engine.log());
            assertEquals(Set.of(client.interfaceName()), view.armed());

            view.onNode("ip", "link", "set", "other0", "name", web.interfaceName());
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());

            view.onNode("ip", "link", "set", web.interfaceName(), "name", "cali-stranger");
            view.awaitAttached(client);
            assertFalse(NodeView.reaches(client, web.ipv4()));
            view.onNode("ip", "link", "set", "cali-stranger", "name", web.interfaceName());
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
        }
    }

    @Test
    void shouldKeepTheLastGoodStateWhileAManifestIsWrong() throws Exception {
        node.announce(web);
        final Path broken = node.manifests().resolve("broken.yaml");
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(client, web);
            assertEquals(List.of(), view.problems());

            Files.writeString(broken, "apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {name: [}\n");
            node.withdraw(web);
            NodeView.await("status names the file", () -> view.problems().toString().contains("broken.yaml"));
            assertEquals(Set.of(web.interfaceName(), client.interfaceName()), view.attached());
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());

            Files.delete(broken);
            NodeView.await("no problem any more", () -> view.problems().isEmpty());
            view.awaitAttached(client);
        }
    }

    @Test
    void shouldSayWhichEndpointItCannotServe() throws Exception {
        final Path manifest = node.manifests().resolve("unknown.yaml");
        final String loose = "calinopeer";
        view.onNode("ip", "link", "add", loose, "type", "ifb");
        view.onNode("ip", "link", "set", loose, "up");
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            Files.writeString(manifest,
                web.manifest().replaceAll("mac: .*", "").replace(web.interfaceName(), loose));
            NodeView.await("status names the endpoint and its interface", () -> view.problems().toString()
                .contains("shop/web/eth0: the control source does not know its MAC address")
                && view.problems().toString().contains(loose + " stays dropped"));
            Files.delete(manifest);
            NodeView.await("no problem any more", () -> view.problems().isEmpty());
            assertEquals(Set.of(client.interfaceName()), view.attached(), engine.log());
        } finally {
            view.onNode("ip", "link", "del", loose);
        }
    }

    @Test
    void shouldForgetAnAddressThatAPodNoLongerHas() throws Exception {
        final Path manifest = node.manifests().resolve("web.yaml");
        Files.writeString(manifest, web.manifest());
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(client, web);
            NodeView.await("a permanent neighbour", () ->
                view.onNode("ip", "neigh", "show", "dev", web.interfaceName())
                    .contains(web.ipv4() + " lladdr " + web.mac() + " PERMANENT"));

            Files.writeString(manifest, web.manifest().replace(web.ipv4() + "/32", "10.65.200.1/32"));
            NodeView.await("the new address's route",
                () -> view.onNode("ip", "-4", "route").contains("10.65.200.1 dev " + web.interfaceName()));
            NodeView.await("the former address is forgotten", () ->
                !view.onNode("ip", "-4", "route", "show", "proto", "80").contains(web.ipv4() + " dev")
                    && !view.onNode("ip", "neigh", "show", "dev", web.interfaceName()).contains(web.ipv4() + " "));
            assertFalse(NodeView.reaches(client, web.ipv4()), engine.log());
        }
    }

    @Test
    void shouldDropWhatIsNotArmedAndCountIt() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(client);
            final long before = view.guardDrops();
            assertFalse(NodeView.reaches(web, node.ipv4()));
            final long dropCount = view.guardDrops() - before;
            assertTrue(dropCount >= 2, "two pings, dropped " + dropCount);

            node.announce(web);
            view.awaitAttached(client, web);
            final long armed = view.guardDrops();
            assertTrue(NodeView.reaches(web, node.ipv4()), engine.log());
            assertTrue(NodeView.reaches(web, client.ipv4()), engine.log());
            assertEquals(armed, view.guardDrops());
        }
    }

    @Test
    void shouldRefuseASecondEngineOnTheSameState() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            final IllegalStateException embedded =
                assertThrows(IllegalStateException.class, () -> EmbeddedEngine.launch(node));
            assertTrue(embedded.getMessage().contains("engine.lock: another engine holds it"), embedded.getMessage());
            assertThrows(IllegalStateException.class, engine::cleanUp);
            try (EngineChild second = EngineChild.start(node)) {
                assertEquals(3, second.exitCode());
                assertTrue(second.log().contains("another engine holds it (one engine per node; see caracal status"),
                    second.log());
            }
            assertEquals(Set.of(client.interfaceName()), view.attached(), engine.log());
            assertTrue(NodeView.reaches(client, node.ipv4()), engine.log());
        }
    }

    /** The warm-up writes into the workers' memory on another thread while the start fails. */
    @Test
    void shouldEndCleanlyWhenTheStartFails() throws Exception {
        final List<String> before = kernelObjects();
        assertThrows(RuntimeException.class, () -> EmbeddedEngine.launch(node, "bpf-file-system=/proc/caracal",
            "warm-up-ms=500"));
        assertThrows(RuntimeException.class, () -> EmbeddedEngine.launch(node, "first-cpu=4095"));
        Files.writeString(node.manifests().resolve("broken.yaml"), "kind: [");
        assertThrows(ControlException.class, () -> EmbeddedEngine.launch(node));
        assertEquals(before, kernelObjects());
        assertEquals(List.of(), engineThreads());
    }

    @Test
    void shouldLeaveNothingBehind() throws Exception {
        node.announce(web);
        /* The first round opens what the JVM itself keeps: selectors, its own socket pairs. */
        launchUseAndCleanUp();
        final List<String> before = kernelObjects();
        launchUseAndCleanUp();
        assertEquals(before, kernelObjects());
        assertEquals(List.of(), engineThreads());
        assertFalse(view.onNode("ip", "-br", "link").contains("punt"), "punt pair");
        assertFalse(view.onNode("nft", "list", "tables").contains("caracal"), "guard");
        assertFalse(Files.exists(node.bpfFileSystem().resolve("caracal")), "pins");
        assertFalse(Files.exists(node.adminSocket()), "admin socket");
        assertTrue(NodeView.reaches(client, web.ipv4()), "pods are the kernel's again");
    }

    private void launchUseAndCleanUp() throws Exception {
        final EmbeddedEngine engine = EmbeddedEngine.launch(node);
        try (engine) {
            view.awaitAttached(client, web);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
        }
        assertEquals(6 + 18, engine.cleanUp().stream().filter(line -> line.startsWith("pin ")).count(),
            "six links and eighteen maps");
        assertEquals(List.of(), engine.cleanUp());
    }

    /** Descriptors of sockets, BPF objects, eventfds, memory files and namespaces that this JVM has open. */
    private static List<String> kernelObjects() throws Exception {
        return OpenFiles.settled("self", "(anon_inode:|socket:|pipe:|/memfd:|/proc/|/run/|net:).*");
    }

    private static List<String> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
            .filter(name -> name.startsWith("caracal-") && !name.startsWith("caracal-lab")).toList();
    }
}
