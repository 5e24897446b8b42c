package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import io.caracal.lab.LabPod;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real traffic with pods of a kernel node, by the flow cache: what still comes to Java, and what a change stops. */
@Timeout(180)
class OffloadedOverlayTest extends OffloadedNode {
    private static final int PORT = 7781;
    private static final String SERVICE = "10.96.0.1";
    private static final String BALANCER = "192.0.2.1";

    private LabNode kernelNode;
    private LabPod far;

    OffloadedOverlayTest() {
        super("offoverlay");
    }

    @BeforeEach
    void makeKernelNode() {
        kernelNode = lab.addNode("node2");
        far = kernelNode.addPod("shop", "far");
        LabOverlay.announce(node, List.of(node, kernelNode));
        LabOverlay.joinByKernel(kernelNode, List.of(node));
    }

    @Override
    String farAddress() {
        return far.ipv4();
    }

    private long javaPackets() throws Exception {
        return view.javaPackets() + view.counted("fromUplinkPackets");
    }

    /** Megabytes there and back, of either family and opened from either side; the fewest of their packets in Java. */
    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel", "kernel by 2 workers"})
    void shouldCarryStreamsToAndFromAnotherNode(final String mode) throws Exception {
        lab.own(AddressEcho.at(far::call, PORT));
        lab.own(AddressEcho.at(client::call, PORT));
        try (EngineChild engine = launch(settings(mode))) {
            final long before = javaPackets();
            final long hits = view.bpfCounter("cache-hits");
            assertEquals(client.ipv4(), AddressEcho.askTcp(client::call, far.ipv4(), PORT, BULK), engine.log());
            assertEquals(far.ipv4(), AddressEcho.askTcp(far::call, client.ipv4(), PORT, BULK), engine.log());
            AddressEcho.askTcp(client::call, far.ipv6(), PORT, BULK);
            assertEquals(client.ipv4(), AddressEcho.askUdp(client::call, far.ipv4(), PORT, 1200), engine.log());
            final long packets = javaPackets() - before;
            assertTrue(packets < 100, packets + " packets came to Java; " + view.ask("counters").toPrettyString());
            assertTrue(view.bpfCounter("cache-hits") - hits > 100, view.ask("counters").path("bpf").toString());
        }
    }

    /** Megabytes by kube-proxy's DNAT to a backend here and one on the other node; two packets each way come to Java. */
    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel", "native-copy by 2 workers"})
    void shouldCarryServicesToBackendsHereAndThere(final String mode) throws Exception {
        final LabPod web = node.addPod("shop", "web");
        node.announce(web);
        final KubeProxyRules rules = new KubeProxyRules();
        final List<LabPod> backends = List.of(web, far);
        for (int number = 0; number < backends.size(); number++) {
            rules.service("S" + number, new String[] {SERVICE + number, BALANCER + number}, 30_000 + number,
                backends.get(number).ipv4(), PORT, false, false);
            node.writeManifest("service-" + number + ".yaml", """
                apiVersion: v1
                kind: Service
                metadata: {name: s%1$d, namespace: shop}
                spec:
                  type: ClusterIP
                  clusterIP: %2$s
                  ports: [{name: tcp, port: 80, protocol: TCP}, {name: udp, port: 80, protocol: UDP}]
                """.formatted(number, SERVICE + number));
        }
        rules.apply(node);
        lab.own(AddressEcho.at(far::call, PORT));
        lab.own(AddressEcho.at(web::call, PORT));
        try (EngineChild engine = launch(new LabPod[] {client, web}, settings(mode))) {
            for (int number = 0; number < backends.size(); number++) {
                final String address = SERVICE + number;
                assertEquals(client.ipv4(), AddressEcho.askUdp(client::call, address, 80, 1200), engine.log());
                final long before = view.counted("rxPackets");
                assertEquals(client.ipv4(), AddressEcho.askTcp(client::call, address, 80, BULK), engine.log());
                final long packets = view.counted("rxPackets") - before;
                assertTrue(packets < 100, packets + " packets to " + backends.get(number).name() + " came to Java; "
                    + view.ask("counters").toPrettyString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel"})
    void shouldGoOnWithoutAnEngineAndWithTheNextOne(final String mode) throws Exception {
        try (EngineChild first = launch("uplink-mode=" + mode);
            EchoConnections out = EchoConnections.open(client, far, PORT, CONNECTIONS);
            EchoConnections in = EchoConnections.open(far, client, PORT, CONNECTIONS)) {
            out.awaitExchanges(10 * CONNECTIONS);
            in.awaitExchanges(10 * CONNECTIONS);
            view.awaitOffloaded(2 * CONNECTIONS, first.log());
            first.kill();
            out.awaitExchanges(50 * CONNECTIONS);
            in.awaitExchanges(50 * CONNECTIONS);
            assertFalse(out.canConnect(), "new flows wait for an engine");
            try (EngineChild second = EngineChild.start(node, "uplink-mode=" + mode).awaitReady()) {
                out.awaitExchanges(10 * CONNECTIONS);
                in.awaitExchanges(10 * CONNECTIONS);
                assertEquals(List.of(), out.broken(), second.log());
                assertEquals(List.of(), in.broken(), second.log());
                view.awaitOffloaded(2 * CONNECTIONS, "taken over");
                assertTrue(javaPackets() < CONNECTIONS, "none had to come to Java: " + javaPackets());
                assertTrue(out.canConnect(), second.log());
            }
        }
    }

    @Test
    void shouldLetNothingPassByAnOlderPolicyOnceTheNextIsAcknowledged() throws Exception {
        expectCuts(round -> EchoConnections.open(client, far, PORT + round, 1));
    }

    /** The node leaves the cluster: its flows go where any unknown address leads, until it is there again. */
    @Test
    void shouldFollowRoutes() throws Exception {
        try (EngineChild engine = launch();
            EchoConnections connections = EchoConnections.open(client, far, PORT, CONNECTIONS)) {
            connections.awaitExchanges(10 * CONNECTIONS);
            view.awaitOffloaded(CONNECTIONS, engine.log());
            LabOverlay.announce(node, List.of(node));
            NodeView.await("no packet comes back: " + engine.log(), () -> {
                final long before = connections.exchangeCount();
                Thread.sleep(300);
                return connections.exchangeCount() == before;
            });
            LabOverlay.announce(node, List.of(node, kernelNode));
            connections.awaitExchanges(10 * CONNECTIONS);
            final long before = javaPackets();
            connections.awaitExchanges(20 * CONNECTIONS);
            assertTrue(javaPackets() - before < 10 * CONNECTIONS, "the kernel carries them again: " + engine.log());
            assertEquals(List.of(), connections.broken());
        }
    }

    @Test
    void shouldEndFlowsWithTheirEndpoint() throws Exception {
        try (EngineChild engine = launch();
            EchoConnections in = EchoConnections.open(far, client, PORT, CONNECTIONS)) {
            in.awaitExchanges(10 * CONNECTIONS);
            view.awaitOffloaded(CONNECTIONS, engine.log());
            node.withdraw(client);
            NodeView.await("no workload is left: " + engine.log(), () -> view.attached().isEmpty());
            assertEquals(0, view.offloadedFlows());
            final long hits = view.bpfCounter("cache-hits");
            final long exchanges = in.exchangeCount();
            Thread.sleep(200);
            assertEquals(hits, view.bpfCounter("cache-hits"));
            assertTrue(in.exchangeCount() - exchanges <= CONNECTIONS, "none but those that were on their way back");
        }
    }
}
