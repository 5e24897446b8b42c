package io.caracal.perf.life;

import java.io.IOException;
import java.util.List;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;

/** Deletes and makes pods' interfaces, over and over, each time until the engine has let go of it and has it again. */
final class InterfaceChurn {
    private static final String POD_END = "eth0";

    private final LabNode node;
    private final EngineUnderTest engine;

    InterfaceChurn(final LabNode node, final EngineUnderTest engine) {
        this.node = node;
        this.engine = engine;
    }

    /**
     * Runs on a thread in the node's network.
     *
     * @param pods whose interfaces go and come together.
     * @param count how many interfaces to delete and to make.
     */
    void run(final List<LabPod> pods, final int count) {
        node.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                for (int done = 0; done < count; done += pods.size()) {
                    plugAgain(netlink, pods.subList(0, Math.min(pods.size(), count - done)));
                }
            }
            return count;
        });
    }

    private void plugAgain(final RouteNetlink netlink, final List<LabPod> pods)
        throws IOException, InterruptedException {
        for (final LabPod pod : pods) {
            netlink.deleteLink(pod.interfaceName());
        }
        for (final LabPod pod : pods) {
            engine.awaitAttached(pod.interfaceName(), false);
        }
        for (final LabPod pod : pods) {
            netlink.createVeth(new VethSpec(pod.interfaceName(), POD_END)
                .withMac(MacAddress.parse(LabPod.HOST_END_MAC)).withPeerMac(MacAddress.parse(pod.mac()))
                .withPeerNamespace(pod.namespace().fd()));
            netlink.setUp(netlink.link(pod.interfaceName()).index());
        }
        for (final LabPod pod : pods) {
            engine.awaitAttached(pod.interfaceName(), true);
        }
    }
}
