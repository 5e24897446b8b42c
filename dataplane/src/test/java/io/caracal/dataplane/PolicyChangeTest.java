package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random changes of policy under a stream of probes, with the flow cache: once {@code status} shows the revision of a
 * change, not one packet more passes by the policy before it. Of new flows in any case, of all flows with {@code
 * established-flows=recheck}; with {@code keep} no change touches an established flow. A thousand changes with {@code
 * -Dcaracal.long.minutes=N}.
 */
@Timeout(1800)
class PolicyChangeTest extends TwoPodNode {
    private static final int CHANGES = Long.getLong("caracal.long.minutes", 0) > 0 ? 1000 : 100;
    private static final int FIRST_PORT = 9001;
    private static final int PORTS = 4;
    /** Policy lets it through always: whatever was sent before it has been decided once it arrives. */
    private static final int FENCE_PORT = 9000;
    private static final int ROUNDS = 5;
    private static final int NEW = 0;
    private static final int ESTABLISHED = 1;
    private static final int PROBE_LENGTH = 12;

    /** How a port is shut: by the receiver's rules, by the sender's, or by the members of a set that a rule names. */
    private enum Shut { NOT, BY_INGRESS, BY_EGRESS, BY_SET }

    private final List<DatagramSocket> servers = new ArrayList<>();
    private final List<DatagramSocket> established = new ArrayList<>();
    /** Probes that arrived, by the number of the change that was acknowledged when they were sent, port and kind. */
    private final AtomicLong[][] arrived = new AtomicLong[PORTS][2];
    private final AtomicInteger fence = new AtomicInteger(-1);
    private final AtomicInteger current = new AtomicInteger();
    private final List<String> strays = java.util.Collections.synchronizedList(new ArrayList<>());
    private SplittableRandom random;
    private Shut[] shut;
    /** Below those that the kernel gives to sockets by itself. */
    private int sourcePort = 1024;

    PolicyChangeTest() {
        super("polchange");
    }

    @BeforeEach
    void openSockets() {
        announceBoth();
        for (int port = 0; port < PORTS; port++) {
            established.add(client.call(() -> new DatagramSocket()));
            for (int kind = 0; kind < 2; kind++) {
                arrived[port][kind] = new AtomicLong();
            }
        }
        for (int port = FENCE_PORT; port < FIRST_PORT + PORTS; port++) {
            final int own = port;
            final DatagramSocket server = web.call(() -> new DatagramSocket(own));
            servers.add(server);
            Thread.ofPlatform().daemon(true).start(() -> receive(server, own - FIRST_PORT));
        }
    }

    @AfterEach
    void closeSockets() {
        servers.forEach(DatagramSocket::close);
        established.forEach(DatagramSocket::close);
    }

    /** Counts probes; answers those of established flows, so that they are established. */
    private void receive(final DatagramSocket server, final int port) {
        final DatagramPacket packet = new DatagramPacket(new byte[PROBE_LENGTH], PROBE_LENGTH);
        try {
            while (!server.isClosed()) {
                packet.setLength(PROBE_LENGTH);
                server.receive(packet);
                final ByteBuffer probe = ByteBuffer.wrap(packet.getData());
                final int change = probe.getInt();
                final int kind = probe.getInt();
                if (port < 0) {
                    fence.set(change);
                } else if (change != current.get()) {
                    strays.add("a probe of change " + change + " to port " + port + " in " + current.get());
                } else {
                    arrived[port][kind].incrementAndGet();
                }
                if (kind == ESTABLISHED) {
                    server.send(packet);
                }
            }
        } catch (final IOException closed) {
            assertTrue(server.isClosed(), closed.toString());
        }
    }

    private void send(final DatagramSocket from, final int port, final int change, final int kind) throws IOException {
        final byte[] probe = ByteBuffer.allocate(PROBE_LENGTH).putInt(change).putInt(kind).array();
        from.send(new DatagramPacket(probe, probe.length, new InetSocketAddress(web.ipv4(), port)));
    }

    private void sendFromNewPort(final int port, final int change) throws IOException {
        try (DatagramSocket socket = client.call(this::socketOfAnotherPort)) {
            send(socket, port, change, NEW);
        }
    }

    /** None is used twice: its flow would be known. */
    private DatagramSocket socketOfAnotherPort() throws IOException {
        return new DatagramSocket(sourcePort++);
    }

    /** Probes of each kind to each port; returns when the engine has decided about all of them. */
    private void probe(final int change) throws Exception {
        current.set(change);
        for (final AtomicLong[] kinds : arrived) {
            kinds[NEW].set(0);
            kinds[ESTABLISHED].set(0);
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (int port = 0; port < PORTS; port++) {
                sendFromNewPort(FIRST_PORT + port, change);
                send(established.get(port), FIRST_PORT + port, change, ESTABLISHED);
            }
        }
        sendFromNewPort(FENCE_PORT, change);
        NodeView.await("the fence of change " + change, () -> fence.get() == change);
    }

