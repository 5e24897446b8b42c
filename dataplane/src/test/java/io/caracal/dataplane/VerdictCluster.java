package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.bindings.NetNamespace;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/**
 * The cluster that the recorded cases were probed on, as far as node1 sees it: its pods with their addresses and MACs,
 * and behind its uplink one namespace that is node2 with its pods, by the kernel's VXLAN, and the outside.
 */
final class VerdictCluster implements AutoCloseable {
    private static final List<Integer> PROTOCOLS = List.of(1, 6, 17, 132, 99);
    private static final String NODE = "node1";
    private static final String FAR = "far";
    private static final int ARRIVAL_MS_MAX = 3_000;
    private static final int AGAIN_MS = 700;
    private static final int LATE_MS = 150;

    private final Lab lab = Lab.create("verdicts");
    private final LabNode node = lab.addNode(NODE);
    private final Map<String, NetNamespace> places = new HashMap<>();
    private final Map<String, String> placeByAddress = new HashMap<>();
    private final Map<String, RawSocket> senders = new HashMap<>();
    private final Map<String, List<RawSocket>> receivers = new HashMap<>();

    VerdictCluster(final Path clusterFile) throws Exception {
        final JsonNode cluster = new JsonMapper().readTree(Files.readString(clusterFile));
        final String prefix = node.namespace().name().substring(0, node.namespace().name().length() - NODE.length());
        places.put(NODE, node.namespace());
        places.put(FAR, NetNamespace.open(prefix + "router"));
        layOutNodes(cluster.path("nodes"));
        for (final String name : List.of(NODE, "node2")) {
            final JsonNode one = cluster.path("nodes").path(name);
            placeByAddress.put(address(one), name.equals(NODE) ? NODE : FAR);
            placeByAddress.put(one.path("vxlanTunnelAddress").asText(), name.equals(NODE) ? NODE : FAR);
        }
        cluster.path("outside").forEach(outside -> placeByAddress.put(outside.asText(), FAR));
        for (final JsonNode pod : cluster.path("pods")) {
            if (pod.path("node").asText().equals(NODE)) {
                plug(pod, NetNamespace.create(prefix + "pod." + pod.path("name").asText()));
            } else {
                on(FAR, "ip address add " + pod.path("ip").asText() + "/32 dev lo");
                placeByAddress.put(pod.path("ip").asText(), FAR);
            }
        }
        openSockets();
    }

    LabNode node() {
        return node;
    }

    private static String address(final JsonNode someNode) {
        return someNode.path("ipv4").asText().replaceAll("/.*", "");
    }

    private void layOutNodes(final JsonNode nodes) throws Exception {
        final JsonNode near = nodes.path(NODE);
        final JsonNode far = nodes.path("node2");
        on(NODE, "ip address add " + near.path("ipv4").asText() + " dev eth0");
        on(FAR, """
            ip address add %s dev node1
            ip address add 10.99.0.100/24 dev node1
            ip address add 172.16.5.5/32 dev lo
            ip address add 203.0.113.7/32 dev lo
            ip route add 192.168.166.128/26 via %s
            """.formatted(far.path("ipv4").asText(), address(near)));
        overlay(NODE, "eth0", near, far, "192.168.104.0/26");
        overlay(FAR, "node1", far, near, "192.168.166.128/26 metric 100");
    }

    /** The kernel's own VXLAN between two nodes, as Felix makes it. */
    private void overlay(final String place, final String uplink, final JsonNode self, final JsonNode peer,
                         final String route) throws Exception {
        final String peerTunnel = peer.path("vxlanTunnelAddress").asText();
        on(place, """
            ip link add vxlan.calico address %1$s type vxlan id 4096 dstport 4789 local %2$s dev %3$s nolearning udpcsum
            ip address add %4$s/32 dev vxlan.calico
            ip link set vxlan.calico mtu 1450 up
            ip neighbour add %5$s lladdr %6$s dev vxlan.calico nud permanent
            bridge fdb append %6$s dev vxlan.calico dst %7$s
            for each in all default vxlan.calico %3$s; do echo 0 > /proc/sys/net/ipv4/conf/$each/rp_filter; done
            """.formatted(self.path("vxlanMac").asText(), address(self), uplink,
            self.path("vxlanTunnelAddress").asText(), peerTunnel, peer.path("vxlanMac").asText(), address(peer)));
        on(place, "ip route add " + route.replace("/26", "/26 via " + peerTunnel + " dev vxlan.calico onlink"));
    }

