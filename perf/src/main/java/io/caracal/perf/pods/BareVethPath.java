package io.caracal.perf.pods;

import java.util.List;

import io.caracal.bindings.NetNamespace;
import io.caracal.perf.tool.NamespaceCommand;

/** Two network namespaces on one veth pair: nothing is between the pods, so nothing can be faster. */
final class BareVethPath {
    private static final String CLIENT = "10.32.0.1";
    private static final String SERVER = "10.32.0.2";

    private BareVethPath() {
    }

    static PodPath lay(final PodSetting setting, final String who) throws InterruptedException {
        final String client = setting.lab().namespacePrefix() + "wire-client";
        final String server = setting.lab().namespacePrefix() + "wire-server";
        NetNamespace.create(client).close();
        NetNamespace.create(server).close();
        NamespaceCommand.runLines(client, List.of("ip link add eth0 type veth peer name eth0 netns " + server,
            "ip address add " + CLIENT + "/24 dev eth0", "ip link set eth0 up"));
        NamespaceCommand.runLines(server, List.of("ip address add " + SERVER + "/24 dev eth0",
            "ip link set eth0 up"));
        return new PodPath(who, new PodPath.Place(client, CLIENT, 0),
            new PodPath.Place(server, SERVER, PodPath.API_PORT), new PodPath.Place(server, SERVER, 9000), List.of(),
            Carrier.KERNEL);
    }
}
