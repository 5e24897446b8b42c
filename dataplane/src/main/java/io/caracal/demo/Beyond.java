package io.caracal.demo;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/**
 * What is around the engine's node: behind a router each.
 *
 * @param far     a pod on a node that has nothing but the kernel and VXLAN set up by hand.
 * @param peer    a pod on another node with an engine of its own.
 * @param jumbo   two pods with a large MTU, on the last two nodes.
 * @param outside a machine that knows no pods.
 */
record Beyond(LabPod far, LabPod peer, Jumbo jumbo, LabNode outside) {
    /** What the links between those nodes take. */
    static final int LINK_MTU = 9000;
    /** What is left of it inside VXLAN over IPv6. */
    static final int POD_MTU = 8930;

    /**
     * Pods whose packets need several descriptors in AF_XDP.
     *
     * @param peerNode the node with an engine of its own.
     * @param large a pod on it.
     * @param farLarge a pod on the kernel's node.
     */
    record Jumbo(LabNode peerNode, LabPod large, LabPod farLarge) {
    }
}
