package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ICMP;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestXdp.XDP_DROP;
import static io.caracal.xdp.testing.TestXdp.XDP_PASS;
import static io.caracal.xdp.testing.TestXdp.XDP_REDIRECT;

import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.testing.Packet;
import java.net.Inet4Address;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** XDP of an uplink with flows in the cache: their VXLAN packets are left to the kernel, and nobody else's are. */
final class OffloadedSteerTest extends OffloadedUplink {
    @BeforeEach
    void load() {
        open(OnEngineLoss.DROP, OWN, config(OVERLAY, OVERLAY6));
    }

    private void put(final int protocol, final boolean isIpv6, final int ingressIfindex) {
        put(toPod(ingressIfindex, isIpv6 ? REMOTE_POD6 : REMOTE_POD, isIpv6 ? POD6 : POD, protocol, 4000 << 16 | 80));
    }

    private static byte[] over(final byte[] ip) {
        return overlay(OTHER_NODE, NODE, 4789, VNI, inner(ip));
    }

    private static byte[] tcp(final int flags) {
        return Packet.ipv4(REMOTE_POD, POD, TCP, Packet.tcp(4000, 80, flags));
    }

    private void passes(final String what, final byte[] frame) {
        steers(what, XDP_PASS, UplinkCounter.PASSED_OFFLOADED, frame);
    }

    private void isTaken(final String what, final byte[] frame) {
        steers(what, XDP_REDIRECT, UplinkCounter.TAKEN_OVERLAY, frame);
    }

    @Test
    void shouldLeaveToTheKernelWhatHasAnEntry() {
        isTaken("no entry yet", over(tcp(ACK)));
        put(TCP, false, OVERLAY);
        put(UDP, false, OVERLAY);
        put(TCP, true, OVERLAY6);
        passes("a segment", over(tcp(ACK)));
        passes("the answer to a SYN", over(tcp(Packet.SYN | ACK)));
        passes("a datagram", over(Packet.ipv4(REMOTE_POD, POD, UDP, Packet.udp(4000, 80, new byte[3]))));
        final byte[] ipv6 = Packet.ipv6(REMOTE_POD6, POD6, TCP, Packet.tcp(4000, 80, ACK));
        passes("IPv6 over IPv6", overlay(OTHER_NODE6, NODE6, 4789, VNI, inner(ipv6)));
        isTaken("by the other overlay device", over(ipv6));
        cache.switchOff();
        isTaken("the cache is off", over(tcp(ACK)));
    }

    @Test
    void shouldTakeWhatTheCacheMustNotDecide() {
        put(TCP, false, OVERLAY);
        put(UDP, false, OVERLAY);
        isTaken("a SYN", over(tcp(Packet.SYN)));
        isTaken("neither ACK nor RST", over(tcp(0)));
        isTaken("another port", over(Packet.ipv4(REMOTE_POD, POD, TCP, Packet.tcp(4001, 80, ACK))));
        isTaken("another source", over(Packet.ipv4("10.65.1.3", POD, TCP, Packet.tcp(4000, 80, ACK))));
        isTaken("a fragment", over(Packet.ipv4(REMOTE_POD, POD, UDP, 0x2000, Packet.udp(4000, 80, new byte[16]))));
        isTaken("options", over(Packet.ipv4WithOptions(REMOTE_POD, POD, UDP, Packet.udp(4000, 80))));
        isTaken("an ICMP error", over(Packet.ipv4(REMOTE_POD, POD, ICMP, Packet.icmp(3, 4, new byte[4],
            Packet.ipv4(POD, REMOTE_POD, UDP, Packet.udp(80, 4000))))));
        isTaken("cut", over(Packet.ipv4(REMOTE_POD, POD, TCP, new byte[] {0xf, (byte)0xa0, 0, 80, 0, 0})));
        steers("of a stranger", XDP_DROP, UplinkCounter.DROPPED_UNKNOWN_VTEP,
            overlay(SERVER, NODE, 4789, VNI, inner(tcp(ACK))));
        steers("of another network", XDP_PASS, UplinkCounter.PASSED,
            overlay(OTHER_NODE, NODE, 4789, 42, inner(tcp(ACK))));
        cache.outdateBefore(1);
        isTaken("an older policy's", over(tcp(ACK)));
    }

    @Test
    void shouldTakeEverythingWithoutAnOverlayDevice() {
        put(TCP, false, OVERLAY);
        programs.configure(new UplinkConfig(VNI, 4789, (Inet4Address)ip(NODE), null, true, 0, 0));
        isTaken("no device", over(tcp(ACK)));
    }
}
