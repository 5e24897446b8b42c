package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.Fd;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.xdp.TcDirection;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.punt.PuntHooks;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.PacketSocket;
import io.caracal.xdp.testing.TestNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Packets of a pod that the engine has handed to the host's stack, real ones, with the host's own routing and DNAT:
 * none leaves the node before the engine has approved it. A packet socket on punt1 stands for the engine.
 */
final class UnpolicedTrafficTest {
    private static final int FROM_UPLINK = 3;
    private static final int TO_UPLINK = 4;
    private static final int TO_WORKLOAD = 2;
    private static final MacAddress VXLAN_MAC = MacAddress.parse("66:00:00:00:00:65");
    private static final int TO_HOST = 2;
    private static final int TO_HOST_APPROVED = 3;
    private static final int TO_DEVICE = 4;
    private static final String SERVICE = "10.96.0.10";
    private static final String REMOTE_POD = "10.65.1.9";

    private UplinkNode lab;
    private PuntPrograms punt;
    private UplinkPrograms programs;
    private PuntHooks puntHooks;
    private UplinkHooks hooks;
    private TcLink fromEngine;
    private Fd engineSocket;
    private PacketSocket engine;
    private PacketSocket neighbour;
    private int vxlan;

    @BeforeEach
    void makeNode() throws IOException {
        lab = new UplinkNode();
        punt = PuntPrograms.load(16);
        programs = UplinkPrograms.load(null, punt, new UplinkLimits(16, 16, 16), false);
        punt.configure(lab.node.config(OnEngineLoss.DROP));
        punt.putWorkload(lab.node.workload, TestNode.podBehind());
        programs.putLocalAddress(InetAddress.ofLiteral(TestNode.POD_ADDRESS), lab.node.workload);
        engineSocket = lab.node.engineSocket(punt);
        engine = lab.node.onHost(lab.node.punt1);
        neighbour = lab.onNeighbour();
        vxlan = lab.node.inHost(() -> UplinkNode.addVxlan("vxlan.calico", UplinkNode.VNI, lab.uplink, true));
        lab.routeRemoteBlock(vxlan);
    }

    private void attach(final TcHook hook) {
        attach(hook, UplinkMode.NATIVE);
    }

    private void attach(final TcHook hook, final UplinkMode mode) {
        puntHooks = new PuntHooks(punt, null, List.of(hook));
        hooks = new UplinkHooks(programs, null, List.of(hook), true);
        programs.putDevice(lab.uplink, new UplinkDevice(UplinkNode.MAC, 0, 0, 1));
        programs.putDevice(vxlan, UplinkDevice.withoutSockets(VXLAN_MAC));
        fromEngine = lab.node.inHost(() -> {
            puntHooks.attachWorkload(lab.node.workload);
            hooks.attachUplink(lab.uplink, List.of(mode));
            hooks.attachOverlay(vxlan);
            return TcLink.attach(punt.fromEngine(), lab.node.punt0, TcDirection.INGRESS, null, List.of(hook));
        });
    }

    @AfterEach
    void removeNode() throws IOException {
        lab.node.host.run(() -> {
            fromEngine.close();
            hooks.close();
            puntHooks.close();
        });
        neighbour.close();
        engine.close();
        engineSocket.close();
        programs.close();
        punt.close();
        lab.close();
    }

    private static byte[] toServer(final String source, final String destination) {
        return Packet.ipv4(source, destination, UDP, Packet.udp(4000, 53, new byte[18]));
    }

    private void engineSends(final int action, final int ifindex, final byte[] ip) {
        engine.send(Packet.ethernet(Packet.puntMac(action, ifindex), new byte[6], ETH_IPV4, ip));
    }

    /** What the engine receives by a direction: the MACs say from where to where. */
    private byte[] engineReceives(final int direction, final int ifindex) {
        final byte[] mac = Packet.puntMac(direction, ifindex);
        return engine.receive(frame -> Arrays.equals(mac, Arrays.copyOf(frame, 6)));
    }

    private byte[] neighbourReceives(final String destination) {
        final byte[] address = Packet.address(destination);
        return neighbour.receive(frame -> frame.length > 34 && frame[12] == 8 && frame[13] == 0
            && Arrays.equals(address, Arrays.copyOfRange(frame, 30, 34)));
    }

