package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;

import io.caracal.lab.LabNode;

/** A policy for every pod of a node that lets nothing in and nothing out. */
final class DenyAll {
    private static final String NAME = "deny-all";
    private static final String FILE = NAME + ".yaml";

    private DenyAll() {
    }

    /** Among the node's manifests; whether an engine has read it is another matter. */
    static void write(final LabNode node) {
        node.writeManifest(FILE, """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: %s}
            spec: {selector: all(), types: [Ingress, Egress]}
            """.formatted(NAME));
    }

    private static void remove(final LabNode node) throws IOException {
        Files.delete(node.manifests().resolve(FILE));
    }

    /**
     * Once the status says that it is in force, a connection that the flow cache carries has not one more exchange;
     * without the policy it goes on, or a new one may.
     */
    static void expectCut(final LabNode node, final NodeView view, final EchoConnections connections,
                          final EngineChild engine) throws Exception {
        NodeView.await("offloaded", () -> view.offloadedFlows() > 0);
        write(node);
        view.awaitInForce(NAME);
        final long hits = view.bpfCounter("cache-hits");
        final long exchanges = connections.exchangeCount();
        Thread.sleep(100);
        assertTrue(connections.exchangeCount() - exchanges <= 1, "one that was on its way back");
        assertEquals(hits, view.bpfCounter("cache-hits"), engine.log());
        remove(node);
        NodeView.await("the connection goes on, or a new one may: " + engine.log(), connections::canConnect);
    }
}
