package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.lab.LabNode;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node on Caracal among others; each test in every mode that an uplink can be driven in here. */
@Timeout(180)
class OverlayNodeTest extends OverlayCluster {
    OverlayNodeTest() {
        super("overlay");
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "generic", "kernel", "native-copy by 3 workers", "kernel by 2 workers"})
    void shouldJoinPodsOfAKernelNode(final String mode) throws Exception {
        lab.own(AddressEcho.at(far::call, PORT));
        lab.own(AddressEcho.at(web::call, PORT));
        try (EmbeddedEngine engine = launch(mode)) {
            final String told = engine.log();
            assertTrue(NodeView.reaches(client, far.ipv4()), () -> explain(engine));
            assertTrue(NodeView.reaches(client, far.ipv6()), () -> explain(engine));
            assertTrue(NodeView.reaches(far, web.ipv4()), () -> explain(engine));
            assertTrue(NodeView.reaches(far, web.ipv6()), () -> explain(engine));
            assertEquals(client.ipv4(), AddressEcho.askTcp(client::call, far.ipv4(), PORT, BULK), told);
            assertEquals(far.ipv4(), AddressEcho.askTcp(far::call, web.ipv4(), PORT, BULK), told);
            assertEquals(far.ipv4(), AddressEcho.askUdp(far::call, web.ipv4(), PORT, 2000), () -> explain(engine));
            assertEquals(client.ipv4(), AddressEcho.askUdp(client::call, far.ipv4(), PORT, 2000),
                () -> explain(engine));
            AddressEcho.askTcp(client::call, far.ipv6(), PORT, BULK);
            /* Ports of their own: fragments of one in two flows come to another worker than the flow's. */
            for (int n = 0; n < 10; n++) {
                AddressEcho.askUdp(client::call, far.ipv4(), PORT, 2000);
            }
            final long handedOver = view.ask("counters").findValues("toWorkerPackets").stream()
                .mapToLong(count -> count.asLong()).sum();
            assertEquals(EmbeddedEngine.workers(mode) > 1, handedOver > 0, () -> explain(engine));
            assertEquals("1430", java.nio.file.Files.readString(node.state().resolve("mtu")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "generic", "kernel", "native-copy by 3 workers", "kernel by 2 workers"})
    void shouldShowTheNodesAddressOutside(final String mode) throws Exception {
        lab.own(AddressEcho.at(outside::call, PORT));
        lab.own(AddressEcho.at(kernelNode::call, PORT));
        try (EmbeddedEngine engine = launch(mode)) {
            assertEquals(node.ipv4(), AddressEcho.askTcp(client::call, outside.ipv4(), PORT, BULK),
                () -> explain(engine));
            assertEquals(node.ipv4(), AddressEcho.askUdp(client::call, outside.ipv4(), PORT, 100),
                () -> explain(engine));
            assertEquals(node.ipv4(), AddressEcho.askUdp(client::call, outside.ipv4(), PORT, 2000),
                () -> explain(engine));
            assertTrue(NodeView.reaches(client, outside.ipv4()), () -> explain(engine));
            assertTrue(NodeView.reaches(client, outside.ipv6()), () -> explain(engine));
            assertEquals(node.ipv4(), AddressEcho.askTcp(client::call, kernelNode.ipv4(), PORT, BULK),
                "other nodes are no pool's either");
            assertTrue(NodeView.reaches(client, "10.99.1.1"), "on the node's own link\n" + explain(engine));
            assertEquals(node.ipv4(), AddressEcho.askTcp(node::call, outside.ipv4(), PORT, BULK),
                "the node's own connections\n" + explain(engine));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "generic", "kernel", "native-copy by 3 workers", "kernel by 2 workers"})
    void shouldLeaveTheHostsOwnNetworkAlone(final String mode) throws Exception {
        addForeignNetwork(node, kernelNode, "10.77.0.1/24");
        addForeignNetwork(kernelNode, node, "10.77.0.2/24");
        final List<String> overForeignNetwork = node.command("ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "1",
            "10.77.0.2");
        try (ServerSocket server = outside.call(() -> new ServerSocket(PORT));
            Socket own = node.call(() -> new Socket(outside.ipv4(), PORT)); Socket peer = server.accept()) {
            assertEquals(0, NodeView.run(overForeignNetwork).exitCode(), "before");
            assertAnswers(own, peer);
            try (EmbeddedEngine engine = launch(mode)) {
                assertTrue(NodeView.reaches(client, far.ipv4()), () -> explain(engine));
                assertEquals(0, NodeView.run(overForeignNetwork).exitCode(), () -> explain(engine));
                assertAnswers(own, peer);
            }
            assertEquals(0, NodeView.run(overForeignNetwork).exitCode(), "after");
            assertAnswers(own, peer);
        }
    }

    private static void assertAnswers(final Socket one, final Socket other) throws Exception {
        other.setSoTimeout(3000);
        one.getOutputStream().write(42);
        assertEquals(42, other.getInputStream().read());
    }

    /** Another network on the same port. */
    private static void addForeignNetwork(final LabNode here, final LabNode there, final String address)
        throws Exception {
        final NodeView view = new NodeView(here);
        view.onNode("ip", "link", "add", "vxlan77", "type", "vxlan", "id", "77", "dstport", "4789", "local",
            here.ipv4(), "remote", there.ipv4(), "dev", "eth0");
        view.onNode("ip", "address", "add", address, "dev", "vxlan77");
        view.onNode("ip", "link", "set", "vxlan77", "up");
    }

    @Test
    void shouldFollowAnUplinkThatGoesAndComes() throws Exception {
        lab.own(AddressEcho.at(outside::call, PORT));
        try (EmbeddedEngine engine = launch("native-copy")) {
            assertTrue(NodeView.reaches(client, far.ipv4()), () -> explain(engine));
            view.onNode("ip", "link", "set", "eth0", "down");
            NodeView.await("eth0 is let go of", () -> view.ask("status").path("uplinks").isEmpty());
            view.onNode("ip", "link", "set", "eth0", "up");
            view.onNode("ip", "route", "add", "default", "via", "10.99.1.1");
            NodeView.await("eth0 is driven again", () -> !view.ask("status").path("uplinks").isEmpty());
            NodeView.await("pods reach outside again", () -> node.ipv4().equals(
                AddressEcho.askTcp(client::call, outside.ipv4(), PORT, 100)));
            NodeView.await("pods reach the other node's again", () -> NodeView.reaches(client, far.ipv4()));
        }
    }
}
