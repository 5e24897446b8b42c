package io.caracal.perf.pods;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

import io.caracal.bindings.CpuAffinity;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.RouteNetlink;
import io.caracal.perf.BenchException;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.tool.NamespaceCommand;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.xdp.PinDirectory;

/**
 * The engine's C twin in the engine's place: an engine lays everything out and is killed; its programs stay, and give
 * their packets to the sockets that the twin puts into their maps. So the kernel's side is the same to the last map.
 */
final class TwinPath {
    private static final String UPLINK = "eth0";
    private static final String OVERLAY = "vxlan.calico";
    private static final String PUNT = "punt1";
    private static final int READY_MS_MAX = 30_000;
    private static final int POLL_MS = 20;

    private TwinPath() {
    }

    static PodPath lay(final PodSetting setting, final String who) throws IOException, InterruptedException {
        final PodNode pods = new PodNode(setting, who);
        pods.announce();
        final List<String> options;
        try (EngineUnderTest engine = EngineUnderTest.start(pods.node(), setting.settings().home(),
                CaracalPath.EVERY_PACKET_BY_JAVA)) {
            engine.awaitReady();
            options = options(pods, setting.layout().isRemote());
            engine.kill();
        }
        /* Nobody answers for the gateway any more. */
        for (final LabPod pod : pods.local()) {
            NamespaceCommand.runLines(pod.namespace().name(), List.of("ip neighbour replace "
                + LabPod.GATEWAY_IPV4 + " lladdr " + LabPod.HOST_END_MAC + " dev eth0 nud permanent"));
        }
        final ToolProcess twin = ToolProcess.start("cnode", command(setting, options));
        try {
            twin.awaitLine("ready", READY_MS_MAX);
            return pods.path(who, List.of(twin.pid()), twin::close);
        } catch (final InterruptedException | RuntimeException e) {
            twin.close();
            throw e;
        }
    }

    private static List<String> command(final PodSetting setting, final List<String> options) {
        final List<String> command = new ArrayList<>(List.of(setting.tools().node().toString()));
        command.addAll(options);
        return command;
    }

    /** What an engine has by its manifests and from the kernel. */
    private static List<String> options(final PodNode pods, final boolean isRemote) throws InterruptedException {
        final LabNode node = pods.node();
        final PinDirectory pins = PinDirectory.open(node.bpfFileSystem());
        final List<String> addresses = new ArrayList<>();
        for (final LabPod pod : pods.local()) {
            addresses.add(pod.ipv4() + '=' + ifindex(node, pod));
        }
        final String lastCpu = Integer.toString(CpuAffinity.allowed().length() - 1);
        final List<String> options = new ArrayList<>(List.of("--cpu", lastCpu, "--netns", node.namespace().name(),
            "--punt", PUNT, "--punt-map", pins.mapPin("xsks").toString(), "--pods", String.join(",", addresses)));
        if (isRemote) {
            options.addAll(List.of("--uplink", UPLINK, "--uplink-map", pins.mapPin("uplink_xsks").toString(),
                "--own", node.ipv4(), "--own-mac", mac(node, UPLINK), "--next-hop-mac", nextHopMac(pods),
                "--own-vtep-mac", mac(node, OVERLAY), "--peer", pods.far().ipv4(),
                "--peer-vtep-mac", mac(pods.far(), OVERLAY), "--peer-pods", firstOfRange(pods.api().ipv4())));
        }
        return options;
    }

    private static int ifindex(final LabNode node, final LabPod pod) throws InterruptedException {
        return await(node, pod.interfaceName(), netlink -> netlink.findLink(pod.interfaceName())).index();
    }

    /** The engine makes its overlay device at its leisure. */
    private static String mac(final LabNode node, final String device) throws InterruptedException {
        return await(node, device + " of " + node.name(), netlink -> netlink.findLink(device)).mac().toString();
    }

    /** The lab gives each node a /16. */
    private static String firstOfRange(final String pod) {
        final String[] bytes = pod.split("\\.");
        return bytes[0] + '.' + bytes[1] + ".0.0";
    }

    /** The MAC address of the router between the nodes, as soon as the kernel has asked for it. */
    private static String nextHopMac(final PodNode pods) throws InterruptedException {
        return await(pods.node(), "the MAC address of the next hop to " + pods.far().ipv4(),
            netlink -> neighbour(netlink, pods.far().ipv4())).mac().toString();
    }

    private static Optional<Neighbour> neighbour(final RouteNetlink netlink, final String target) {
        final InetAddress gateway = netlink.routeTo(InetAddress.ofLiteral(target)).nextHops().getFirst().gateway();
        final int ifindex = netlink.link(UPLINK).index();
        netlink.useNeighbour(ifindex, gateway);
        return netlink.neighbours().stream()
            .filter(each -> each.ifindex() == ifindex && each.address().equals(gateway) && each.isUsable())
            .findFirst();
    }

    private static <T> T await(final LabNode node, final String what,
                               final Function<RouteNetlink, Optional<T>> question) throws InterruptedException {
        for (int waitedMs = 0; waitedMs < READY_MS_MAX; waitedMs += POLL_MS) {
            final Optional<T> answer = node.call(() -> {
                try (RouteNetlink netlink = RouteNetlink.open()) {
                    return question.apply(netlink);
                }
            });
            if (answer.isPresent()) {
                return answer.get();
            }
            Thread.sleep(POLL_MS);
        }
        throw new BenchException("wait for " + what + ": not there after " + READY_MS_MAX + " ms");
    }
}
