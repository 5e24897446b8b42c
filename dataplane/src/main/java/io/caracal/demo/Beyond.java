package io.caracal.demo;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/**
 * What is around the engine's node: behind a router each.
 *
 * @param far     a pod on a node that has nothing but the kernel and VXLAN set up by hand.
 * @param peer    a pod on another node with an engine of its own.
 * @param outside a machine that knows no pods.
 */
record Beyond(LabPod far, LabPod peer, LabNode outside) {
}
