package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import io.caracal.lab.LabPod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Rules of a real Felix, then an engine, then the rules again, under TCP connections of each kind: on the node, to
 * another node, through DNAT here and there, masqueraded. Who tracks a connection must know it: the engine gets a policy
 * that denies everything new, the kernel picks up nothing (nf_conntrack_tcp_loose 0).
 */
@Timeout(180)
class SwitchOverTest {
    private static final int CONNECTIONS_OF_A_KIND = 20;
    private static final int PORT = 8080;
    private static final int FAR_PORT = 7000;
    private static final int OUTSIDE_PORT = 7001;
    private static final int FRONTEND_PORT = 7002;
    private static final String LOCAL_SERVICE = "10.96.0.10";
    private static final String FAR_SERVICE = "10.96.0.11";

    private Lab lab;
    private LabNode node;
    private LabNode kernelNode;
    private LabNode outside;
    private NodeView view;
    private LabPod frontend;
    private LabPod api;
    private LabPod far;
    private List<EchoConnections> connections;

    @BeforeEach
    void makeNodes() throws Exception {
        lab = Lab.create("switchover");
        node = lab.addNode("node1");
        kernelNode = lab.addNode("node2");
        outside = lab.addNode("outside");
        view = new NodeView(node);
        frontend = node.addPod("app", "frontend");
        api = node.addPod("app", "web-api");
        far = kernelNode.addPod("app", "far");
        node.announce(frontend, Map.of("app", "frontend"));
        node.announce(api, Map.of("app", "web-api"));
        LabOverlay.announce(node, List.of(node, kernelNode));
        LabOverlay.joinByKernel(kernelNode, List.of(node));
        LabOverlay.joinByKernel(node, List.of(kernelNode));
        new FelixRules(node, frontend, api, kernelNode).restore();
        service(LOCAL_SERVICE, api.ipv4() + ":" + PORT);
        service(FAR_SERVICE, far.ipv4() + ":" + FAR_PORT);
        view.onNode("sysctl", "-q", "-w", "net.netfilter.nf_conntrack_tcp_loose=0");
    }

    /** A rule as kube-proxy writes it. */
    private void service(final String clusterAddress, final String backend) throws Exception {
        node.writeManifest("service-" + clusterAddress + ".yaml", """
            apiVersion: v1
            kind: Service
            metadata: {name: s%s, namespace: app}
            spec: {clusterIP: %s, ports: [{name: tcp, port: 80, protocol: TCP}]}
            """.formatted(clusterAddress.substring(8), clusterAddress));
        view.onNode("iptables-legacy", "-t", "nat", "-A", "PREROUTING", "-d", clusterAddress, "-p", "tcp", "--dport",
            "80", "-j", "DNAT", "--to-destination", backend);
    }

    @AfterEach
    void closeLab() {
        lab.close();
    }

    private EchoConnections open(final AddressEcho.Place client, final String address, final int port,
                                 final ServerSocket listener) {
        return lab.own(EchoConnections.open(client, new InetSocketAddress(address, port), listener,
            CONNECTIONS_OF_A_KIND));
    }

    private void openAll() {
        final ServerSocket allowed = api.call(() -> new ServerSocket(PORT));
        connections = List.of(
            open(frontend::call, api.ipv4(), PORT, allowed), open(frontend::call, LOCAL_SERVICE, 80, allowed),
            open(frontend::call, far.ipv4(), FAR_PORT + 1, far.call(() -> new ServerSocket(FAR_PORT + 1))),
            open(frontend::call, FAR_SERVICE, 80, far.call(() -> new ServerSocket(FAR_PORT))),
            open(frontend::call, outside.ipv4(), OUTSIDE_PORT, outside.call(() -> new ServerSocket(OUTSIDE_PORT))),
            open(far::call, frontend.ipv4(), FRONTEND_PORT, frontend.call(() -> new ServerSocket(FRONTEND_PORT))));
    }

    private void awaitExchanges(final String phase) throws Exception {
        for (final EchoConnections each : connections) {
            final long wanted = each.exchangeCount() + 20L * CONNECTIONS_OF_A_KIND;
            NodeView.await(phase + ", kind " + connections.indexOf(each) + "; broken: " + each.broken(),
                () -> each.exchangeCount() >= wanted || !each.broken().isEmpty());
            assertEquals(List.of(), each.broken(), phase + ", kind " + connections.indexOf(each));
        }
    }

    private List<Long> longestGapsMs() {
        return connections.stream().map(EchoConnections::longestGapMs).toList();
    }

    @Test
    void shouldBreakNoConnectionFromFelixsRulesToTheEngineAndBack() throws Exception {
        openAll();
        awaitExchanges("by Felix's rules");
        longestGapsMs();
        try (EngineChild engine = EngineChild.start(node)) {
            DenyAll.write(node);
            engine.awaitReady();
            view.awaitAttached(frontend, api);
            awaitExchanges("by the engine\n" + engine.log());
            assertFalse(connections.getFirst().canConnect(), "policy denies what is new");
            final String counters = view.worker().path("conntrack").toString();
            assertEquals(0, view.worker().path("conntrack").path("created").asLong(-1), counters + engine.log());
            System.out.println("to the engine: longest wait of each kind for an answer, ms: " + longestGapsMs() + "; " + counters);
            engine.end();
        }
        final List<String> removed = node.call(() -> Cleanup.run(EmbeddedEngine.config(node)));
        LabOverlay.joinByKernel(node, List.of(kernelNode));
        awaitExchanges("by Felix's rules again, after removing " + removed);
        System.out.println("back to the rules: longest wait of each kind for an answer, ms: " + longestGapsMs() + "; " + removed);
        assertTrue(connections.getFirst().canConnect(), "by the rules");
    }
}
