package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ETH_ARP;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.ICMPV6;
import static io.caracal.xdp.testing.Packet.RST;
import static io.caracal.xdp.testing.Packet.SYN;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Fd;
import io.caracal.bindings.Posix;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/**
 * What becomes of misses while no socket is in the map: packet in, verdict and counter out. Sockets of the host are
 * real ones on the loopback interface, where the programs look for them.
 */
final class EngineLossTest extends ProgramTable {
    private static final byte[] UDP_PACKET =
        Packet.ethernet(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, Packet.udp(5000, 53)));

    private void assertFromPod(final int action, final PuntCounter counter, final byte[] packet) {
        final TestSkb.Result result = TestSkb.of(packet, WORKLOAD).run(programs.fromWorkload());
        assertEquals(action, result.action());
        assertArrayEquals(packet, result.packet(), "what passes is not changed");
        assertCounted(counter);
    }

    private void assertTcp(final boolean passes, final InetSocketAddress from, final InetSocketAddress to,
        final int flags) {
        final byte[] tcp = Packet.tcp(from.getPort(), to.getPort(), flags);
        final String source = from.getAddress().getHostAddress();
        final String destination = to.getAddress().getHostAddress();
        final byte[] packet = from.getAddress().getAddress().length == 4
            ? Packet.ethernet(ETH_IPV4, Packet.ipv4(source, destination, TCP, tcp))
            : Packet.ethernet(ETH_IPV6, Packet.ipv6(source, destination, TCP, tcp));
        assertFromPod(passes ? TC_ACT_OK : TC_ACT_SHOT,
            passes ? PuntCounter.PASSED_ANSWER_TO_HOST : PuntCounter.DROPPED_ENGINE_ABSENT, packet);
    }

    @Test
    void shouldDropMissesOfAPod() {
        assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, UDP_PACKET);
        assertEquals(1, programs.traffic(WORKLOAD).orElseThrow().droppedPackets());
        assertEquals(UDP_PACKET.length, programs.traffic(WORKLOAD).orElseThrow().droppedBytes());
    }

    @Test
    void shouldPassMissesWhenTheOperatorHasChosenSo() {
        programs.configure(CONFIG.withOnEngineLoss(OnEngineLoss.PASS));
        assertFromPod(TC_ACT_OK, PuntCounter.PASSED_ENGINE_ABSENT, UDP_PACKET);
        assertEquals(TC_ACT_OK,
            TestSkb.of(UDP_PACKET, WORKLOAD).withIngressIfindex(9).run(programs.toWorkload()).action());
        assertCounted(PuntCounter.PASSED_ENGINE_ABSENT);
        programs.configure(CONFIG);
        assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, UDP_PACKET);
    }

    @Test
    void shouldSeeTheSocketGoAndComeBackQueueByQueue() {
        final int queue = FlowHashOracle.queue(Packet.address("10.65.0.2"), 5000, Packet.address("10.65.0.3"), 53, UDP,
            SEED, QUEUES);
        try (Fd engine = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0)) {
            programs.sockets().set(queue, engine.number());
            assertEquals(TC_ACT_REDIRECT, TestSkb.of(UDP_PACKET, WORKLOAD).run(programs.fromWorkload()).action());
            assertCounted(PuntCounter.PUNTED_FROM_WORKLOAD);
            programs.sockets().set((queue + 1) % QUEUES, engine.number());
            programs.sockets().clear(queue);
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, UDP_PACKET);
            programs.sockets().set(queue, engine.number());
        }
        assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, UDP_PACKET);
    }

    @Test
    void shouldPassTheHostsOwnPacketsToAPodButNotForwardedOnes() {
        final TestSkb own = TestSkb.of(UDP_PACKET, WORKLOAD);
        assertEquals(TC_ACT_OK, own.run(programs.toWorkload()).action());
        assertCounted(PuntCounter.PASSED_HOST_TO_WORKLOAD);
        assertEquals(TC_ACT_SHOT, own.withIngressIfindex(9).run(programs.toWorkload()).action());
        assertCounted(PuntCounter.DROPPED_ENGINE_ABSENT);
    }

    @Test
    void shouldPassSegmentsOfAConnectionThatTheHostHasOpened() throws IOException {
        for (final String address : new String[] {"127.0.0.1", "::1"}) {
            try (ServerSocketChannel pod = ServerSocketChannel.open().bind(new InetSocketAddress(address, 0));
                 Socket probe = new Socket(InetAddress.getByName(address), pod.socket().getLocalPort())) {
                final InetSocketAddress podSide = (InetSocketAddress)probe.getRemoteSocketAddress();
                final InetSocketAddress hostSide = (InetSocketAddress)probe.getLocalSocketAddress();
                assertTcp(true, podSide, hostSide, ACK);
                assertTcp(true, podSide, hostSide, SYN | ACK);
                assertTcp(true, podSide, hostSide, RST);
                assertTcp(false, podSide, hostSide, SYN);
                assertTcp(false, new InetSocketAddress(address, 1), hostSide, ACK);
            }
        }
    }

    @Test
    void shouldPassTheAnswerToASynOfTheHost() throws IOException {
        // A listener whose queue is full does not answer, so the host's socket stays in SYN_SENT.
        try (ServerSocketChannel pod = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0), 1);
             SocketChannel first = SocketChannel.open(pod.getLocalAddress());
             SocketChannel second = SocketChannel.open(pod.getLocalAddress());
             SocketChannel probe = SocketChannel.open()) {
            assertTrue(first.isConnected() && second.isConnected());
            final InetSocketAddress hostSide =
                (InetSocketAddress)probe.bind(new InetSocketAddress("127.0.0.1", 0)).getLocalAddress();
            probe.configureBlocking(false);
            assertEquals(false, probe.connect(pod.getLocalAddress()), "the third connection must wait");
            final InetSocketAddress podSide = (InetSocketAddress)pod.getLocalAddress();
            assertTcp(true, podSide, hostSide, SYN | ACK);
            assertTcp(true, podSide, hostSide, RST | ACK);
            assertTcp(false, podSide, hostSide, SYN);
        }
    }

    @Test
    void shouldNotLetAPodReachAListenerOfTheHost() throws IOException {
        try (ServerSocketChannel host = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0))) {
            final InetSocketAddress listener = (InetSocketAddress)host.getLocalAddress();
            final InetSocketAddress stranger = new InetSocketAddress("127.0.0.9", 40000);
            assertTcp(false, stranger, listener, SYN);
            assertTcp(false, stranger, listener, ACK);
            assertTcp(false, stranger, listener, SYN | ACK);
        }
    }

    @Test
    void shouldNotLetASynThroughATimeWaitSocketToTheListener() throws IOException {
        try (ServerSocketChannel host = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0))) {
            final SocketChannel pod = SocketChannel.open(host.getLocalAddress());
            final InetSocketAddress podSide = (InetSocketAddress)pod.getLocalAddress();
            final InetSocketAddress hostSide = (InetSocketAddress)host.getLocalAddress();
            host.accept().close();
            pod.close();
            assertTcp(true, podSide, hostSide, ACK);
            assertTcp(false, podSide, hostSide, SYN);
        }
    }

    @Test
    void shouldNotPassFragmentsOrOtherProtocolsToSocketsOfTheHost() throws IOException {
        try (ServerSocketChannel pod = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
             SocketChannel probe = SocketChannel.open(pod.getLocalAddress())) {
            final int podPort = ((InetSocketAddress)probe.getRemoteAddress()).getPort();
            final int hostPort = ((InetSocketAddress)probe.getLocalAddress()).getPort();
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, Packet.ethernet(ETH_IPV4,
                Packet.ipv4("127.0.0.1", "127.0.0.1", TCP, 0x2000, Packet.tcp(podPort, hostPort, ACK))));
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, Packet.ethernet(ETH_IPV4,
                Packet.ipv4("127.0.0.1", "127.0.0.1", UDP, Packet.udp(podPort, hostPort))));
            final byte[] about = Packet.ipv4("127.0.0.1", "127.0.0.1", TCP, Packet.tcp(hostPort, podPort, ACK));
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, Packet.ethernet(ETH_IPV4,
                Packet.ipv4("127.0.0.1", "127.0.0.1", Packet.ICMP, Packet.icmp(3, 3, about))));
        }
    }

    @Test
    void shouldPassNeighbourDiscoveryOnTheLinkAndNothingLikeIt() {
        assertFromPod(TC_ACT_OK, PuntCounter.PASSED_NEIGHBOUR,
            Packet.ethernet(ETH_ARP, Packet.arpRequest("10.65.0.2", "169.254.1.1")));
        for (final int type : new int[] {135, 136}) {
            assertFromPod(TC_ACT_OK, PuntCounter.PASSED_NEIGHBOUR, neighbour("fe80::ecee:eeff:feee:eeee", 255, type));
            assertFromPod(TC_ACT_OK, PuntCounter.PASSED_NEIGHBOUR, neighbour("ff02::1:ffee:eeee", 255, type));
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, neighbour("fd00:10:65::3", 255, type));
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, neighbour("ff05::2", 255, type));
            assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, neighbour("ff02::1", 254, type));
        }
        assertFromPod(TC_ACT_SHOT, PuntCounter.DROPPED_ENGINE_ABSENT, neighbour("fe80::1", 255, 128));
        assertEquals(TC_ACT_SHOT, TestSkb.of(Packet.ethernet(ETH_ARP, Packet.arpRequest("10.65.0.1", "10.65.0.2")),
            WORKLOAD).withIngressIfindex(9).run(programs.toWorkload()).action());
        assertCounted(PuntCounter.DROPPED_ENGINE_ABSENT);
    }

    private static byte[] neighbour(final String destination, final int hopLimit, final int type) {
        return Packet.ethernet(ETH_IPV6,
            Packet.ipv6("fe80::1234", destination, ICMPV6, hopLimit, Packet.icmp(type, 0, new byte[16])));
    }
}
