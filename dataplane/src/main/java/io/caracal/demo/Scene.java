package io.caracal.demo;

import java.util.List;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/**
 * What the steps of the demo play with.
 *
 * @param node            the node that the engine runs on.
 * @param pods            announced pods, at least two: the first is the client, the second serves.
 * @param stranger        a pod that no manifest names, until a step announces it.
 * @param beyond         what is around the node.
 * @param meter           shows packets per second while traffic runs.
 * @param trafficSeconds  how long each measurement lasts.
 */
record Scene(LabNode node, List<LabPod> pods, LabPod stranger, Beyond beyond, TrafficMeter meter, int trafficSeconds) {
    LabPod client() {
        return pods.get(0);
    }

    LabPod web() {
        return pods.get(1);
    }
}
