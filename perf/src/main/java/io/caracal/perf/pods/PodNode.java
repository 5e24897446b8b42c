package io.caracal.perf.pods;

import java.util.List;
import java.util.Map;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabOverlay;
import io.caracal.lab.LabPod;
import io.caracal.perf.tool.NamespaceCommand;

/**
 * A node with the pods that a real Felix's rules were recorded with, under the same names and so with the same
 * interfaces: every contender has a node of its own, and the pods are made alike. Where the servers are remote, they
 * are on a second node that has nothing but the kernel's VXLAN; outside they are that machine's own.
 */
final class PodNode {
    /** Where the service that stands for the api is, and kube-proxy's DNAT for it. */
    static final String SERVICE_ADDRESS = "10.96.0.10";
    static final int SERVICE_PORT = 80;

    private static final String APP = "app";
    private static final int MTU_SAME_NODE = 1500;

    private final PodSetting.Layout layout;
    private final LabNode node;
    private final LabNode far;
    private final LabPod client;
    private final LabPod api;
    private final LabPod database;

    PodNode(final PodSetting setting, final String name) {
        final Lab lab = setting.lab();
        layout = setting.layout();
        node = lab.addNode(name);
        far = layout.servers() == PodSetting.Servers.SAME_NODE ? node : lab.addNode(name + "-far");
        final int mtu = layout.isRemote() ? Lab.POD_MTU_DEFAULT : MTU_SAME_NODE;
        client = node.addPod(APP, "frontend-1", mtu);
        api = far.addPod(APP, layout.isRemote() ? "web-api-2" : "web-api-1", mtu);
        database = far.addPod(APP, layout.isRemote() ? "db-2" : "db-1", mtu);
        if (layout.isRemote()) {
            LabOverlay.joinByKernel(far, List.of(node));
        }
    }

    LabNode node() {
        return node;
    }

    LabNode far() {
        return far;
    }

    LabPod client() {
        return client;
    }

    LabPod api() {
        return api;
    }

    LabPod database() {
        return database;
    }

    /** Those whose packets begin or end on the node itself. */
    List<LabPod> local() {
        return far == node ? List.of(client, api, database) : List.of(client);
    }

    /** What an engine must know: the pods with their labels, the demo's policy, the other node. */
    void announce() {
        node.announce(client, Map.of("app", "frontend"));
        if (layout.isRemote()) {
            LabOverlay.announce(node, List.of(node, far));
        } else if (layout.isOutside()) {
            LabOverlay.announce(node, List.of(node));
        } else {
            node.announce(api, Map.of("app", "web-api"));
            node.announce(database, Map.of("app", "db"));
        }
        node.writeManifest("policy.yaml", PolicyText.yaml(layout.rules()));
        if (layout.isService()) {
            node.writeManifest("service.yaml", ServiceText.manifest());
        }
    }

    /** The kernel's own VXLAN, for a node without an engine. */
    void joinByKernel() {
        if (layout.isRemote()) {
            LabOverlay.joinByKernel(node, List.of(far));
        }
    }

    /** The DNAT that kube-proxy would write in iptables mode; after a restore, which replaces tables. */
    void addService() throws InterruptedException {
        if (layout.isService()) {
            NamespaceCommand.run(node.namespace().name(), List.of("iptables-legacy-restore", "--noflush"),
                ServiceText.nat(api.ipv4()));
        }
    }

    /** What hides the client from the outside on a node without an engine or Felix's rules. */
    void masquerade() throws InterruptedException {
        if (layout.isOutside()) {
            NamespaceCommand.run(node.namespace().name(), List.of("iptables-legacy", "-t", "nat", "-A", "POSTROUTING",
                "-s", client.ipv4(), "-o", "eth0", "-j", "MASQUERADE"), "");
        }
    }

    PodPath path(final String who, final List<Long> pids, final Carrier carrier) {
        if (layout.isOutside()) {
            final PodPath.Place server = new PodPath.Place(far.namespace().name(), far.ipv4(), PodPath.API_PORT);
            return new PodPath(who, place(client, 0), server, server, pids, carrier);
        }
        final PodPath.Place server = place(api, PodPath.API_PORT);
        return new PodPath(who, place(client, 0),
            layout.isService() ? server.behind(SERVICE_ADDRESS, SERVICE_PORT) : server, place(database, 9000), pids,
            carrier);
    }

    private static PodPath.Place place(final LabPod pod, final int port) {
        return new PodPath.Place(pod.namespace().name(), pod.ipv4(), port);
    }
}
