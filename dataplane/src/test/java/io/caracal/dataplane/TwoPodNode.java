package io.caracal.dataplane;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What tests of an engine begin with: a node of network namespaces with two pods that no manifest names yet. */
abstract class TwoPodNode {
    Lab lab;
    LabNode node;
    NodeView view;
    LabPod web;
    LabPod client;

    private final String labName;

    TwoPodNode(final String labName) {
        this.labName = labName;
    }

    @BeforeEach
    final void makeNodeWithTwoPods() {
        lab = Lab.create(labName);
        node = lab.addNode("node1");
        view = new NodeView(node);
        web = node.addPod("shop", "web");
        client = node.addPod("shop", "client");
    }

    /** Both pods among the manifests. */
    final void announceBoth() {
        node.announce(web);
        node.announce(client);
    }

    @AfterEach
    final void closeLab() {
        lab.close();
    }
}
