package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.NetNamespace;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import io.caracal.lab.LabPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What not every cluster has, on real kernels: CrossSubnet, an address and ports for NAT, services over IPv6. */
@Timeout(180)
class OverlayEdgesTest extends OverlayCluster {
    private static final int CONNECTIONS = 20;
    private static final int FIRST_PORT = 62_000;
    private static final int LAST_PORT = 62_040;
    private static final int DHCP_CLIENT_PORT = 68;
    private static final int TIMEOUT_MS = 3000;

    OverlayEdgesTest() {
        super("edges");
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel", "native-copy by 2 workers"})
    void shouldForwardPlainlyWithinTheSubnetAndByVxlanBeyond(final String mode) throws Exception {
        final LabNode beyond = lab.addNode("beyond");
        final LabPod remote = beyond.addPod("shop", "remote");
        LabOverlay.joinByKernel(beyond, List.of(node));
        joinOneSubnet();
        LabOverlay.announce(node, List.of(node, kernelNode, beyond));
        final Path overlay = node.manifests().resolve("overlay.yaml");
        node.writeManifest("overlay.yaml", Files.readString(overlay)
            .replaceFirst("vxlanMode: Always", "vxlanMode: CrossSubnet").replace("/24", "/22"));
        lab.own(AddressEcho.at(far::call, PORT));
        lab.own(AddressEcho.at(remote::call, PORT));
        lab.own(AddressEcho.at(web::call, PORT));
        try (EmbeddedEngine engine = launch(mode)) {
            final long plainBefore = decapsulated(kernelNode);
            final long wrappedBefore = decapsulated(beyond);
            assertEquals(client.ipv4(), AddressEcho.askTcp(client::call, far.ipv4(), PORT, BULK), () -> explain(engine));
            assertEquals(client.ipv4(), AddressEcho.askUdp(client::call, far.ipv4(), PORT, 2000), () -> explain(engine));
            assertEquals(far.ipv4(), AddressEcho.askTcp(far::call, web.ipv4(), PORT, BULK), () -> explain(engine));
            assertEquals(plainBefore, decapsulated(kernelNode), "in the same subnet nothing is wrapped");
            assertEquals(client.ipv4(), AddressEcho.askTcp(client::call, remote.ipv4(), PORT, BULK),
                () -> explain(engine));
            assertEquals(remote.ipv4(), AddressEcho.askTcp(remote::call, web.ipv4(), PORT, BULK),
                () -> explain(engine));
            assertTrue(decapsulated(beyond) > wrappedBefore, "beyond it everything is");
        }
    }

    /** Both nodes on one link, 10.99.0.0/22, the rest of which the router answers for; the kernel node's way is plain. */
    private void joinOneSubnet() throws Exception {
        onRouter("ip", "link", "add", "br0", "type", "bridge");
        onRouter("ip", "link", "set", "br0", "up");
        for (final LabNode each : List.of(node, kernelNode)) {
            onRouter("ip", "address", "flush", "dev", each.name());
            onRouter("ip", "link", "set", each.name(), "master", "br0");
        }
        onRouter("ip", "address", "add", "10.99.1.1/22", "dev", "br0");
        onRouter("sysctl", "-q", "-w", "net.ipv4.conf.br0.proxy_arp=1", "net.ipv4.neigh.br0.proxy_delay=0");
        for (final LabNode each : List.of(node, kernelNode)) {
            final NodeView there = new NodeView(each);
            there.onNode("ip", "address", "del", each.ipv4() + "/24", "dev", "eth0");
            there.onNode("ip", "address", "add", each.ipv4() + "/22", "dev", "eth0");
            there.onNode("ip", "route", "replace", "default", "via", "10.99.1.1");
        }
        new NodeView(kernelNode).onNode("ip", "route", "replace", "10.65.0.0/16", "via", node.ipv4());
    }

    private static long decapsulated(final LabNode there) throws Exception {
        return Long.parseLong(new NodeView(there).onNode("sh", "-c",
            "ip -s -j link show vxlan.calico | tr ',' '\\n' | grep -A1 '\"rx\"' | tail -1 | tr -dc 0-9"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel", "native-copy by 2 workers"})
    void shouldTranslateToTheAddressAndPortsThatFelixSays(final String mode) throws Exception {
        view.onNode("ip", "address", "add", "10.99.1.77/24", "dev", "eth0");
        node.writeManifest("felix.yaml", """
            apiVersion: projectcalico.org/v3
            kind: FelixConfiguration
            metadata: {name: default}
            spec:
              defaultEndpointToHostAction: Accept
              natOutgoingAddress: 10.99.1.77
              natPortRange: "%d:%d"
            """.formatted(FIRST_PORT, LAST_PORT));
        try (ServerSocket server = outside.call(() -> new ServerSocket(PORT)); EmbeddedEngine engine = launch(mode)) {
            final TreeSet<Integer> ports = new TreeSet<>();
            for (int n = 0; n < CONNECTIONS; n++) {
                try (Socket own = connect(client, outside.ipv4()); Socket peer = server.accept()) {
                    assertEquals("10.99.1.77", peer.getInetAddress().getHostAddress(), () -> explain(engine));
                    ports.add(peer.getPort());
                    assertAnswers(own, peer);
                }
            }
            assertTrue(ports.first() >= FIRST_PORT && ports.last() <= LAST_PORT, ports + explain(engine));
            assertTrue(ports.size() > 1, "one port for all: " + ports);
        }
    }

    private static Socket connect(final LabPod from, final String address) {
        return from.call(() -> {
            final Socket socket = new Socket();
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), PORT), TIMEOUT_MS);
            return socket;
        });
    }

    private static void assertAnswers(final Socket one, final Socket other) throws Exception {
        one.setSoTimeout(TIMEOUT_MS);
        other.setSoTimeout(TIMEOUT_MS);
        one.getOutputStream().write(42);
        assertEquals(42, other.getInputStream().read());
        other.getOutputStream().write(43);
        assertEquals(43, one.getInputStream().read());
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel"})
    void shouldLeaveTheHostsOwnConnectionsWhileAnEngineIsKilledAndFollowed(final String mode) throws Exception {
        view.onNode("ip", "link", "add", "vxlan77", "type", "vxlan", "id", "77", "dstport", "4789", "local",
            node.ipv4(), "remote", kernelNode.ipv4(), "dev", "eth0");
        view.onNode("ip", "address", "add", "10.77.0.1/24", "dev", "vxlan77");
        view.onNode("ip", "link", "set", "vxlan77", "up");
        final NodeView there = new NodeView(kernelNode);
        there.onNode("ip", "link", "add", "vxlan77", "type", "vxlan", "id", "77", "dstport", "4789", "local",
            kernelNode.ipv4(), "remote", node.ipv4(), "dev", "eth0");
        there.onNode("ip", "address", "add", "10.77.0.2/24", "dev", "vxlan77");
        there.onNode("ip", "link", "set", "vxlan77", "up");
        try (ServerSocket server = node.call(() -> new ServerSocket(PORT));
            Socket theirs = outside.call(() -> new Socket(node.ipv4(), PORT)); Socket own = server.accept()) {
            assertHostsNetworkWorks("before", theirs, own);
            try (EngineChild first = EngineChild.start(node, "uplink-mode=" + mode).awaitReady()) {
                view.awaitAttached(client, web);
                NodeView.await("pods of the other node: " + first.log(), () -> NodeView.reaches(client, far.ipv4()));
                assertHostsNetworkWorks("with an engine", theirs, own);
                first.kill();
            }
            assertHostsNetworkWorks("after kill -9", theirs, own);
            try (EngineChild second = EngineChild.start(node, "uplink-mode=" + mode).awaitReady()) {
                NodeView.await("pods of the other node: " + second.log(), () -> NodeView.reaches(client, far.ipv4()));
                assertHostsNetworkWorks("with the next one", theirs, own);
                assertEquals(0, second.end(), second.log());
            }
            assertHostsNetworkWorks("after its end", theirs, own);
        }
    }

    /** A connection to the node's own address, another network on VXLAN's port, a broadcast as DHCP's. */
    private void assertHostsNetworkWorks(final String when, final Socket theirs, final Socket own) throws Exception {
        assertAnswers(theirs, own);
        assertEquals(0, NodeView.run(node.command("ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "1", "10.77.0.2"))
            .exitCode(), when + ": the other VXLAN network");
        assertAnswersNew(when);
        try (DatagramSocket socket = node.call(() -> new DatagramSocket(DHCP_CLIENT_PORT))) {
            socket.setSoTimeout(TIMEOUT_MS);
            final byte[] offer = when.getBytes(StandardCharsets.US_ASCII);
            try (NetNamespace router = NetNamespace.open(lab.namespacePrefix() + "router")) {
                router.run(() -> broadcast(offer));
            }
            final DatagramPacket packet = new DatagramPacket(new byte[100], 100);
            socket.receive(packet);
            assertEquals(when, new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII));
        }
    }

    private void assertAnswersNew(final String when) throws Exception {
        try (ServerSocket server = node.call(() -> new ServerSocket(PORT + 1));
            Socket theirs = outside.call(() -> new Socket(node.ipv4(), PORT + 1)); Socket own = server.accept()) {
            assertAnswers(theirs, own);
        }
    }

    private static void broadcast(final byte[] offer) {
        try (DatagramSocket socket = new DatagramSocket(DHCP_CLIENT_PORT - 1)) {
            socket.setBroadcast(true);
            socket.send(new DatagramPacket(offer, offer.length, InetAddress.ofLiteral("10.99.1.255"), DHCP_CLIENT_PORT));
        } catch (final IOException failure) {
            throw new UncheckedIOException("broadcast on the node's link", failure);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel"})
    void shouldCarryServicesOverIpv6(final String mode) throws Exception {
        lab.own(AddressEcho.at(far::call, PORT));
        lab.own(AddressEcho.at(web::call, PORT));
        final List<LabPod> backends = List.of(web, far);
        for (int n = 0; n < backends.size(); n++) {
            final String address = "fd00:10:96::" + (10 + n);
            node.writeManifest("service-" + n + ".yaml", """
                apiVersion: v1
                kind: Service
                metadata: {name: s%d, namespace: shop}
                spec:
                  clusterIP: "%s"
                  ports: [{name: tcp, port: 80, protocol: TCP}, {name: udp, port: 80, protocol: UDP}]
                """.formatted(n, address));
            for (final String protocol : List.of("tcp", "udp")) {
                view.onNode("ip6tables", "-t", "nat", "-A", "PREROUTING", "-d", address, "-p", protocol, "--dport", "80",
                    "-j", "DNAT", "--to-destination", "[" + backends.get(n).ipv6() + "]:" + PORT);
            }
        }
        final String seen = InetAddress.ofLiteral(client.ipv6()).getHostAddress();
        try (EmbeddedEngine engine = launch(mode)) {
            for (int n = 0; n < backends.size(); n++) {
                final String address = "fd00:10:96::" + (10 + n);
                assertEquals(seen, AddressEcho.askTcp(client::call, address, 80, BULK), () -> explain(engine));
                assertEquals(seen, AddressEcho.askUdp(client::call, address, 80, 200), () -> explain(engine));
            }
        }
    }
}