    /** A child process is in the network namespace of the thread that starts it. */
    private void nft(final String rules) {
        final String said = lab.node.inHost(() -> {
            final Process nft = new ProcessBuilder("nft", "-f", "-").redirectErrorStream(true).start();
            nft.getOutputStream().write(rules.getBytes(StandardCharsets.UTF_8));
            nft.getOutputStream().close();
            final String output = new String(nft.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return nft.waitFor() + output;
        });
        assertEquals("0", said);
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldCatchWhatTheHostWouldSendOut(final TcHook hook) {
        attach(hook);
        engineSends(TO_HOST, lab.node.workload, toServer(TestNode.POD_ADDRESS, UplinkNode.SERVER));
        final byte[] caught = engineReceives(TO_UPLINK, lab.uplink);
        assertArrayEquals(Packet.puntMac(0, lab.node.workload), Arrays.copyOfRange(caught, 6, 12), "came by the pod's");
        assertEquals(63, caught[14 + 8], "the host has routed it");

        engineSends(TO_HOST_APPROVED, lab.node.workload, toServer(TestNode.POD_ADDRESS, "198.51.100.8"));
        assertEquals(63, neighbourReceives("198.51.100.8")[14 + 8]);
        assertEquals(1, punt.counter(PuntCounter.PUNTED_TO_NETWORK));
        assertEquals(1, punt.counter(PuntCounter.APPROVED_TO_NETWORK));
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldCatchAServicesPacketsAfterDnatAndMasquerade(final TcHook hook) {
        attach(hook);
        nft("""
            table ip nat {
              chain pre { type nat hook prerouting priority dstnat;
                ip daddr %s udp dport 53 dnat to %s
                ip daddr 10.96.0.11 udp dport 53 dnat to %s; }
              chain post { type nat hook postrouting priority srcnat;
                ip daddr %s masquerade
                ip daddr %s masquerade; }
            }
            """.formatted(SERVICE, UplinkNode.SERVER, REMOTE_POD, UplinkNode.SERVER, REMOTE_POD));
        lab.node.host.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.addAddress(vxlan, InetAddress.ofLiteral("10.65.0.0"), 32);
            }
        });
        engineSends(TO_HOST, lab.node.workload, toServer(TestNode.POD_ADDRESS, SERVICE));
        final byte[] outside = engineReceives(TO_UPLINK, lab.uplink);
        assertArrayEquals(Packet.address(UplinkNode.ADDRESS), Arrays.copyOfRange(outside, 26, 30), "masqueraded");
        assertArrayEquals(Packet.address(UplinkNode.SERVER), Arrays.copyOfRange(outside, 30, 34), "DNATed");
        assertArrayEquals(Packet.puntMac(0, lab.node.workload), Arrays.copyOfRange(outside, 6, 12));

        engineSends(TO_HOST, lab.node.workload, toServer(TestNode.POD_ADDRESS, "10.96.0.11"));
        final byte[] overlay = engineReceives(TO_UPLINK, vxlan);
        assertArrayEquals(Packet.address("10.65.0.0"), Arrays.copyOfRange(overlay, 26, 30), "masqueraded");
        assertArrayEquals(Packet.address(REMOTE_POD), Arrays.copyOfRange(overlay, 30, 34), "DNATed");
        assertArrayEquals(Packet.puntMac(0, lab.node.workload), Arrays.copyOfRange(overlay, 6, 12));
    }

