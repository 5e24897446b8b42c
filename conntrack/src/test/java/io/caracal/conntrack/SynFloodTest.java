package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import io.caracal.wire.TcpHeader;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A million half-open connections at a million packets a second towards a pod with a thousand established ones, in a
 * table for a quarter of that; once with a limit per endpoint, once where the flood fills the table itself.
 */
class SynFloodTest {
    private static final int SYNS = 1_000_000;
    private static final int ESTABLISHED = 1000;
    private static final int CAPACITY = 1 << 18;
    private static final long BURST_NS = 64_000;
    private static final int CLIENTS = 0x14000000;

    @TempDir
    Path directory;

    private TrackedNode node;
    private int succeeded;
    private int tried;

    @ParameterizedTest
    @ValueSource(ints = {4, 1})
    void shouldKeepEstablishedFlowsAndLetOthersConnect(final int share) {
        final ConntrackConfig base = TrackedNode.config(CAPACITY);
        final ConntrackConfig config = new ConntrackConfig(CAPACITY, 16, 64, CAPACITY / share, base.evictionIdle(),
            base.timeouts(), base.tcp(), true, EstablishedFlows.KEEP);
        node = new TrackedNode(directory, config);
        try {
            for (int i = 0; i < ESTABLISHED; i++) {
                assertTrue(connects(TrackedNode.POD, TrackedNode.POD_IPV4, CLIENTS + i, 5000));
            }
            flood();
            System.out.println("SynFloodTest: share 1/" + share + ", " + succeeded + " of " + tried
                + " new connections of another pod, " + node.conntrack.ipv4Table().flowCount() + " flows, "
                + node.count(ConntrackCounter.EVICTED) + " evicted");
            assertTrue(succeeded >= tried * 0.999, succeeded + " of " + tried);
            assertTrue(connects(TrackedNode.POD, TrackedNode.POD_IPV4, CLIENTS, 6000), "the attacked pod itself");
            recover();
        } finally {
            node.close();
        }
    }

    private void flood() {
        final SplittableRandom random = TestSeed.random("SynFloodTest");
        int sent = 0;
        for (int burst = 0; sent < SYNS; burst++) {
            node.begin();
            for (int i = 0; i < 60; i++, sent++) {
                node.to(TrackedNode.POD, tcp(0x1e000000 + random.nextInt(1 << 24), TrackedNode.POD_IPV4,
                    random.nextInt(1 << 16), TcpHeader.SYN, random.nextInt(), 0));
            }
            for (int i = 0; i < 4; i++) {
                node.to(TrackedNode.POD, tcp(CLIENTS + (burst * 4 + i) % ESTABLISHED, TrackedNode.POD_IPV4, 5000,
                    TcpHeader.ACK, 1001, 5001));
            }
            node.run();
            for (int row = 60; row < 64; row++) {
                assertEquals("established", node.outcome(row), "burst " + burst);
            }
            if (burst % 20 == 0) {
                tried++;
                succeeded += connects(TrackedNode.PEER, TrackedNode.PEER_IPV4, CLIENTS + burst, 7000) ? 1 : 0;
            }
            node.nowNs += BURST_NS;
        }
    }

    private void recover() {
        for (int second = 0; second < 25; second++) {
            node.advanceMs(1000);
            for (int cycle = 0; cycle < 1000; cycle++) {
                node.idle();
            }
        }
        assertEquals(ESTABLISHED + 1 + succeeded, node.conntrack.ipv4Table().flowCount());
        for (int i = 0; i < ESTABLISHED; i++) {
            assertEquals("established", node.deliver(TrackedNode.POD,
                tcp(CLIENTS + i, TrackedNode.POD_IPV4, 5000, TcpHeader.ACK, 1001, 5001)));
        }
    }

    private boolean connects(final int ifindex, final int pod, final int client, final int clientPort) {
        return node.deliver(ifindex, tcp(client, pod, clientPort, TcpHeader.SYN, 1000, 0)).equals("new")
            && node.send(ifindex, answer(pod, client, clientPort)).equals("established")
            && node.deliver(ifindex, tcp(client, pod, clientPort, TcpHeader.ACK, 1001, 5001)).equals("established");
    }

    private static byte[] tcp(final int source, final int destination, final int port, final int flags,
        final int sequence, final int acknowledgement) {
        return IpPackets.ipv4(IpProtocol.TCP, source, destination,
            IpPackets.tcp(port, 80, flags, sequence, acknowledgement));
    }

    private static byte[] answer(final int pod, final int client, final int port) {
        return IpPackets.ipv4(IpProtocol.TCP, pod, client,
            IpPackets.tcp(80, port, TcpHeader.SYN | TcpHeader.ACK, 5000, 1001));
    }
}
