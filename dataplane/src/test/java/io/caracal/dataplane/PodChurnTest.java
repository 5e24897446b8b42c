package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Pods come and go while one pod attacks each address from before its pod is there until it is gone: no packet that
 * policy denies arrives, and nothing stays behind. A thousand pods with {@code -Dcaracal.long.minutes=N}.
 */
@Timeout(900)
class PodChurnTest {
    private static final int POD_COUNT = Long.getLong("caracal.long.minutes", 0) > 0 ? 1000 : 80;
    private static final int AT_ONCE = 10;
    private static final int ATTACKED_PORT = 9999;
    /** Each of the addresses is attacked about once a millisecond. */
    private static final long ATTACK_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(40);
    private static final String DENY_ALL_BUT_PING = """
        apiVersion: projectcalico.org/v3
        kind: NetworkPolicy
        metadata: {name: only-ping, namespace: churn}
        spec:
          types: [Ingress, Egress]
          ingress: [{action: Allow, protocol: ICMP}]
        """;

    private Lab lab;
    private LabNode node;
    private NodeView view;
    private LabPod attacker;

    @BeforeEach
    void makeNodeWithAnAttacker() {
        lab = Lab.create("churn");
        node = lab.addNode("node1");
        view = new NodeView(node);
        attacker = node.addPod("shop", "attacker");
        node.announce(attacker);
        node.writeManifest("namespace.churn.yaml", """
            apiVersion: v1
            kind: Namespace
            metadata: {name: churn}
            """);
        node.writeManifest("only-ping.yaml", DENY_ALL_BUT_PING);
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    /** UDP to the addresses that pods have now or are about to have, without a pause. */
    private static final class Attack implements AutoCloseable {
        private final DatagramSocket socket;
        private final Thread thread;
        private final AtomicLong sentCount = new AtomicLong();
        private volatile List<InetAddress> targets = List.of();
        private volatile boolean isOver;

        Attack(final LabPod from) {
            socket = from.call(DatagramSocket::new);
            thread = Thread.ofPlatform().name("attack").daemon(true).start(this::run);
        }

        void aimAt(final List<String> addresses) {
            targets = addresses.stream().map(InetAddress::ofLiteral).toList();
        }

        private void run() {
            while (!isOver) {
                for (final InetAddress target : targets) {
                    try {
                        socket.send(new DatagramPacket(new byte[8], 8, target, ATTACKED_PORT));
                        sentCount.incrementAndGet();
                    } catch (final IOException unreachable) {
                        assertTrue(isOver || unreachable.getMessage() != null, "the pod is not there yet");
                    }
                    LockSupport.parkNanos(ATTACK_PAUSE_NS);
                }
                LockSupport.parkNanos(ATTACK_PAUSE_NS);
            }
        }

        @Override
        public void close() {
            isOver = true;
            NodeView.join(thread);
            socket.close();
        }
    }

    /** Everything of the engine's that pods could leave something in. */
    private record Leftovers(List<String> descriptors, int links, String routes, String guard, int workloads,
                             long flows) {
    }

    private Leftovers leftovers() throws Exception {
        final JsonNode conntrack = view.worker().path("conntrack");
        return new Leftovers(
            OpenFiles.of("self", "anon_inode:.*bpf.*|/memfd:.*|net:.*"), view.pinnedLinks().size(),
            view.onNode("ip", "route") + view.onNode("ip", "-6", "route").replaceAll("expires \\d+sec", ""),
            view.armed().toString(), view.ask("counters").path("workloads").size(),
            conntrack.path("ipv4-flows").asLong() + conntrack.path("ipv6-flows").asLong());
    }

    /** Those of the attacker to addresses that nobody has end by their timeout, those of a pod with the pod. */
    private void awaitNoFlows() throws Exception {
        NodeView.await("no flows", () -> leftovers().flows() == 0);
    }

    @Test
    void shouldPoliceEachPodFromItsFirstPacketAndKeepNothingOfIt() throws Exception {
        try (EmbeddedEngine engine = EmbeddedEngine.launch(
                node, "conntrack-timeouts=UDPTimeout=1s,ICMPTimeout=1s");
            Attack attack = new Attack(attacker)) {
            view.awaitAttached(attacker);
            churn(attack, 0, AT_ONCE);
            attack.aimAt(List.of());
            awaitNoFlows();
            final Leftovers before = leftovers();
            long arrivedCount = 0;
            for (int first = AT_ONCE; first < AT_ONCE + POD_COUNT; first += AT_ONCE) {
                arrivedCount += churn(attack, first, AT_ONCE);
            }
            attack.aimAt(List.of());
            assertEquals(0, arrivedCount, "packets of " + attack.sentCount + " that reached a pod unpoliced");
            awaitNoFlows();
            assertEquals(before, leftovers(), engine.log());
            final long deniedCount = view.worker().path("drops").path("policy-deny").asLong();
            System.out.printf("%d pods came and went under %d attacking packets: policy denied %d, %d arrived%n",
                POD_COUNT, attack.sentCount.get(), deniedCount, arrivedCount);
            assertTrue(deniedCount > POD_COUNT, "the attack met the policy of each pod: " + engine.log());
        }
    }

    /** So many pods come, are reached by what is allowed, and go; says how many attacking packets arrived. */
    private long churn(final Attack attack, final int first, final int count) throws Exception {
        final String prefix = attacker.ipv4().substring(0, attacker.ipv4().indexOf('.', 3) + 1);
        final int number = 3 + first;
        final List<String> addresses = new ArrayList<>();
        for (int i = number; i < number + count; i++) {
            addresses.add(prefix + (i >> 8) + '.' + (i & 0xff));
        }
        attack.aimAt(addresses);
        final List<LabPod> pods = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final LabPod pod = node.addPod("churn", "pod" + (first + i));
            assertTrue(addresses.contains(pod.ipv4()), pod.ipv4() + " is attacked: " + addresses);
            node.announce(pod);
            pods.add(pod);
        }
        NodeView.await(count + " pods are attached", () -> view.attached().size() == count + 1);
        assertTrue(NodeView.reaches(attacker, pods.getLast().ipv4()), "what policy allows");
        long arrivedCount = 0;
        for (final LabPod pod : pods) {
            arrivedCount += udpArrivals(pod);
            node.removePod(pod);
        }
        NodeView.await("all are gone", () -> view.attached().size() == 1);
        return arrivedCount;
    }

    /** Datagrams that reached the pod's stack since its namespace was made, with a socket for them or without. */
    private static long udpArrivals(final LabPod pod) throws Exception {
        final List<String> lines = pod.call(() -> Files.readAllLines(Path.of("/proc/thread-self/net/snmp"))).stream()
            .filter(line -> line.startsWith("Udp: ")).toList();
        final List<String> names = List.of(lines.get(0).split(" "));
        final String[] values = lines.get(1).split(" ");
        return Long.parseLong(values[names.indexOf("InDatagrams")]) + Long.parseLong(values[names.indexOf("NoPorts")]);
    }
}
