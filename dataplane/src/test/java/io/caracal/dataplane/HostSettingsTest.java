package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Felix's settings of the host, on a node with pods: what real packets and the engine's readiness make of them. */
@Timeout(120)
class HostSettingsTest extends TwoPodNode {
    private static final String CLUSTER = """
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata:
          name: pods
        spec:
          cidr: 10.65.0.0/16
          vxlanMode: Never
          ipipMode: Never
          natOutgoing: false
        ---
        apiVersion: projectcalico.org/v3
        kind: BGPConfiguration
        metadata:
          name: default
        spec:
          serviceClusterIPs:
          - cidr: 10.96.0.0/12
        """;

    HostSettingsTest() {
        super("hostset");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
    }

    private void settings(final String line) {
        node.writeManifest("felix.yaml", "apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata:\n"
            + "  name: default\nspec:\n  " + line + "\n");
    }

    private String serviceRules() throws Exception {
        return view.onNode("nft", "list", "table", "inet", "caracal");
    }

    /** What a pod hears of a packet to a service that nobody has. */
    private String callService() throws IOException {
        try (DatagramSocket socket = client.call(() -> new DatagramSocket())) {
            socket.connect(InetAddress.getByName("10.96.7.7"), 53);
            socket.setSoTimeout(500);
            socket.send(new DatagramPacket(new byte[10], 10));
            socket.receive(new DatagramPacket(new byte[10], 10));
            return "answered";
        } catch (final SocketTimeoutException silent) {
            return "nothing";
        } catch (final PortUnreachableException told) {
            return "told";
        }
    }

    @Test
    void shouldRefusePacketsToServicesThatNobodyHasTranslated() throws Exception {
        NodeView.run(node.command("ip", "link", "add", "router", "type", "dummy"));
        NodeView.run(node.command("ip", "link", "set", "router", "up"));
        NodeView.run(node.command("ip", "route", "add", "10.96.0.0/12", "dev", "router"));
        node.writeManifest("cluster.yaml", CLUSTER);
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node, "uplinks=none")) {
            view.awaitAttached(web, client);
            NodeView.await("dropped by default: " + engine.log(), () ->
                serviceRules().contains("ip daddr 10.96.0.0/12 counter packets 0 bytes 0 drop"));
            NodeView.await("forwarding is on", () -> !"told".equals(callService())
                && serviceRules().matches("(?s).*daddr 10.96.0.0/12 counter packets [1-9].*"));
            settings("serviceLoopPrevention: Reject");
            NodeView.await("told: " + engine.log(), () -> "told".equals(callService()));
            settings("serviceLoopPrevention: Disabled");
            NodeView.await("lifted", () -> !serviceRules().contains("daddr"));
            assertEquals("nothing", callService());
        }
    }

    @Test
    void shouldCarryNoIpv6WithoutIt() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(web, client);
            assertTrue(NodeView.reaches(client, web.ipv6()), engine.log());
            settings("ipv6Support: false");
            NodeView.await("no IPv6 address", () -> !view.ask("status").path("workloads").toString().contains(web.ipv6()));
            assertFalse(NodeView.reaches(client, web.ipv6()), engine.log());
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            settings("ipv6Support: true");
            NodeView.await("again: " + engine.log(), () -> NodeView.reaches(client, web.ipv6()));
        }
    }

    /** Its folder cannot be made, since a file has the folder's name. */
    @Test
    void shouldNotBeReadyWithoutTheMtuFileThatIsRequired() throws Exception {
        node.writeManifest("cluster.yaml", CLUSTER);
        settings("requireMTUFile: true");
        final Path inTheWay = Files.createFile(node.state().resolve("no-folder"));
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node, "mtu-file=" + inTheWay.resolve("mtu"))) {
            final List<String> reasons = engine.dataplane().notReady();
            assertEquals(1, reasons.size(), reasons.toString());
            assertTrue(reasons.getFirst().startsWith("the MTU file that RequireMTUFile wants is not there: write MTU "),
                reasons.toString());
            assertFalse(engine.dataplane().ready().isDone());
            settings("requireMTUFile: false");
            NodeView.await("ready: " + engine.log(), () -> engine.dataplane().notReady().isEmpty());
            assertTrue(engine.dataplane().ready().isDone());
        }
    }
}
