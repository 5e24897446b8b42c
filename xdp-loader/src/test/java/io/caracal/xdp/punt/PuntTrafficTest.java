package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.Fd;
import io.caracal.xdp.TcDirection;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.PacketSocket;
import io.caracal.xdp.testing.TestNode;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real packets between a pod, the host and an engine that a packet socket on punt1 stands for, by both ways of tc. */
final class PuntTrafficTest {
    private static final byte[] PING = {'p', 'i', 'n', 'g'};

    private TestNode node;
    private PuntPrograms programs;
    private PuntHooks hooks;
    private TcLink fromEngine;
    private Fd engineSocket;
    private PacketSocket engine;
    private PacketSocket pod;

    @BeforeEach
    void makeNode() throws IOException {
        node = new TestNode();
        programs = PuntPrograms.load(16);
        programs.configure(node.config(OnEngineLoss.DROP));
        programs.putWorkload(node.workload, TestNode.podBehind());
        engineSocket = node.engineSocket(programs);
        engine = node.onHost(node.punt1);
        pod = node.onPod();
    }

    @AfterEach
    void removeNode() throws IOException {
        pod.close();
        engine.close();
        engineSocket.close();
        hooks.close();
        fromEngine.close();
        programs.close();
        node.close();
    }

    /** All but XDP on punt1, which would take the packets from the packet socket. */
    private void attach(final TcHook hook) {
        hooks = new PuntHooks(programs, null, List.of(hook));
        fromEngine = node.inHost(() -> {
            hooks.attachWorkload(node.workload);
            return TcLink.attach(programs.fromEngine(), node.punt0, TcDirection.INGRESS, null, List.of(hook));
        });
        assertEquals(hook, fromEngine.hook());
    }

    private byte[] receivedByEngine(final int direction) {
        final byte[] mac = Packet.puntMac(direction, node.workload);
        return engine.receive(frame -> Arrays.equals(mac, Arrays.copyOf(frame, 6)));
    }

