package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Ethtool;
import io.caracal.netlink.Link;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.PacketSocket;
import io.caracal.xdp.testing.TestNode;
import io.caracal.xdp.testing.TestXsk;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real packets on a real uplink: what is for pods reaches AF_XDP, and the host keeps its network. */
final class UplinkTrafficTest {
    private static final int PATIENCE_MS = 5000;
    private static final byte[] PING = {'p', 'i', 'n', 'g'};

    private UplinkNode lab;
    private PuntPrograms punt;
    private UplinkPrograms programs;
    private PinDirectory pins;

    @BeforeEach
    void makeNode() throws IOException {
        lab = new UplinkNode();
        pins = lab.node.pins();
        load();
    }

    private void load() {
        punt = PuntPrograms.load(pins, 16);
        punt.configure(lab.node.config(OnEngineLoss.DROP));
        programs = UplinkPrograms.load(pins, punt, new UplinkLimits(16, 16, 64), false);
        programs.configure(new UplinkConfig(UplinkNode.VNI, UplinkNode.PORT,
            (Inet4Address)InetAddress.ofLiteral(UplinkNode.ADDRESS), null, true, 0, 0));
        programs.putDevice(lab.uplink, new UplinkDevice(UplinkNode.MAC, 0, 0, 1));
        programs.putLocalAddress(InetAddress.ofLiteral(TestNode.POD_ADDRESS), lab.node.workload);
        programs.putVtep(InetAddress.ofLiteral(UplinkNode.NEIGHBOUR));
    }

    @AfterEach
    void removeNode() throws IOException {
        programs.close();
        punt.close();
        lab.close();
    }

    private UplinkHooks attach(final UplinkMode mode) {
        final UplinkHooks hooks = new UplinkHooks(programs, pins, TcLink.TCX_THEN_CLSACT, true);
        assertEquals(mode, lab.node.inHost(() -> hooks.attachUplink(lab.uplink, List.of(mode))));
        assertEquals(Map.of(lab.uplink, mode), hooks.modes());
        return hooks;
    }

    private static byte[] frame(final byte[] ip) {
        return Packet.ethernet(UplinkNode.MAC.bytes(), UplinkNode.NEIGHBOUR_MAC.bytes(), ETH_IPV4, ip);
    }

    @ParameterizedTest
    @EnumSource(value = UplinkMode.class, names = {"NATIVE", "GENERIC"})
    void shouldBringToTheSocketWhatIsForPods(final UplinkMode mode) {
        programs.natBindings().update(new NatBinding(InetAddress.ofLiteral(UplinkNode.ADDRESS),
            InetAddress.ofLiteral(UplinkNode.SERVER), 40_000, 80, TCP), 1);
        final byte[] plain = frame(Packet.ipv4(UplinkNode.SERVER, TestNode.POD_ADDRESS, UDP, Packet.udp(53, 4000)));
        final byte[] overlay = frame(Packet.ipv4(UplinkNode.NEIGHBOUR, UplinkNode.ADDRESS, UDP, Packet.udp(50_000,
            UplinkNode.PORT, new byte[] {8, 0, 0, 0, 0, 0x10, 0, 0}, plain)));
        final byte[] reply = frame(Packet.ipv4(UplinkNode.SERVER, UplinkNode.ADDRESS, TCP,
            Packet.tcp(80, 40_000, Packet.ACK)));
        try (TestXsk xsk = lab.node.inHost(() -> new TestXsk(lab.uplink, 0)); UplinkHooks hooks = attach(mode);
             PacketSocket neighbour = lab.onNeighbour()) {
            programs.sockets().set(0, xsk.fd());
            for (final byte[] sent : new byte[][] {plain, overlay, reply}) {
                neighbour.send(sent);
                assertArrayEquals(sent, xsk.receive());
            }
            assertEquals(1, programs.counter(UplinkCounter.TAKEN_PLAIN));
            assertEquals(1, programs.counter(UplinkCounter.TAKEN_OVERLAY));
            assertEquals(1, programs.counter(UplinkCounter.TAKEN_NAT_RETURN));
            lab.node.host.run(hooks::detachAll);
        }
    }

