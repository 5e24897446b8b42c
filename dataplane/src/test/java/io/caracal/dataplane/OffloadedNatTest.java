package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real traffic with somebody outside, translated by the flow cache: what still comes to Java, and what a change stops. */
@Timeout(180)
class OffloadedNatTest extends OffloadedNode {
    private static final int PORT = 7782;
    private static final String CHECKSUM_ERRORS =
        "nstat -asz TcpInCsumErrors UdpInCsumErrors | awk 'NR > 1 {s += $2} END {print s}'";

    private LabNode outside;

    OffloadedNatTest() {
        super("offnat");
    }

    @BeforeEach
    void makeOutside() {
        outside = lab.addNode("outside");
        LabOverlay.announce(node, List.of(node));
    }

    @Override
    String farAddress() {
        return outside.ipv4();
    }

    private EchoConnections connect(final int port, final int count) {
        return EchoConnections.open(client::call, new InetSocketAddress(outside.ipv4(), port),
            outside.call(() -> new ServerSocket(port, 1024)), count);
    }

    private String uplinkMode() throws Exception {
        return view.ask("status").path("uplinks").elements().next().asText();
    }

    /** Megabytes there and back: the peer sees the node, sums are right, and a handful of packets comes to Java. */
    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "native-copy by 2 workers", "kernel", "kernel by 2 workers"})
    void shouldTranslateStreamsWithoutJava(final String mode) throws Exception {
        lab.own(AddressEcho.at(outside::call, PORT));
        try (EngineChild engine = launch(settings(mode))) {
            final long before = view.counted("rxPackets");
            for (int stream = 0; stream < 4; stream++) {
                assertEquals(node.ipv4(), AddressEcho.askTcp(client::call, outside.ipv4(), PORT, BULK), engine.log());
            }
            final long packets = view.counted("rxPackets") - before;
            assertTrue(packets < 100, packets + " packets came to Java; " + view.ask("counters").toPrettyString());
            assertTrue(view.bpfCounter("cache-hits") > 100, view.ask("counters").path("bpf").toString());
            assertEquals(node.ipv4(), AddressEcho.askUdp(client::call, outside.ipv4(), PORT, 1200), engine.log());
            assertEquals("0", new NodeView(outside).onNode("sh", "-c", CHECKSUM_ERRORS).strip());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel"})
    void shouldGoOnWithoutAnEngineAndWithTheNextOne(final String mode) throws Exception {
        try (EngineChild first = launch("uplink-mode=" + mode); EchoConnections out = connect(PORT, CONNECTIONS)) {
            out.awaitExchanges(10 * CONNECTIONS);
            assertEquals(CONNECTIONS, view.offloadedFlows(), first.log());
            first.kill();
            out.awaitExchanges(50 * CONNECTIONS);
            assertFalse(out.canConnect(), "new flows wait for an engine");
            try (EngineChild second = EngineChild.start(node, "uplink-mode=" + mode).awaitReady()) {
                out.awaitExchanges(10 * CONNECTIONS);
                assertEquals(List.of(), out.broken(), second.log());
                assertEquals(CONNECTIONS, view.offloadedFlows(), "taken over");
                NodeView.await("new flows pass: " + second.log(), out::canConnect);
            }
        }
    }

    /**
     * With the cache off for the next engine, the flows go on through Java, under the same bindings; and XDP takes the uplink,
     * which the first engine has left to the kernel, since a veth brings large packets.
     */
    @Test
    void shouldGoOnThroughJavaWhereTheNextEngineHasNoCache() throws Exception {
        try (EngineChild first = launch(); EchoConnections out = connect(PORT, CONNECTIONS)) {
            out.awaitExchanges(10 * CONNECTIONS);
            assertEquals(CONNECTIONS, view.offloadedFlows(), first.log());
            assertEquals("kernel", uplinkMode(), first.log());
            first.kill();
            try (EngineChild second = EngineChild.start(node, "offload=off").awaitReady()) {
                out.awaitExchanges(10 * CONNECTIONS);
                assertEquals("native-copy", uplinkMode(), second.log());
                assertEquals(List.of(), out.broken(), second.log());
                assertTrue(view.counted("rxPackets") > 10 * CONNECTIONS, view.ask("counters").toPrettyString());
            }
        }
    }

    @Test
    void shouldLetNothingPassByAnOlderPolicyOnceTheNextIsAcknowledged() throws Exception {
        expectCuts(round -> connect(PORT + round, 1));
    }

    /** A destination that becomes a pool's is not translated any more: its flows come back to Java. */
    @Test
    void shouldFollowThePools() throws Exception {
        try (EngineChild engine = launch(); EchoConnections connections = connect(PORT, CONNECTIONS)) {
            connections.awaitExchanges(10 * CONNECTIONS);
            assertEquals(CONNECTIONS, view.offloadedFlows());
            node.writeManifest("pool.yaml", """
                apiVersion: projectcalico.org/v3
                kind: IPPool
                metadata: {name: others}
                spec: {cidr: %s/32, natOutgoing: false, disabled: true}
                """.formatted(outside.ipv4()));
            NodeView.await("no flow is offloaded: " + engine.log(), () -> view.offloadedFlows() == 0);
        }
    }

    @Test
    void shouldEndFlowsWithTheirEndpoint() throws Exception {
        try (EngineChild engine = launch(); EchoConnections out = connect(PORT, CONNECTIONS)) {
            out.awaitExchanges(10 * CONNECTIONS);
            assertEquals(CONNECTIONS, view.offloadedFlows());
            node.withdraw(client);
            NodeView.await("no workload is left: " + engine.log(), () -> view.attached().isEmpty());
            assertEquals(0, view.offloadedFlows());
            final long exchanges = out.exchangeCount();
            Thread.sleep(200);
            assertTrue(out.exchangeCount() - exchanges <= CONNECTIONS, "none but those that were on their way back");
        }
    }
}