    private static byte[] fromPodToHost(final int port) {
        return Packet.ipv4(TestNode.POD_ADDRESS, TestNode.HOST_ADDRESS, UDP, Packet.udp(4000, port, PING));
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldCarryAPacketOfThePodToTheEngineAndBackIntoThePod(final TcHook hook) {
        attach(hook);
        final byte[] ip = fromPodToHost(53);
        pod.send(Packet.ethernet(ETH_IPV4, ip));
        final byte[] punted = receivedByEngine(1);
        assertArrayEquals(Packet.ethernet(Packet.puntMac(1, node.workload), Packet.POD_MAC, ETH_IPV4, ip), punted);

        engine.send(Packet.ethernet(Packet.puntMac(1, node.workload), new byte[6], ETH_IPV4, ip));
        final byte[] delivered = pod.receive(frame -> Arrays.equals(Packet.POD_MAC, Arrays.copyOf(frame, 6)));
        assertArrayEquals(Packet.ethernet(Packet.POD_MAC, Packet.HOST_MAC, ETH_IPV4, ip), delivered);
        assertEquals(1, programs.counter(PuntCounter.DELIVERED_TO_WORKLOAD));
        assertEquals(0, programs.counter(PuntCounter.PUNTED_TO_WORKLOAD), "a delivery does not meet tc egress");
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldHandAPacketToASocketOfTheHostAndPuntItsAnswer(final TcHook hook) throws IOException {
        attach(hook);
        try (DatagramSocket server = node.inHost(() -> new DatagramSocket(new InetSocketAddress(TestNode.HOST_ADDRESS,
            0)))) {
            server.setSoTimeout(5000);
            final byte[] ip = fromPodToHost(server.getLocalPort());
            pod.send(Packet.ethernet(ETH_IPV4, ip));
            receivedByEngine(1);
            engine.send(Packet.ethernet(Packet.puntMac(2, node.workload), new byte[6], ETH_IPV4, ip));
            final DatagramPacket question = new DatagramPacket(new byte[64], 64);
            server.receive(question);
            assertArrayEquals(PING, Arrays.copyOf(question.getData(), question.getLength()));
            assertEquals(1, programs.counter(PuntCounter.DELIVERED_TO_HOST));
            assertEquals(1, programs.counter(PuntCounter.HANDED_ACCEPTED));

            server.send(new DatagramPacket(PING, PING.length, question.getSocketAddress()));
            final byte[] answer = receivedByEngine(2);
            assertArrayEquals(Packet.puntMac(0, 0), Arrays.copyOfRange(answer, 6, 12),
                "the host's own has no ingress interface");
            assertArrayEquals(PING, Arrays.copyOfRange(answer, answer.length - 4, answer.length));
        }
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldDropWhatTheEngineMustNotSee(final TcHook hook) {
        attach(hook);
        pod.send(Packet.ethernet(0x8100, Packet.be16(7), Packet.be16(ETH_IPV4), fromPodToHost(53)));
        assertEventually(PuntCounter.DROPPED_VLAN_TAG, 1);
        pod.send(Packet.ethernet(ETH_IPV4, Packet.ipv4(TestNode.POD_ADDRESS, "10.65.0.3", UDP,
            Packet.udp(1, 2, new byte[4000]))));
        assertEventually(PuntCounter.DROPPED_TOO_BIG, 1);
        pod.send(Packet.ethernet(ETH_IPV4, Packet.ipv4(TestNode.POD_ADDRESS, "10.65.0.3", UDP,
            Packet.udp(1, 2, new byte[3400]))));
        assertEventually(PuntCounter.PUNTED_FROM_WORKLOAD, 1);
        assertEquals(2, programs.traffic(node.workload).orElseThrow().droppedPackets());
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldPuntHeadersThatAreCut(final TcHook hook) {
        attach(hook);
        final byte[][] cut = {new byte[0], {0x45}, Arrays.copyOf(fromPodToHost(53), 19),
            Arrays.copyOf(fromPodToHost(53), 23)};
        for (int i = 0; i < cut.length; i++) {
            pod.send(Packet.ethernet(ETH_IPV4, cut[i]));
            assertEventually(PuntCounter.PUNTED_UNPARSED, i + 1);
        }
        pod.send(Packet.ethernet(ETH_IPV6, Arrays.copyOf(Packet.ipv6("fd00::1", "fd00::2", UDP, new byte[0]), 39)));
        assertEventually(PuntCounter.PUNTED_UNPARSED, cut.length + 1);
        assertEquals(cut.length + 1, programs.counter(PuntCounter.PUNTED_FROM_WORKLOAD));
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldFailClosedWhenTheEnginesSocketIsGone(final TcHook hook) throws IOException {
        attach(hook);
        engineSocket.close();
        pod.send(Packet.ethernet(ETH_IPV4, fromPodToHost(53)));
        assertEventually(PuntCounter.DROPPED_ENGINE_ABSENT, 1);
        try (DatagramSocket probe = node.inHost(() -> new DatagramSocket(new InetSocketAddress(TestNode.HOST_ADDRESS,
            0)))) {
            probe.send(new DatagramPacket(PING, PING.length, new InetSocketAddress(TestNode.POD_ADDRESS, 8080)));
        }
        final byte[] probe = pod.receive(frame -> frame.length > 14 && frame[frame.length - 1] == 'g');
        assertArrayEquals(Packet.POD_MAC, Arrays.copyOf(probe, 6), "the host's own probe passes unchanged");
        assertEquals(1, programs.counter(PuntCounter.PASSED_HOST_TO_WORKLOAD));
        programs.configure(node.config(OnEngineLoss.PASS));
        pod.send(Packet.ethernet(ETH_IPV4, fromPodToHost(53)));
        assertEventually(PuntCounter.PASSED_ENGINE_ABSENT, 1);
    }

    /** The counter moves when the packet does, which is on another CPU and a moment later. */
    private void assertEventually(final PuntCounter counter, final long expected) {
        final long deadlineNs = System.nanoTime() + 5_000_000_000L;
        while (programs.counter(counter) < expected && System.nanoTime() < deadlineNs) {
            Thread.onSpinWait();
        }
        assertEquals(expected, programs.counter(counter), counter.name());
    }
}