    private void plug(final JsonNode pod, final NetNamespace namespace) throws Exception {
        final String name = pod.path("namespace").asText() + '/' + pod.path("name").asText();
        final String hostEnd = pod.path("interface").asText();
        places.put(name, namespace);
        placeByAddress.put(pod.path("ip").asText(), name);
        on(NODE, """
            ip link add %1$s address %2$s type veth peer name eth0 address %3$s netns %4$s
            ip link set %1$s up
            echo 1 > /proc/sys/net/ipv4/conf/%1$s/proxy_arp
            """.formatted(hostEnd, LabPod.HOST_END_MAC, pod.path("mac").asText(), namespace.name()));
        on(name, """
            ip link set lo up
            ip link set eth0 up
            ip address add %s/32 dev eth0
            ip route add 169.254.1.1/32 dev eth0
            ip route add default via 169.254.1.1
            """.formatted(pod.path("ip").asText()));
    }

    private void openSockets() {
        places.forEach((name, namespace) -> {
            senders.put(name, namespace.call(RawSocket::sender));
            receivers.put(name, namespace.call(() -> PROTOCOLS.stream().map(RawSocket::receiver).toList()));
        });
        senders.put("node2's pods", places.get(FAR).call(() -> RawSocket.senderBy("vxlan.calico")));
    }

    private void on(final String place, final String script) throws Exception {
        final NodeView.Ran ran = NodeView.run(
            List.of("ip", "netns", "exec", places.get(place).name(), "sh", "-e", "-c", script));
        assertEquals(0, ran.exitCode(), place + ": " + script + ran.output());
    }

    /** The node's own way to its pods is made by a thread of its own, after they are attached. */
    void awaitRoutes() throws Exception {
        final NodeView view = new NodeView(node);
        NodeView.await("a route to each pod", () -> {
            final String routes = view.onNode("ip", "-4", "route");
            return placeByAddress.entrySet().stream().filter(each -> each.getValue().contains("/"))
                .allMatch(each -> routes.contains(each.getKey() + " dev cali"));
        });
    }

    /**
     * Sends one packet for each probe and listens where it should arrive. What is allowed and does not come is sent
     * again: it may be lost where neighbours and uplinks are only being found.
     *
     * @return which arrived, by their places in the list.
     */
    Set<Integer> send(final List<JsonNode> probes) throws InterruptedException {
        receivers.values().forEach(sockets -> sockets.forEach(RawSocket::received));
        for (int number = 0; number < probes.size(); number++) {
            send(probes.get(number), number);
        }
        final Set<Integer> arrived = new TreeSet<>();
        final Set<Integer> allowed = IntStream.range(0, probes.size())
            .filter(number -> "allow".equals(probes.get(number).path("node1").asText())).boxed()
            .collect(Collectors.toCollection(TreeSet::new));
        for (int waitedMs = 0; !arrived.containsAll(allowed) && waitedMs < ARRIVAL_MS_MAX; waitedMs++) {
            Thread.sleep(1);
            collect(probes, arrived);
            if (waitedMs % AGAIN_MS == AGAIN_MS - 1) {
                allowed.stream().filter(number -> !arrived.contains(number))
                    .forEach(number -> send(probes.get(number), number));
            }
        }
        Thread.sleep(LATE_MS);
        collect(probes, arrived);
        return arrived;
    }

    private void send(final JsonNode probe, final int number) {
        final InetAddress destination = InetAddress.ofLiteral(probe.path("dstIp").asText());
        senders.get(senderOf(probe)).send(ProbePacket.of(probe, number), destination);
    }

    private static String senderOf(final JsonNode probe) {
        return switch (probe.path("kind").asText()) {
            case "in" -> "node2's pods";
            case "from-outside" -> FAR;
            case "from-host" -> NODE;
            default -> probe.path("from").asText();
        };
    }

    private void collect(final List<JsonNode> probes, final Set<Integer> arrived) {
        receivers.forEach((place, sockets) -> sockets.forEach(socket -> socket.received().forEach(packet ->
            ProbePacket.number(packet).ifPresent(number -> {
                if (place.equals(placeByAddress.get(probes.get(number).path("dstIp").asText()))) {
                    arrived.add(number);
                }
            }))));
    }

    @Override
    public void close() {
        final List<RawSocket> sockets = new ArrayList<>(senders.values());
        receivers.values().forEach(sockets::addAll);
        sockets.forEach(RawSocket::close);
        places.values().stream().filter(place -> place != node.namespace()).forEach(NetNamespace::close);
        lab.close();
    }
}
