package io.caracal.xdp.testing;

import io.caracal.bindings.Ethtool;
import io.caracal.bindings.Fd;
import io.caracal.bindings.NetNamespace;
import io.caracal.bindings.Posix;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.PacketSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A node with one pod, made of two network namespaces of this test's own: the pod's veth (host side {@code cali0}), the
 * punt pair, a bpffs in a temporary folder. Everything goes with the close.
 */
public final class TestNode implements AutoCloseable {
    public static final String POD_ADDRESS = "10.65.0.2";
    public static final String HOST_ADDRESS = "192.0.2.1";
    public static final int QUEUES = 2;
    public static final int PUNT_MTU = 3506;
    public static final int SEED = 77;
    private static final AtomicInteger COUNT = new AtomicInteger();

    public final NetNamespace host;
    public final NetNamespace pod;
    public final Path folder;
    public final int workload;
    public final int punt0;
    public final int punt1;
    public final int podEth0;

    public TestNode() throws IOException {
        final String suffix = ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        host = NetNamespace.create("xdp-host-" + suffix);
        pod = NetNamespace.create("xdp-pod-" + suffix);
        folder = Files.createTempDirectory("xdp-bpffs");
        final int[] indexes = host.call(this::makeInterfaces);
        workload = indexes[0];
        punt0 = indexes[1];
        punt1 = indexes[2];
        podEth0 = pod.call(TestNode::setUpPod);
    }

    private int[] makeInterfaces() throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            netlink.createVeth(new VethSpec("cali0", "eth0").withMtu(9000).withPeerNamespace(pod.fd())
                .withMac(MacAddress.of(Packet.HOST_MAC)).withPeerMac(MacAddress.of(Packet.POD_MAC)));
            netlink.createVeth(new VethSpec("punt0", "punt1").withQueues(QUEUES).withMtu(PUNT_MTU));
            final int[] indexes = {netlink.link("cali0").index(), netlink.link("punt0").index(),
                netlink.link("punt1").index()};
            for (final int index : indexes) {
                netlink.disableIpv6LinkLocal(index);
            }
            for (final String name : new String[] {"punt0", "punt1"}) {
                netlink.setArp(netlink.link(name).index(), false);
                Ethtool.setChannels(name, QUEUES, QUEUES, 0);
            }
            for (final int index : indexes) {
                netlink.setUp(index);
            }
            netlink.setUp(netlink.link("lo").index());
            netlink.addAddress(netlink.link("lo").index(), InetAddress.getByName(HOST_ADDRESS), 32);
            final InetAddress podAddress = InetAddress.getByName(POD_ADDRESS);
            netlink.addRoute(io.caracal.netlink.Route.to(podAddress, 32).via(null, indexes[0]));
            netlink.replaceNeighbour(indexes[0], podAddress, MacAddress.of(Packet.POD_MAC));
            return indexes;
        }
    }

    private static int setUpPod() {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            final int eth0 = netlink.link("eth0").index();
            netlink.disableIpv6LinkLocal(eth0);
            netlink.setUp(eth0);
            return eth0;
        }
    }

    public PuntConfig config(final OnEngineLoss onEngineLoss) {
        return new PuntConfig(punt0, QUEUES, PuntConfig.HANDED_MARK_DEFAULT, PuntConfig.APPROVED_MARK_DEFAULT,
            onEngineLoss, SEED);
    }

    public static Workload podBehind() {
        return new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE);
    }

    public PinDirectory pins() {
        return PinDirectory.open(folder.resolve("bpf"));
    }

    public PacketSocket onHost(final int ifindex) {
        return host.call(() -> new PacketSocket(ifindex));
    }

    public PacketSocket onPod() {
        return pod.call(() -> new PacketSocket(podEth0));
    }

    public <T> T inHost(final Callable<T> body) {
        return host.call(body);
    }

    /** A socket that stands for the engine: bound to nothing, but in the map as long as it is open. */
    public Fd engineSocket(final PuntPrograms programs) {
        final Fd socket = host.call(() -> Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0));
        for (int queue = 0; queue < QUEUES; queue++) {
            programs.sockets().set(queue, socket.number());
        }
        return socket;
    }

    @Override
    public void close() throws IOException {
        final Path bpffs = folder.resolve("bpf");
        if (Files.exists(bpffs)) {
            PinDirectory.open(bpffs).removeAll();
            Files.delete(bpffs);
        }
        Files.delete(folder);
        pod.delete();
        pod.close();
        host.delete();
        host.close();
    }
}