    @Test
    void shouldSendOutByTheHostsRoutesWhatTheEngineAddressesToADevice() {
        attach(TcHook.TCX);
        engineSends(TO_DEVICE, lab.uplink, toServer(UplinkNode.ADDRESS, UplinkNode.SERVER));
        final byte[] out = neighbourReceives(UplinkNode.SERVER);
        assertArrayEquals(UplinkNode.NEIGHBOUR_MAC.bytes(), Arrays.copyOf(out, 6));
        assertArrayEquals(UplinkNode.MAC.bytes(), Arrays.copyOfRange(out, 6, 12));
        assertEquals(64, out[14 + 8], "the engine has counted the hop already");

        engineSends(TO_DEVICE, vxlan, toServer(TestNode.POD_ADDRESS, REMOTE_POD));
        final byte[] outer = neighbourReceives(UplinkNode.NEIGHBOUR);
        assertArrayEquals(Packet.be16(UplinkNode.PORT), Arrays.copyOfRange(outer, 36, 38));
        assertArrayEquals(UplinkNode.NEIGHBOUR_VTEP.bytes(), Arrays.copyOfRange(outer, 50, 56));
        assertArrayEquals(toServer(TestNode.POD_ADDRESS, REMOTE_POD), Arrays.copyOfRange(outer, 64, outer.length));
        assertEquals(2, punt.counter(PuntCounter.DELIVERED_TO_DEVICE));
        assertEquals(2, punt.counter(PuntCounter.APPROVED_TO_NETWORK));
        assertEquals(0, punt.counter(PuntCounter.PUNTED_TO_NETWORK));
    }

    @Test
    void shouldGiveTheEngineWhatTheKernelHasDecapsulatedWithoutXdp() {
        attach(TcHook.TCX);
        lab.node.host.run(() -> hooks.attachOverlay(vxlan));
        final byte[] inner = Packet.ethernet(VXLAN_MAC.bytes(), UplinkNode.NEIGHBOUR_VTEP.bytes(),
            ETH_IPV4, toServer(REMOTE_POD, TestNode.POD_ADDRESS));
        neighbour.send(Packet.ethernet(UplinkNode.MAC.bytes(), UplinkNode.NEIGHBOUR_MAC.bytes(), ETH_IPV4,
            Packet.ipv4(UplinkNode.NEIGHBOUR, UplinkNode.ADDRESS, UDP, Packet.udp(50_000, UplinkNode.PORT,
                new byte[] {8, 0, 0, 0, 0, 0x10, 0, 0}, inner))));
        final byte[] caught = engineReceives(FROM_UPLINK, vxlan);
        assertArrayEquals(Arrays.copyOfRange(inner, 6, inner.length), Arrays.copyOfRange(caught, 6, caught.length));
        assertEquals(1, punt.counter(PuntCounter.PUNTED_FROM_NETWORK));
    }

    /** In the generic mode the uplink's own XDP program sees the packet, in the kernel mode its tc ingress does. */
    @ParameterizedTest
    @EnumSource(UplinkMode.class)
    void shouldGiveTheHostsStackWhatTheEngineHandsBackByAnUplinkOrOverlayDevice(final UplinkMode mode) {
        attach(TcHook.TCX, mode);
        engineSends(TO_HOST, lab.uplink, toServer(UplinkNode.SERVER, TestNode.POD_ADDRESS));
        final byte[] plain = engineReceives(TO_WORKLOAD, lab.node.workload);
        assertArrayEquals(Packet.puntMac(0, lab.uplink), Arrays.copyOfRange(plain, 6, 12), "came by the uplink");
        assertEquals(63, plain[14 + 8], "the host has routed it");

        engineSends(TO_HOST, vxlan, toServer(REMOTE_POD, TestNode.POD_ADDRESS));
        final byte[] inner = engineReceives(TO_WORKLOAD, lab.node.workload);
        assertArrayEquals(Packet.puntMac(0, vxlan), Arrays.copyOfRange(inner, 6, 12), "came by the overlay device");
        assertEquals(0, punt.counter(PuntCounter.PUNTED_FROM_NETWORK));
        assertEquals(0, programs.counter(UplinkCounter.TAKEN_PLAIN));
        assertEquals(2, punt.counter(PuntCounter.DELIVERED_TO_HOST));
    }

    @Test
    void shouldDropWhatIsHandedBackByAnInterfaceThatIsNone() {
        attach(TcHook.TCX);
        engineSends(TO_HOST, 999_999, toServer(UplinkNode.SERVER, TestNode.POD_ADDRESS));
        engineSends(TO_HOST, lab.uplink, toServer(UplinkNode.SERVER, TestNode.POD_ADDRESS));
        engineReceives(TO_WORKLOAD, lab.node.workload);
        assertEquals(1, punt.counter(PuntCounter.DROPPED_ENGINE_UNKNOWN_WORKLOAD));
    }
}
