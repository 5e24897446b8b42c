package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.ICMP;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestXdp.XDP_DROP;
import static io.caracal.xdp.testing.TestXdp.XDP_PASS;
import static io.caracal.xdp.testing.TestXdp.XDP_REDIRECT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.Fd;
import io.caracal.bindings.Posix;
import io.caracal.netlink.MacAddress;
import io.caracal.xdp.cache.CachedFlowSpec;
import io.caracal.xdp.cache.FlowCache;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestXdp;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** XDP of an uplink with flows in the cache: their VXLAN packets are left to the kernel, and nobody else's are. */
final class OffloadedSteerTest {
    private static final int LOOPBACK = 1;
    private static final int VNI = 4096;
    private static final int SEED = 0x1234567;
    private static final int QUEUES = 3;
    private static final int OVERLAY = 88;
    private static final int OVERLAY6 = 89;
    private static final byte[] OWN = Packet.mac("02:00:00:00:00:01");
    private static final byte[] ROUTER = Packet.mac("02:00:00:00:00:99");
    private static final byte[] VTEP = Packet.mac("66:00:00:00:00:01");
    private static final String NODE = "192.0.2.1";
    private static final String NODE6 = "2001:db8::1";
    private static final String OTHER_NODE = "192.0.2.2";
    private static final String OTHER_NODE6 = "2001:db8::2";
    private static final String STRANGER = "198.51.100.7";
    private static final String POD = "10.65.0.2";
    private static final String POD6 = "fd00:65::2";
    private static final String REMOTE_POD = "10.65.1.2";
    private static final String REMOTE_POD6 = "fd00:66::2";
    private static final int ACK = 0x10;

    private PuntPrograms punt;
    private UplinkPrograms programs;
    private FlowCache cache;
    private Fd socket;

    @BeforeEach
    void load() {
        punt = PuntPrograms.load(16, 64);
        punt.configure(new PuntConfig(4711, QUEUES, PuntConfig.HANDED_MARK_DEFAULT, PuntConfig.APPROVED_MARK_DEFAULT,
            OnEngineLoss.DROP, SEED));
        programs = UplinkPrograms.load(null, punt, new UplinkLimits(16, 16, 64), false);
        programs.configure(new UplinkConfig(VNI, 4789, (Inet4Address)ip(NODE), (Inet6Address)ip(NODE6), true, OVERLAY,
            OVERLAY6));
        programs.putDevice(LOOPBACK, new UplinkDevice(MacAddress.of(OWN), 0, 3, 1));
        programs.putLocalAddress(ip(POD), 12);
        programs.putLocalAddress(ip(POD6), 12);
        programs.putVtep(ip(OTHER_NODE));
        programs.putVtep(ip(OTHER_NODE6));
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        programs.sockets().set(3, socket.number());
        cache = FlowCache.map(punt, new FlowQueue(SEED, QUEUES));
        cache.switchOn();
    }

    @AfterEach
    void unload() {
        cache.close();
        socket.close();
        programs.close();
        punt.close();
    }

    private static InetAddress ip(final String text) {
        return InetAddress.ofLiteral(text);
    }

    private void put(final int protocol, final boolean isIpv6, final int ingressIfindex) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = isIpv6 ? 6 : 4;
        spec.protocol = protocol;
        spec.sourceHigh = isIpv6 ? high(REMOTE_POD6) : 0;
        spec.sourceLow = isIpv6 ? 2 : 0x0a410102L;
        spec.destinationHigh = isIpv6 ? high(POD6) : 0;
        spec.destinationLow = isIpv6 ? 2 : 0x0a410002L;
        spec.ports = 4000 << 16 | 80;
        spec.ingressIfindex = ingressIfindex;
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = 12;
        spec.mtu = 1450;
        final FlowQueue queue = new FlowQueue(SEED, QUEUES);
        cache.part(isIpv6
            ? queue.ofIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow, protocol, spec.ports)
            : queue.ofIpv4((int)spec.sourceLow, (int)spec.destinationLow, protocol, spec.ports)).insert(spec);
    }

    private static long high(final String address) {
        return ByteBuffer.wrap(ip(address).getAddress()).getLong();
    }

    private static byte[] frame(final String from, final String to, final int vni, final byte[] ip) {
        final byte[] inner = Packet.ethernet(VTEP, ROUTER, ip[0] >> 4 == 4 ? ETH_IPV4 : ETH_IPV6, ip);
        final byte[] vxlan = Packet.concat(
            ByteBuffer.allocate(8).put((byte)8).position(4).putInt(vni << 8).array(), inner);
        final byte[] udp = Packet.udp(50_000, 4789, vxlan);
        return from.contains(":") ? Packet.ethernet(OWN, ROUTER, ETH_IPV6, Packet.ipv6(from, to, UDP, udp))
            : Packet.ethernet(OWN, ROUTER, ETH_IPV4, Packet.ipv4(from, to, UDP, udp));
    }

    private static byte[] over(final byte[] ip) {
        return frame(OTHER_NODE, NODE, VNI, ip);
    }

    private static byte[] tcp(final int flags) {
        return Packet.ipv4(REMOTE_POD, POD, TCP, Packet.tcp(4000, 80, flags));
    }

    private void check(final String what, final int verdict, final UplinkCounter counter, final byte[] frame) {
        final long before = programs.counter(counter);
        assertEquals(verdict, TestXdp.run(programs.steer(), frame), what);
        assertEquals(1, programs.counter(counter) - before, what);
    }

    private void passes(final String what, final byte[] frame) {
        check(what, XDP_PASS, UplinkCounter.PASSED_OFFLOADED, frame);
    }

    private void isTaken(final String what, final byte[] frame) {
        check(what, XDP_REDIRECT, UplinkCounter.TAKEN_OVERLAY, frame);
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
        passes("IPv6 over IPv6", frame(OTHER_NODE6, NODE6, VNI, ipv6));
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
        check("of a stranger", XDP_DROP, UplinkCounter.DROPPED_UNKNOWN_VTEP, frame(STRANGER, NODE, VNI, tcp(ACK)));
        check("of another network", XDP_PASS, UplinkCounter.PASSED, frame(OTHER_NODE, NODE, 42, tcp(ACK)));
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
