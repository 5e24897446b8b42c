package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real traffic between two pods with the flow cache: what comes to Java, what does not, and what a change stops. */
@Timeout(180)
class OffloadedTrafficTest extends TwoPodNode {
    private static final int PORT = 7778;
    private static final int CONNECTIONS = 50;
    private static final int CHUNK = 1 << 16;
    private static final String OTHER_ADDRESS = "10.65.0.77";

    OffloadedTrafficTest() {
        super("offload");
    }

    @BeforeEach
    void announcePods() {
        announceBoth();
    }

    /** Connects, sends, is answered, and closes: SYN, data both ways, FIN both ways. */
    private void converse(final ServerSocket server, final int byteCount) throws Exception {
        final Thread serving = Thread.ofPlatform().start(() -> {
            try (Socket accepted = server.accept()) {
                final InputStream input = accepted.getInputStream();
                long left = byteCount;
                for (final byte[] chunk = new byte[CHUNK]; left > 0; left -= Math.max(0, input.read(chunk))) {
                    assertTrue(left > 0);
                }
                accepted.getOutputStream().write(7);
            } catch (final IOException failure) {
                throw new IllegalStateException(failure);
            }
        });
        try (Socket socket = client.call(() -> new Socket(web.ipv4(), server.getLocalPort()))) {
            final OutputStream output = socket.getOutputStream();
            for (int left = byteCount; left > 0; left -= CHUNK) {
                output.write(new byte[Math.min(CHUNK, left)]);
            }
            assertEquals(7, socket.getInputStream().read());
            assertEquals(-1, socket.getInputStream().read());
        }
        NodeView.join(serving);
    }

