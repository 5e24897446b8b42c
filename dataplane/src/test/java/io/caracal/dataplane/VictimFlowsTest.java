package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.lab.LabPod;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pod whose connections are in the flow cache, while a neighbour opens ten times as many flows as it has room for. */
@Timeout(180)
class VictimFlowsTest extends TwoPodNode {
    private static final int PORT = 7790;
    private static final int CONNECTIONS = 20;
    private static final int ROOM = 1024;
    private static final int PORTION = 128;
    private static final int ATTACKS = 80 * PORTION;
    private static final int FIRST_PORT = 20_000;

    VictimFlowsTest() {
        super("victim");
    }

    /** As the programs count them, whichever way they go. */
    private long sentPackets(final LabPod pod) throws IOException {
        for (final JsonNode workload : view.ask("counters").path("workloads")) {
            if (pod.interfaceName().equals(workload.path("interface").asText())) {
                return workload.path("sentPackets").asLong();
            }
        }
        return 0;
    }

    /**
     * Each datagram comes from a port of its own: a new flow, that nobody answers. A portion is less than the punt pair
     * holds (VETH_RING_SIZE), so that none is lost where Java is slow, and each comes to Java before the next.
     */
    private void attack(final LabPod attacker, final InetSocketAddress target) throws Exception {
        final long before = view.javaPackets();
        for (int sent = 0; sent < ATTACKS; sent += PORTION) {
            final int firstPort = FIRST_PORT + sent;
            attacker.call(() -> send(target, firstPort));
            final int all = sent + PORTION;
            NodeView.await(all + " new flows come to Java", () -> view.javaPackets() - before >= all);
        }
    }

    private static int send(final InetSocketAddress target, final int firstPort) {
        for (int port = firstPort; port < firstPort + PORTION; port++) {
            try (DatagramSocket socket = new DatagramSocket(port)) {
                socket.send(new DatagramPacket(new byte[64], 64, target));
            } catch (final IOException failure) {
                throw new IllegalStateException("send a datagram from port " + port, failure);
            }
        }
        return PORTION;
    }

    @Test
    void shouldStayInTheCache() throws Exception {
        final LabPod attacker = node.addPod("shop", "attacker");
        announceBoth();
        node.announce(attacker);
        try (EngineChild engine = EngineChild.start(node, "offload-flows=" + ROOM, "miss-rate-pps=0").awaitReady();
            DatagramSocket sink = web.call(() -> new DatagramSocket(PORT + 1))) {
            view.awaitAttached(web, client, attacker);
            assertEquals(ROOM, view.ask("status").path("offload").path("flowsMax").asLong());
            try (EchoConnections victim = EchoConnections.open(client, web, PORT, CONNECTIONS)) {
                victim.awaitExchanges(10 * CONNECTIONS);
                final long exchanges = victim.exchangeCount();
                final long before = view.javaPackets();
                attack(attacker, new InetSocketAddress(web.ipv4(), sink.getLocalPort()));
                victim.awaitExchanges(10 * CONNECTIONS);
                final long more = view.javaPackets() - before - ATTACKS;
                assertTrue(more <= CONNECTIONS, more + " packets of the victim had to go through Java, of "
                    + (victim.exchangeCount() - exchanges) + " exchanges; " + view.ask("status").path("offload"));
                assertTrue(sentPackets(attacker) >= ATTACKS, view.ask("counters").path("workloads").toString());
                assertEquals(0, victim.broken().size(), victim.broken() + "\n" + engine.log());
                System.out.println("VictimFlowsTest: " + ATTACKS + " new flows decided, "
                    + (victim.exchangeCount() - exchanges) + " exchanges of the victim, " + more
                    + " packets more through Java");
            }
        }
    }
}
