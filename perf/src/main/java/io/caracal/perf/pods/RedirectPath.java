package io.caracal.perf.pods;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

import io.caracal.lab.LabPod;
import io.caracal.netlink.RouteNetlink;
import io.caracal.perf.tool.NamespaceCommand;

/** A program of a few lines at each pod that redirects to the other pod: what eBPF could do without any policy. */
final class RedirectPath {
    private RedirectPath() {
    }

    static PodPath lay(final PodSetting setting, final String who) throws IOException, InterruptedException {
        final PodNode pods = new PodNode(setting, who);
        attach(setting, pods, pods.client(), List.of(pods.api(), pods.database()));
        attach(setting, pods, pods.api(), List.of(pods.client()));
        attach(setting, pods, pods.database(), List.of(pods.client()));
        return pods.path(who, List.of(), Carrier.KERNEL);
    }

    private static void attach(final PodSetting setting, final PodNode pods, final LabPod pod,
                               final List<LabPod> targets) throws IOException, InterruptedException {
        final String text = targets.stream().map(target -> initializer(pods, target)).collect(Collectors.joining(","));
        final Path object = setting.tools().compileBpf("redirect.bpf.c", pod.name() + ".o", "-DTARGETS=" + text);
        NamespaceCommand.runLines(pods.node().namespace().name(), List.of(
            "tc qdisc add dev " + pod.interfaceName() + " clsact",
            "tc filter add dev " + pod.interfaceName() + " ingress bpf direct-action object-file " + object
                + " section tc"));
    }

    private static String initializer(final PodNode pods, final LabPod target) {
        final int ifindex = pods.node().call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                return netlink.link(target.interfaceName()).index();
            }
        });
        final int address = ByteBuffer.wrap(InetAddress.ofLiteral(target.ipv4()).getAddress())
            .order(ByteOrder.nativeOrder()).getInt();
        return "{" + Integer.toUnsignedString(address) + "u," + ifindex + ",{0x"
            + target.mac().replace(":", ",0x") + "}}";
    }
}
