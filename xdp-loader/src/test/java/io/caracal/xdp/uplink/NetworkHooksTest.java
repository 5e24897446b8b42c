package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ETH_ARP;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.ICMP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.Fd;
import io.caracal.bindings.Posix;
import io.caracal.netlink.MacAddress;
import io.caracal.xdp.cache.CachedFlowSpec;
import io.caracal.xdp.cache.FlowCache;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.CounterWatch;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * tc programs of uplinks and overlay devices: packet in; verdict, bytes, mark and counters out. The loopback interface
 * stands for both the uplink and, as ingress, the pod's interface (BPF_PROG_TEST_RUN knows no other).
 */
final class NetworkHooksTest {
    private static final int LOOPBACK = 1;
    private static final int PUNT0 = 4711;
    private static final int POD_IFINDEX = 77;
    private static final byte[] OWN = Packet.mac("02:00:00:00:00:01");
    private static final byte[] ROUTER = Packet.mac("02:00:00:00:00:99");
    private static final String NODE = "192.0.2.1";
    private static final String POD = "10.65.0.2";
    private static final String POD6 = "fd00:65::2";
    private static final String SERVER = "198.51.100.7";
    private static final int APPROVED = PuntConfig.APPROVED_MARK_DEFAULT;
    private static final PuntConfig CONFIG = new PuntConfig(PUNT0, 1, PuntConfig.HANDED_MARK_DEFAULT, APPROVED,
        OnEngineLoss.DROP, 77);

    private PuntPrograms punt;
    private UplinkPrograms programs;
    private Fd socket;
    private CounterWatch counters;

