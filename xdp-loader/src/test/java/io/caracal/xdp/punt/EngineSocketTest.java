package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.xdp.TcLink;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.PacketSocket;
import io.caracal.xdp.testing.TestNode;
import io.caracal.xdp.testing.TestXsk;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * The whole way from a pod through both programs into AF_XDP sockets: that the queue of the hash is the queue that
 * receives.
 */
final class EngineSocketTest {
    @Test
    void shouldDeliverEachFlowToTheSocketOfItsQueue() throws IOException {
        try (TestNode node = new TestNode(); PuntPrograms programs = PuntPrograms.load(16);
             PuntHooks hooks = new PuntHooks(programs, null, TcLink.TCX_THEN_CLSACT); PacketSocket pod = node.onPod()) {
            programs.configure(node.config(OnEngineLoss.DROP));
            programs.putWorkload(node.workload, TestNode.podBehind());
            final TestXsk[] sockets = new TestXsk[TestNode.QUEUES];
            node.host.run(() -> {
                for (int queue = 0; queue < sockets.length; queue++) {
                    sockets[queue] = new TestXsk(node.punt1, queue);
                    programs.sockets().set(queue, sockets[queue].fd());
                }
                hooks.attachPunt(node.punt0, node.punt1);
                hooks.attachWorkload(node.workload);
            });
            assertFlowsReachTheirQueues(node, pod, sockets);
            assertEquals(0, programs.counter(PuntCounter.DROPPED_NO_SOCKET));
            for (final TestXsk socket : sockets) {
                socket.close();
            }
        }
    }

    private static void assertFlowsReachTheirQueues(final TestNode node, final PacketSocket pod,
        final TestXsk[] sockets) {
        final int[] perQueue = new int[sockets.length];
        for (int port = 1000; port < 1040; port++) {
            final byte[] ip = Packet.ipv4(TestNode.POD_ADDRESS, "10.65.0.3", UDP, Packet.udp(port, 53, new byte[18]));
            final int queue = FlowHashOracle.queue(Packet.address(TestNode.POD_ADDRESS), port,
                Packet.address("10.65.0.3"), 53, UDP, TestNode.SEED, sockets.length);
            pod.send(Packet.ethernet(ETH_IPV4, ip));
            assertArrayEquals(Packet.ethernet(Packet.puntMac(1, node.workload), Packet.POD_MAC, ETH_IPV4, ip),
                sockets[queue].receive(), "port " + port + " on queue " + queue);
            perQueue[queue]++;
        }
        assertTrue(perQueue[0] > 5 && perQueue[1] > 5, "both queues are used");
    }
}