    @Test
    void shouldBringTheFirstPacketOfTheFirstConnectionToJavaAndNoOther() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady();
            ServerSocket server = web.call(() -> new ServerSocket(PORT))) {
            view.awaitAttached(web, client);
            assertTrue(NodeView.reaches(client, web.ipv4()), engine.log());
            converse(server, 1000);
            assertEquals(0, view.bpfCounter("cache-opened"), "the first of its kind");
            final long before = view.javaPackets();
            final long hitsBefore = view.ask("status").path("offload").path("hits").asLong();
            for (int i = 0; i < CONNECTIONS; i++) {
                converse(server, 4 * CHUNK);
            }
            final long packets = view.javaPackets() - before;
            final JsonNode offload = view.ask("status").path("offload");
            assertTrue(packets <= 5, packets + " packets of " + CONNECTIONS + " connections came to Java; "
                + view.ask("counters").path("bpf"));
            assertTrue(view.bpfCounter("cache-opened") >= CONNECTIONS - 5, view.ask("counters").toString());
            assertTrue(offload.path("on").asBoolean(), offload.toString());
            assertTrue(offload.path("hits").asLong() - hitsBefore >= 8 * CONNECTIONS, offload.toString());
            NodeView.await("closed connections leave the cache", () ->
                view.offloadedFlows() == 0);
            assertEquals("0", web.call(OffloadedTrafficTest::tcpChecksumErrors));
            assertEquals("0", client.call(OffloadedTrafficTest::tcpChecksumErrors));
        }
    }

    /** Of the calling thread's network namespace: a line of names, then a line of values. */
    private static String tcpChecksumErrors() throws IOException {
        final List<String> lines = Files.readAllLines(Path.of("/proc/thread-self/net/snmp")).stream()
            .filter(line -> line.startsWith("Tcp:")).toList();
        return lines.get(1).split(" ")[List.of(lines.get(0).split(" ")).indexOf("InCsumErrors")];
    }

    @Test
    void shouldNotOffloadWhereItIsSwitchedOff() throws Exception {
        try (EngineChild engine = EngineChild.start(node, "offload=off").awaitReady();
            ServerSocket server = web.call(() -> new ServerSocket(PORT))) {
            view.awaitAttached(web, client);
            converse(server, 20 * CHUNK);
            assertEquals(0, view.ask("status").path("offload").path("hits").asLong(-1), engine.log());
            assertFalse(view.ask("status").path("offload").path("on").asBoolean(true));
            assertTrue(view.javaPackets() > 100);
        }
    }

    @Test
    void shouldGoOnWithoutAnEngineAndWithTheNextOne() throws Exception {
        try (EngineChild first = EngineChild.start(node).awaitReady()) {
            view.awaitAttached(web, client);
            try (EchoConnections connections = EchoConnections.open(client, web, PORT, CONNECTIONS)) {
                connections.awaitExchanges(10 * CONNECTIONS);
                /* Most were opened by the kernel, and an idle worker may not have looked at them yet. */
                first.kill();
                connections.awaitExchanges(100 * CONNECTIONS);
                assertFalse(connections.canConnect(), "new flows wait for an engine");
                try (EngineChild second = EngineChild.start(node).awaitReady()) {
                    connections.awaitExchanges(10 * CONNECTIONS);
                    assertEquals(0, connections.broken().size(), connections.broken() + "\n" + second.log());
                    view.awaitOffloaded(CONNECTIONS, "taken over");
                    assertTrue(view.javaPackets() < CONNECTIONS, "none had to come to Java: " + view.worker());
                    assertTrue(connections.canConnect(), second.log());
                }
            }
        }
    }

    /** After status shows the revision with the new policy, not one more exchange of a connection that it denies. */
    @Test
    void shouldLetNothingPassByAnOlderPolicyOnceTheNextIsAcknowledged() throws Exception {
        try (EngineChild engine = EngineChild.start(node, "established-flows=recheck").awaitReady()) {
            view.awaitAttached(web, client);
            for (int round = 0; round < 5; round++) {
                /* A port of its own: what a denied connection leaves behind may hold the former for a while. */
                try (EchoConnections connections = EchoConnections.open(client, web, PORT + round, 1)) {
                    connections.awaitExchanges(200);
                    DenyAll.expectCut(node, view, connections, engine);
                }
            }
        }
    }

    /** The endpoint stays, the interface stays: only the address is another, and what was sent to it ends. */
    @Test
    void shouldTakeBackFlowsOfAnAddressThatAPodHasLost() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady();
            DatagramSocket sink = web.call(() -> new DatagramSocket(PORT));
            DatagramSocket source = client.call(() -> new DatagramSocket())) {
            view.awaitAttached(web, client);
            final AtomicLong received = new AtomicLong();
            Thread.ofPlatform().daemon(true).start(() -> count(sink, received));
            final DatagramPacket datagram =
                new DatagramPacket(new byte[64], 64, new InetSocketAddress(web.ipv4(), PORT));
            NodeView.await("offloaded: " + engine.log(), () -> {
                source.send(datagram);
                return view.bpfCounter("cache-hits") > 5;
            });
            giveTheWebPodTheOtherAddress();
            NodeView.await("the pod has " + OTHER_ADDRESS + ": " + engine.log(), () ->
                view.ask("status").path("workloads").toString().contains(OTHER_ADDRESS));
            final long hits = view.bpfCounter("cache-hits");
            final long before = received.get();
            for (int i = 0; i < 50; i++) {
                source.send(datagram);
            }
            assertEquals(hits, view.bpfCounter("cache-hits"), engine.log());
            assertEquals(before, received.get(), "nobody here has the address");
        }
    }

    private void giveTheWebPodTheOtherAddress() throws IOException {
        final String own = web.ipv4() + '/';
        try (Stream<Path> files = Files.list(node.manifests())) {
            for (final Path file : files.filter(file -> file.toString().endsWith(".yaml")).toList()) {
                final String yaml = Files.readString(file);
                if (yaml.contains(own)) {
                    node.writeManifest(file.getFileName().toString(), yaml.replace(own, OTHER_ADDRESS + '/'));
                }
            }
        }
    }

    @Test
    void shouldEndFlowsWithTheirEndpoint() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady();
            DatagramSocket sink = web.call(() -> new DatagramSocket(PORT));
            DatagramSocket source = client.call(() -> new DatagramSocket())) {
            view.awaitAttached(web, client);
            final AtomicLong received = new AtomicLong();
            final Thread reading = Thread.ofPlatform().daemon(true).start(() -> count(sink, received));
            final DatagramPacket datagram =
                new DatagramPacket(new byte[64], 64, new InetSocketAddress(web.ipv4(), PORT));
            NodeView.await("offloaded: " + engine.log(), () -> {
                for (int i = 0; i < 100; i++) {
                    source.send(datagram);
                }
                return view.bpfCounter("cache-hits") > 100 && received.get() > 100;
            });
            node.withdraw(web);
            NodeView.await("only the client is left", () -> view.ask("status").path("workloads").size() == 1);
            final long hits = view.bpfCounter("cache-hits");
            for (int i = 0; i < 100; i++) {
                source.send(datagram);
            }
            assertEquals(hits, view.bpfCounter("cache-hits"));
            assertEquals(0, view.offloadedFlows());
            assertTrue(reading.isAlive(), "it has received all the time");
        }
    }

    /** What does not fit comes to Java in fragments, of a flow that the kernel carries on, and is whole on arrival. */
    @Test
    void shouldBringFragmentsOfAnOffloadedFlowThroughJava() throws Exception {
        try (EngineChild engine = EngineChild.start(node).awaitReady();
            DatagramSocket server = web.call(() -> new DatagramSocket(PORT));
            DatagramSocket source = client.call(() -> new DatagramSocket())) {
            view.awaitAttached(web, client);
            server.setSoTimeout(1000);
            final InetSocketAddress address = new InetSocketAddress(web.ipv4(), PORT);
            final DatagramPacket received = new DatagramPacket(new byte[65_535], 65_535);
            NodeView.await("a flow in the cache: " + engine.log(), () -> {
                source.send(new DatagramPacket(new byte[64], 64, address));
                server.receive(received);
                return view.bpfCounter("cache-hits") > 2;
            });
            final long hits = view.bpfCounter("cache-hits");
            final long before = view.javaPackets();
            source.send(new DatagramPacket(new byte[8000], 8000, address));
            server.receive(received);
            assertEquals(8000, received.getLength());
            assertEquals(hits, view.bpfCounter("cache-hits"), "none of the fragments");
            assertTrue(view.javaPackets() - before >= 6, "all six through Java");
            source.send(new DatagramPacket(new byte[1200], 1200, address));
            server.receive(received);
            assertEquals(hits + 1, view.bpfCounter("cache-hits"));
        }
    }

    private static void count(final DatagramSocket sink, final AtomicLong received) {
        final DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        try {
            while (!sink.isClosed()) {
                sink.receive(packet);
                received.incrementAndGet();
            }
        } catch (final IOException closed) {
            assertTrue(sink.isClosed(), closed.toString());
        }
    }
}