    @BeforeEach
    void load() {
        punt = PuntPrograms.load(16, 16);
        programs = UplinkPrograms.load(null, punt, new UplinkLimits(16, 16, 16), false);
        programs.configure(new UplinkConfig(4096, 4789, (Inet4Address)InetAddress.ofLiteral(NODE), null, true, 0, 0));
        programs.putDevice(LOOPBACK, UplinkDevice.withoutSockets(MacAddress.of(OWN)));
        programs.putLocalAddress(InetAddress.ofLiteral(POD), POD_IFINDEX);
        programs.putLocalAddress(InetAddress.ofLiteral(POD6), POD_IFINDEX);
        punt.configure(CONFIG);
        punt.putWorkload(POD_IFINDEX, new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE));
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        punt.sockets().set(0, socket.number());
        counters = new CounterWatch(punt);
    }

    @AfterEach
    void unload() {
        socket.close();
        programs.close();
        punt.close();
    }

    private static byte[] leaving(final String source) {
        return source.contains(":")
            ? Packet.ethernet(ROUTER, OWN, ETH_IPV6, Packet.ipv6(source, "2001:db8::7", UDP, Packet.udp(4000, 53)))
            : Packet.ethernet(ROUTER, OWN, ETH_IPV4, Packet.ipv4(source, SERVER, UDP, Packet.udp(4000, 53)));
    }

    private static byte[] arriving(final String destination) {
        return Packet.ethernet(OWN, ROUTER, ETH_IPV4, Packet.ipv4(SERVER, destination, UDP, Packet.udp(53, 4000)));
    }

    private TestSkb.Result leave(final byte[] packet) {
        return TestSkb.of(packet, LOOPBACK).run(programs.toNetwork());
    }

    private void assertCounted(final PuntCounter... expected) {
        counters.assertCounted(expected);
    }

    /** What the overlay device brings of a flow in the cache goes to its pod, and counts for nobody's misses. */
    @Test
    void shouldDeliverWhatHasAnEntry() {
        try (FlowCache cache = FlowCache.map(punt, new FlowQueue(77, 1))) {
            cache.switchOn();
            final CachedFlowSpec spec = new CachedFlowSpec();
            spec.ipVersion = 4;
            spec.protocol = UDP;
            spec.sourceLow = 0xc6336407L;
            spec.destinationLow = 0x0a410002L;
            spec.ports = 53 << 16 | 4000;
            spec.ingressIfindex = LOOPBACK;
            spec.action = CachedFlowSpec.TO_WORKLOAD;
            spec.targetIfindex = POD_IFINDEX;
            spec.mtu = 1450;
            final int slot = cache.part(0).insert(spec);
            /* To the interface's own MAC: the loopback interface has none. */
            final byte[] packet = arriving(POD);
            Arrays.fill(packet, 0, 6, (byte)0);
            final TestSkb.Result result = TestSkb.of(packet, LOOPBACK).run(programs.fromNetwork());
            assertEquals(TC_ACT_REDIRECT, result.action());
            assertArrayEquals(Packet.POD_MAC, result.destinationMac());
            assertArrayEquals(Packet.HOST_MAC, result.sourceMac());
            assertEquals(63, result.packet()[14 + 8], "TTL");
            assertCounted(PuntCounter.CACHE_HITS);
            assertEquals(1, cache.part(0).takePackets(slot));
            assertEquals(1, punt.traffic(POD_IFINDEX).orElseThrow().deliveredPackets());
            packet[14 + 21] ^= 1;
            TestSkb.of(packet, LOOPBACK).run(programs.fromNetwork());
            assertCounted();
        }
    }

    @Test
    void shouldGiveTheEngineWhatHasThePodsSource() {
        for (final String source : new String[] {POD, POD6}) {
            final TestSkb.Result result = leave(leaving(source));
            assertEquals(TC_ACT_REDIRECT, result.action(), source);
            assertArrayEquals(Packet.puntMac(4, LOOPBACK), result.destinationMac());
            assertArrayEquals(Packet.puntMac(0, 0), result.sourceMac());
            assertCounted(PuntCounter.PUNTED_TO_NETWORK);
        }
    }

    @Test
    void shouldLetThroughTheHostsOwnAndWhatIsForwardedForOthers() {
        final byte[][] packets = {leaving(NODE), leaving("10.65.1.2"), leaving("2001:db8::1"),
            Packet.ethernet(Packet.mac("ff:ff:ff:ff:ff:ff"), OWN, ETH_ARP, Packet.arpRequest(NODE, SERVER)),
            Packet.ethernet(ROUTER, OWN, ETH_IPV4, Packet.ipv4(NODE, SERVER, ICMP, Packet.icmp(3, 3,
                Packet.ipv4(SERVER, POD, UDP, Packet.udp(1, 2))))),
            Packet.ethernet(ROUTER, OWN, ETH_IPV4, Packet.ipv4(NODE, "192.0.2.2", UDP, Packet.udp(50_000, 4789,
                new byte[8], leaving(POD))))};
        for (final byte[] packet : packets) {
            final TestSkb.Result result = leave(packet);
            assertEquals(TC_ACT_OK, result.action(), Arrays.toString(packet));
            assertArrayEquals(packet, result.packet());
            assertCounted();
        }
    }

    @Test
    void shouldLetOutWhatIsApprovedAndClearOnlyItsMark() {
        final TestSkb.Result result =
            TestSkb.of(leaving(POD), LOOPBACK).withMark(0xffff0000 | 0x4000 | APPROVED).run(programs.toNetwork());
        assertEquals(TC_ACT_OK, result.action());
        assertEquals(0xffff0000 | 0x4000, result.mark());
        assertCounted(PuntCounter.APPROVED_TO_NETWORK);
        final TestSkb.Result handed = TestSkb.of(leaving(POD), LOOPBACK).withMark(PuntConfig.HANDED_MARK_DEFAULT)
            .run(programs.toNetwork());
        assertEquals(TC_ACT_REDIRECT, handed.action(), "HANDED alone is no approval");
        assertCounted(PuntCounter.PUNTED_TO_NETWORK);
    }

    @Test
    void shouldDropOrPassWithoutAnEngine() {
        punt.sockets().clear(0);
        assertEquals(TC_ACT_SHOT, leave(leaving(POD)).action());
        assertCounted(PuntCounter.DROPPED_ENGINE_ABSENT);
        assertEquals(TC_ACT_OK, leave(leaving(NODE)).action());
        assertCounted();
        punt.configure(CONFIG.withOnEngineLoss(OnEngineLoss.PASS));
        assertEquals(TC_ACT_OK, leave(leaving(POD)).action());
        assertCounted(PuntCounter.PASSED_ENGINE_ABSENT);
    }

    @Test
    void shouldTouchNothingBeforeItIsConfigured() {
        try (PuntPrograms unconfigured = PuntPrograms.load(16);
             UplinkPrograms uplinks = UplinkPrograms.load(null, unconfigured, new UplinkLimits(1, 1, 1), false)) {
            uplinks.putLocalAddress(InetAddress.ofLiteral(POD), POD_IFINDEX);
            assertEquals(TC_ACT_OK, TestSkb.of(leaving(POD), LOOPBACK).run(uplinks.toNetwork()).action());
            assertEquals(TC_ACT_OK, TestSkb.of(arriving(POD), LOOPBACK).run(uplinks.fromNetwork()).action());
        }
    }

    @Test
    void shouldGiveTheEngineWhatArrivesForPodsWithoutXdp() {
        final TestSkb.Result result = TestSkb.of(arriving(POD), LOOPBACK).run(programs.fromNetwork());
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(3, LOOPBACK), result.destinationMac());
        assertArrayEquals(ROUTER, result.sourceMac(), "untouched");
        assertCounted(PuntCounter.PUNTED_FROM_NETWORK);
        assertEquals(1, programs.counter(UplinkCounter.TAKEN_PLAIN));

        programs.natBindings().update(new NatBinding(InetAddress.ofLiteral(NODE), InetAddress.ofLiteral(SERVER), 4000,
            53, UDP), 1);
        assertEquals(TC_ACT_REDIRECT, TestSkb.of(arriving(NODE), LOOPBACK).run(programs.fromNetwork()).action());
        assertCounted(PuntCounter.PUNTED_FROM_NETWORK);
        assertEquals(1, programs.counter(UplinkCounter.TAKEN_NAT_RETURN));
    }

    @Test
    void shouldLeaveTheRestAndVxlanToTheHostWithoutXdp() {
        final InetAddress vtep = InetAddress.ofLiteral("192.0.2.2");
        programs.putVtep(vtep);
        final byte[] overlay = Packet.udp(50_000, 4789, new byte[] {8, 0, 0, 0, 0, 0x10, 0, 0},
            Packet.ethernet(OWN, ROUTER, ETH_IPV4, Packet.ipv4("10.65.1.2", POD, UDP, Packet.udp(1, 2))));
        final byte[][] passed = {arriving(NODE), Packet.ethernet(ROUTER, OWN, ETH_IPV4,
            Packet.ipv4(SERVER, POD, UDP, Packet.udp(1, 2))),
            Packet.ethernet(OWN, ROUTER, ETH_IPV4, Packet.ipv4("192.0.2.2", NODE, UDP, overlay))};
        for (final byte[] packet : passed) {
            assertEquals(TC_ACT_OK, TestSkb.of(packet, LOOPBACK).run(programs.fromNetwork()).action());
            assertCounted();
        }
        assertEquals(passed.length, programs.counter(UplinkCounter.PASSED));
        programs.removeVtep(vtep);
        assertEquals(TC_ACT_SHOT, TestSkb.of(passed[2], LOOPBACK).run(programs.fromNetwork()).action());
        assertEquals(1, programs.counter(UplinkCounter.DROPPED_UNKNOWN_VTEP));
    }

    @Test
    void shouldMarkWhatTheEngineSendsOutByTheHost() {
        final byte[] payload = Packet.ipv4(NODE, SERVER, UDP, Packet.udp(4000, 53));
        final TestSkb.Result out = TestSkb.of(Packet.ethernet(Packet.puntMac(4, LOOPBACK), new byte[6], ETH_IPV4,
            payload), LOOPBACK).run(punt.fromEngine());
        assertEquals(TC_ACT_REDIRECT, out.action());
        assertEquals(APPROVED, out.mark());
        assertCounted(PuntCounter.DELIVERED_TO_DEVICE);
        final TestSkb.Result unknown = TestSkb.of(Packet.ethernet(Packet.puntMac(4, 99), new byte[6], ETH_IPV4,
            payload), LOOPBACK).run(punt.fromEngine());
        assertEquals(TC_ACT_SHOT, unknown.action());
        assertCounted(PuntCounter.DROPPED_ENGINE_UNKNOWN_DEVICE);
        final TestSkb.Result approved = TestSkb.of(Packet.ethernet(Packet.puntMac(3, POD_IFINDEX), new byte[6],
            ETH_IPV4, payload), LOOPBACK).run(punt.fromEngine());
        assertEquals(TC_ACT_REDIRECT, approved.action());
        assertEquals(APPROVED | PuntConfig.HANDED_MARK_DEFAULT, approved.mark());
        assertArrayEquals(Packet.HOST_MAC, approved.destinationMac());
        assertCounted(PuntCounter.DELIVERED_TO_HOST);
    }
}
