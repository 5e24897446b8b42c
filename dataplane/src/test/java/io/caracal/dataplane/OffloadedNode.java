package io.caracal.dataplane;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A node with one pod whose flows with somebody beyond the uplink the flow cache carries. */
abstract class OffloadedNode {
    static final int CONNECTIONS = 20;
    static final int BULK = 8_000_000;

    Lab lab;
    LabNode node;
    NodeView view;
    LabPod client;

    private final String labName;

    OffloadedNode(final String labName) {
        this.labName = labName;
    }

    @BeforeEach
    final void makeNode() {
        lab = Lab.create(labName);
        node = lab.addNode("node1");
        view = new NodeView(node);
        client = node.addPod("shop", "client");
        node.announce(client);
    }

    @AfterEach
    final void closeLab() {
        lab.close();
    }

    /** Whom the pod must reach before a test begins. */
    abstract String farAddress();

    EngineChild launch(final String... settings) throws Exception {
        return launch(new LabPod[] {client}, settings);
    }

    EngineChild launch(final LabPod[] pods, final String... settings) throws Exception {
        final EngineChild engine = EngineChild.start(node, settings).awaitReady();
        view.awaitAttached(pods);
        NodeView.await("the other end is reached: " + engine.log(), () -> NodeView.reaches(client, farAddress()));
        return engine;
    }

    /** Of a test's word such as {@code native-copy by 3 workers}. */
    static String[] settings(final String modeAndWorkers) {
        return new String[] {"uplink-mode=" + modeAndWorkers.split(" by ")[0],
            "workers=" + EmbeddedEngine.workers(modeAndWorkers)};
    }

    /**
     * After status shows the revision with the new policy, not one more exchange of a connection that it denies.
     *
     * @param connecting makes one connection in the round of that number.
     */
    void expectCuts(final IntFunction<EchoConnections> connecting) throws Exception {
        try (EngineChild engine = launch("established-flows=recheck")) {
            for (int round = 0; round < 3; round++) {
                try (EchoConnections connections = connecting.apply(round)) {
                    connections.awaitExchanges(100);
                    DenyAll.expectCut(node, view, connections, engine);
                }
            }
        }
    }
}