    /** A connection lives through start, restart (taking over), loss of the socket, and removal of the programs. */
    @ParameterizedTest
    @EnumSource(UplinkMode.class)
    void shouldLeaveTheHostItsNetwork(final UplinkMode mode) throws Exception {
        final int other = lab.node.inHost(() -> UplinkNode.addVxlan("vxlan.other", 42, lab.uplink, true));
        lab.neighbour.run(() -> UplinkNode.addVxlan("vxlan.other", 42, lab.eth0, false));
        lab.node.host.run(() -> address(other, "172.16.0.1"));
        lab.neighbour.run(() -> address(indexOf("vxlan.other"), "172.16.0.2"));
        try (Echo echo = new Echo()) {
            echo.exchangeAll();
            try (TestXsk xsk = lab.node.inHost(() -> new TestXsk(lab.uplink, 0))) {
                final UplinkHooks hooks = attach(mode);
                programs.sockets().set(0, xsk.fd());
                echo.exchangeAll();
                lab.node.host.run(hooks::close);
                echo.exchangeAll();
                programs.close();
                punt.close();
                load();
            }
            final UplinkHooks next = attach(mode);
            echo.exchangeAll();
            lab.node.host.run(next::detachAll);
            echo.exchangeAll();
        }
        assertEquals(0, programs.counter(UplinkCounter.DROPPED_UNKNOWN_VTEP));
        assertTrue(programs.counter(UplinkCounter.PASSED) > 0);
        assertEquals(0, linkOf().xdpProgramId());
    }

    @ParameterizedTest
    @EnumSource(value = UplinkMode.class, names = {"GENERIC"})
    void shouldSwitchReceiveOffloadsOffForGenericXdpAndOnAgain(final UplinkMode mode) {
        lab.node.host.run(() -> Ethtool.set("up0", Ethtool.Offload.GRO, true));
        final UplinkHooks hooks = attach(mode);
        lab.node.host.run(() -> assertFalse(Ethtool.isOn("up0", Ethtool.Offload.GRO)));
        lab.node.host.run(hooks::detachAll);
        lab.node.host.run(() -> assertTrue(Ethtool.isOn("up0", Ethtool.Offload.GRO)));
    }

    private Link linkOf() {
        return lab.node.inHost(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                return netlink.link(lab.uplink);
            }
        });
    }

    private static int indexOf(final String name) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            return netlink.link(name).index();
        }
    }

    private static void address(final int ifindex, final String address) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            netlink.addAddress(ifindex, InetAddress.ofLiteral(address), 24);
            final boolean isNode = address.endsWith(".1");
            netlink.replaceNeighbour(ifindex, InetAddress.ofLiteral(isNode ? "172.16.0.2" : "172.16.0.1"),
                isNode ? UplinkNode.NEIGHBOUR_VTEP : MacAddress.parse("66:00:00:00:00:65"));
        }
    }

    /** One TCP connection of the neighbour to the node, a broadcast as DHCP has it, and another VXLAN network. */
    private final class Echo implements AutoCloseable {
        private final ServerSocket server;
        private final Socket client;
        private final Socket accepted;
        private final DatagramSocket broadcastReceiver;
        private final DatagramSocket broadcastSender;
        private final DatagramSocket overlayReceiver;
        private final DatagramSocket overlaySender;

        Echo() throws Exception {
            server = lab.node.inHost(() -> new ServerSocket(2222));
            client = lab.neighbour.call(() -> new Socket(UplinkNode.ADDRESS, 2222));
            accepted = server.accept();
            accepted.setSoTimeout(PATIENCE_MS);
            broadcastReceiver = lab.node.inHost(() -> new DatagramSocket(new InetSocketAddress("0.0.0.0", 67)));
            broadcastSender = lab.neighbour.call(() -> new DatagramSocket(new InetSocketAddress(UplinkNode.NEIGHBOUR,
                68)));
            broadcastSender.setBroadcast(true);
            overlayReceiver = lab.node.inHost(() -> new DatagramSocket(new InetSocketAddress("172.16.0.1", 7000)));
            overlaySender = lab.neighbour.call(() -> new DatagramSocket(new InetSocketAddress("172.16.0.2", 0)));
            broadcastReceiver.setSoTimeout(PATIENCE_MS);
            overlayReceiver.setSoTimeout(PATIENCE_MS);
        }

        void exchangeAll() throws Exception {
            final byte[] bulk = new byte[300_000];
            new Random(7).nextBytes(bulk);
            final FutureTask<byte[]> reader =
                new FutureTask<>(() -> accepted.getInputStream().readNBytes(bulk.length));
            Thread.ofPlatform().start(reader);
            client.getOutputStream().write(bulk);
            assertArrayEquals(bulk, reader.get());
            datagram(broadcastSender, broadcastReceiver, new InetSocketAddress("192.0.2.255", 67));
            datagram(overlaySender, overlayReceiver, new InetSocketAddress("172.16.0.1", 7000));
        }

        private void datagram(final DatagramSocket sender, final DatagramSocket receiver,
            final InetSocketAddress destination) throws IOException {
            sender.send(new DatagramPacket(PING, PING.length, destination));
            final DatagramPacket received = new DatagramPacket(new byte[64], 64);
            receiver.receive(received);
            assertEquals(PING.length, received.getLength());
        }

        @Override
        public void close() throws IOException {
            client.close();
            accepted.close();
            server.close();
            broadcastReceiver.close();
            broadcastSender.close();
            overlayReceiver.close();
            overlaySender.close();
        }
    }
}
