package io.caracal.dataplane;

import io.caracal.bindings.Ethtool;
import io.caracal.bindings.NetNamespace;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import io.caracal.lab.LabPod;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What tests of the overlay begin with: a node for the engine with two pods, a node of the plain kernel with VXLAN by
 * hand and a pod, and somebody outside, each behind a router. Real kernel, root.
 */
abstract class OverlayCluster {
    static final int PORT = 7;
    /** More than a window, so that acknowledgements matter. */
    static final int BULK = 300_000;

    Lab lab;
    LabNode node;
    LabNode kernelNode;
    LabNode outside;
    NodeView view;
    LabPod client;
    LabPod web;
    LabPod far;

    private final String labName;
    private final int podMtu;

    OverlayCluster(final String labName) {
        this(labName, Lab.POD_MTU_DEFAULT);
    }

    OverlayCluster(final String labName, final int podMtu) {
        this.labName = labName;
        this.podMtu = podMtu;
    }

    @BeforeEach
    final void makeCluster() throws Exception {
        lab = Lab.create(labName);
        node = lab.addNode("node1");
        kernelNode = lab.addNode("node2");
        outside = lab.addNode("outside");
        view = new NodeView(node);
        prepareLinks();
        client = node.addPod("shop", "client", podMtu);
        web = node.addPod("shop", "web", podMtu);
        far = kernelNode.addPod("shop", "far", podMtu);
        node.announce(client);
        node.announce(web);
        LabOverlay.announce(node, List.of(node, kernelNode));
        LabOverlay.joinByKernel(kernelNode, List.of(node));
    }

    /** What a test changes of the links between the nodes, before anything stands on them. */
    void prepareLinks() throws Exception {
    }

    @AfterEach
    final void closeLab() {
        lab.close();
    }

    /** In the network of the router between the nodes, whose interfaces have the nodes' names. */
    final void onRouter(final String... words) throws Exception {
        final List<String> command = Stream.concat(
            Stream.of("ip", "netns", "exec", lab.namespacePrefix() + "router"), Stream.of(words)).toList();
        final NodeView.Ran ran = NodeView.run(command);
        if (ran.exitCode() != 0) {
            throw new AssertionError(String.join(" ", words) + " on the router: " + ran.output());
        }
    }

    /** XDP in the stack would be given a veth's unsegmented packets of 64 kB, which no wire carries. */
    final void makeTheUplinkLikeAWire() {
        try (NetNamespace namespace = NetNamespace.open(lab.namespacePrefix() + "router")) {
            namespace.run(() -> Ethtool.features("node1").forEach((feature, isOn) -> {
                if (isOn && feature.startsWith("tx-") && feature.endsWith("-segmentation")) {
                    Ethtool.setFeature("node1", feature, false);
                }
            }));
        }
    }

    /** An engine that drives eth0 in a mode; {@code native-copy by 3 workers} says how many workers. */
    final EmbeddedEngine launch(final String modeAndWorkers) throws Exception {
        final String mode = modeAndWorkers.split(" by ")[0];
        if ("generic".equals(mode)) {
            makeTheUplinkLikeAWire();
        }
        final EmbeddedEngine engine = EmbeddedEngine.launch(node, "uplink-mode=" + mode,
            "workers=" + EmbeddedEngine.workers(modeAndWorkers));
        awaitDriven(engine, "eth0", mode);
        return engine;
    }

    /** Until the node's pods are attached and the uplink is driven so. */
    final void awaitDriven(final EmbeddedEngine engine, final String uplink, final String mode) throws Exception {
        view.awaitAttached(node.pods().toArray(LabPod[]::new));
        NodeView.await(uplink + " is driven in mode " + mode + "\n" + engine.log(),
            () -> mode.equals(view.ask("status").path("uplinks").path(uplink).asText()));
    }

    final String explain(final EmbeddedEngine engine) {
        try {
            return engine.log() + "\n" + view.ask("counters").toPrettyString() + "\n" + view.ask("status")
                + "\n" + view.onNode("ip", "route") + view.onNode("ip", "neigh");
        } catch (final Exception failure) {
            return engine.log() + failure;
        }
    }
}