    private void awaitArrived(final int port, final int kind, final String where) throws Exception {
        NodeView.await(ROUNDS + " probes of kind " + kind + " to port " + port + " arrive: " + where,
            () -> arrived[port][kind].get() == ROUNDS);
    }

    /** Another policy than before, by its name too: so that status tells of it. */
    private void change(final int number) throws Exception {
        final Shut[] before = shut;
        do {
            shut = new Shut[PORTS];
            java.util.Arrays.setAll(shut, port -> random.nextBoolean() ? Shut.NOT
                : Shut.values()[1 + random.nextInt(Shut.values().length - 1)]);
        } while (java.util.Arrays.equals(before, shut));
        write(number);
    }

    private void write(final int number) throws Exception {
        node.writeManifest("probes.yaml", """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: probes-%1$d}
            spec:
              selector: all()
              types: [Ingress, Egress]
              ingress:
              - {action: Allow, protocol: UDP, destination: {ports: [%2$s]}}
              - {action: Allow, protocol: UDP, source: {selector: probes == 'few'}, destination: {ports: [%3$s]}}
              egress:
              - {action: Allow, protocol: UDP, destination: {ports: [%4$s]}}
            ---
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkSet
            metadata: {name: few, labels: {probes: few}}
            spec: {nets: [10.99.0.1/32]}
            """.formatted(number, ports(Shut.NOT, Shut.BY_EGRESS), ports(Shut.BY_SET),
            ports(Shut.NOT, Shut.BY_INGRESS, Shut.BY_SET)));
        view.awaitInForce("probes-" + number);
    }

    private String ports(final Shut... which) {
        final StringBuilder list = new StringBuilder(String.valueOf(FENCE_PORT));
        for (int port = 0; port < PORTS; port++) {
            if (List.of(which).contains(shut[port])) {
                list.append(", ").append(FIRST_PORT + port);
            }
        }
        return list.toString();
    }

    private void randomise(final String test) {
        final long seed = Long.getLong("caracal.test.seed", System.nanoTime());
        System.out.println("PolicyChangeTest, " + test + ": -Dcaracal.test.seed=" + seed);
        random = new SplittableRandom(seed);
        shut = new Shut[PORTS];
        java.util.Arrays.fill(shut, Shut.NOT);
    }

    /** Every flow is established, and in the cache, before the first change. */
    private void establish() throws Exception {
        write(0);
        for (int n = 0; n < 2; n++) {
            probe(n);
            for (int port = 0; port < PORTS; port++) {
                awaitArrived(port, ESTABLISHED, "establish");
            }
        }
        assertTrue(view.offloadedFlows() >= PORTS, "offloaded");
    }

    @Test
    void shouldLetNothingPassByTheFormerPolicyWithRecheck() throws Exception {
        randomise("recheck");
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node, "established-flows=recheck")) {
            view.awaitAttached(web, client);
            establish();
            for (int number = 2; number < CHANGES + 2; number++) {
                change(number);
                probe(number);
                for (int port = 0; port < PORTS; port++) {
                    check(port, NEW, number, engine);
                    check(port, ESTABLISHED, number, engine);
                }
            }
            assertEquals(List.of(), strays);
        }
    }

    /** All that policy lets through arrive, and nothing else. */
    private void check(final int port, final int kind, final int number, final EmbeddedEngine engine) throws Exception {
        final String where = "change " + number + ", port " + port + " shut " + shut[port];
        if (shut[port] == Shut.NOT) {
            awaitArrived(port, kind, where);
        } else {
            assertEquals(0, arrived[port][kind].get(), where + ": probes of kind " + kind + " that passed\n"
                + engine.log());
        }
    }

    /** What is established goes on, and its packets do not even come to Java: each entry stays as it was. */
    @Test
    void shouldTouchNoEstablishedFlowWithKeepAndLetNoNewOnePass() throws Exception {
        randomise("keep");
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node)) {
            view.awaitAttached(web, client);
            establish();
            final long before = view.worker().path("rxPackets").asLong();
            for (int number = 2; number < CHANGES + 2; number++) {
                change(number);
                probe(number);
                for (int port = 0; port < PORTS; port++) {
                    check(port, NEW, number, engine);
                    awaitArrived(port, ESTABLISHED, "change " + number + " to " + shut[port]);
                }
            }
            final long newFlows = (long)CHANGES * (ROUNDS * PORTS + 1);
            final long came = view.worker().path("rxPackets").asLong() - before;
            assertTrue(came >= newFlows && came < newFlows + CHANGES, came + " packets came to Java, " + newFlows
                + " were of new flows; " + view.worker());
            assertEquals(List.of(), strays);
        }
    }
}
