package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static io.caracal.xdp.testing.TestXdp.XDP_PASS;
import static io.caracal.xdp.testing.TestXdp.XDP_REDIRECT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caracal.bindings.Fd;
import io.caracal.bindings.Posix;
import io.caracal.netlink.MacAddress;
import io.caracal.xdp.cache.CachedFlowSpec;
import io.caracal.xdp.cache.FlowCache;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import io.caracal.xdp.testing.TestXdp;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An uplink with XDP and flows in the cache that come without encapsulation: answers to what NAT-outgoing has translated,
 * and a pod's own address. XDP leaves them to tc, which sends them into the pod; everything else goes as ever. The loopback
 * interface stands for the uplink.
 */
final class PlainOffloadTest {
    private static final int LOOPBACK = 1;
    private static final int PUNT0 = 4711;
    private static final int QUEUES = 3;
    private static final int SEED = 0x1234567;
    private static final int POD_IFINDEX = 77;
    private static final byte[] OWN = new byte[6];
    private static final byte[] ROUTER = Packet.mac("02:00:00:00:00:99");
    private static final String NODE = "192.0.2.1";
    private static final String POD = "10.65.0.2";
    private static final String POD6 = "fd00:65::2";
    private static final String SERVER = "198.51.100.7";
    private static final String SERVER6 = "2001:db8::7";
    private static final int NAT_PORT = 40_000;
    private static final int POD_PORT = 4321;
    private static final int IP = 14;
    private static final int TRANSPORT = IP + 20;

    private final FlowQueue queue = new FlowQueue(SEED, QUEUES);
    private PuntPrograms punt;
    private UplinkPrograms programs;
    private FlowCache cache;
    private Fd socket;

    @BeforeEach
    void load() {
        punt = PuntPrograms.load(16, 64);
        punt.configure(new PuntConfig(PUNT0, QUEUES, PuntConfig.HANDED_MARK_DEFAULT, PuntConfig.APPROVED_MARK_DEFAULT,
            OnEngineLoss.PASS, SEED));
        punt.putWorkload(POD_IFINDEX, new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE));
        programs = UplinkPrograms.load(null, punt, new UplinkLimits(16, 16, 64), false);
        programs.configure(new UplinkConfig(4096, 4789, (Inet4Address)ip(NODE), null, true, 88, 89));
        programs.putDevice(LOOPBACK, new UplinkDevice(MacAddress.of(OWN), 0, 3, 1));
        programs.putLocalAddress(ip(POD), POD_IFINDEX);
        programs.putLocalAddress(ip(POD6), POD_IFINDEX);
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        programs.sockets().set(3, socket.number());
        for (int worker = 0; worker < QUEUES; worker++) {
            punt.sockets().set(worker, socket.number());
        }
        cache = FlowCache.map(punt, queue);
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

    private static int ipv4(final String text) {
        return ByteBuffer.wrap(ip(text).getAddress()).getInt();
    }

    private static CachedFlowSpec toPod(final String source, final String destination, final int protocol,
        final int ports) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = source.contains(":") ? 6 : 4;
        final ByteBuffer from = ByteBuffer.wrap(ip(source).getAddress());
        final ByteBuffer to = ByteBuffer.wrap(ip(destination).getAddress());
        if (spec.ipVersion == 6) {
            spec.sourceHigh = from.getLong();
            spec.sourceLow = from.getLong();
            spec.destinationHigh = to.getLong();
            spec.destinationLow = to.getLong();
        } else {
            spec.sourceLow = from.getInt() & 0xffff_ffffL;
            spec.destinationLow = to.getInt() & 0xffff_ffffL;
        }
        spec.protocol = protocol;
        spec.ports = ports;
        spec.ingressIfindex = LOOPBACK;
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = POD_IFINDEX;
        spec.mtu = 1450;
        return spec;
    }

    /** The answers to a flow that a worker has bound: whichever their own hash would name. */
    private void bind(final int protocol, final int worker) {
        programs.natBindings().update(new NatBinding(ip(NODE), ip(SERVER), NAT_PORT, 80, protocol), worker);
    }

    private void putTranslated(final int protocol, final int worker) {
        final CachedFlowSpec spec = toPod(SERVER, NODE, protocol, 80 << 16 | NAT_PORT);
        spec.isTranslated = true;
        spec.natAddress = ipv4(POD);
        spec.natPort = POD_PORT;
        spec.generation = worker;
        cache.part(worker).insert(spec);
    }

    private void putPlain(final CachedFlowSpec spec) {
        cache.part(spec.ipVersion == 4
            ? queue.ofIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.ofIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow, spec.protocol,
                spec.ports)).insert(spec);
    }

    private static byte[] frame(final byte[] packet) {
        return Packet.ethernet(OWN, ROUTER, packet[0] >> 4 == 4 ? ETH_IPV4 : ETH_IPV6, packet);
    }

    /** A segment with a right checksum. */
    private static byte[] answer(final int flags) {
        final byte[] tcp = Packet.tcp(80, NAT_PORT, flags);
        final int sum = ~Packet.onesComplementSum(tcp, pseudoSum(SERVER, NODE, TCP, tcp.length));
        tcp[16] = (byte)(sum >> 8);
        tcp[17] = (byte)sum;
        return frame(Packet.ipv4(SERVER, NODE, TCP, tcp));
    }

    private static byte[] datagram() {
        return frame(Packet.ipv4(SERVER, NODE, UDP, Packet.udp(80, NAT_PORT, new byte[3])));
    }

    private static int pseudoSum(final String source, final String destination, final int protocol, final int length) {
        return Packet.onesComplementSum(Packet.concat(Packet.address(source), Packet.address(destination),
            Packet.be16(protocol), Packet.be16(length)), 0);
    }

    private void steers(final String what, final int verdict, final UplinkCounter counter, final byte[] frame) {
        final long before = programs.counter(counter);
        assertEquals(verdict, TestXdp.run(programs.steer(), frame), what);
        assertEquals(1, programs.counter(counter) - before, what);
    }

    private TestSkb.Result arrive(final byte[] frame) {
        return TestSkb.of(frame, LOOPBACK).run(programs.fromUplink());
    }

    @Test
    void shouldLeaveToTcWhatHasAnEntryInItsWorkersPart() {
        for (int worker = 0; worker < QUEUES; worker++) {
            bind(TCP, worker);
            steers("no entry", XDP_REDIRECT, UplinkCounter.TAKEN_NAT_RETURN, answer(ACK));
            putTranslated(TCP, worker);
            steers("an answer", XDP_PASS, UplinkCounter.PASSED_OFFLOADED, answer(ACK));
            steers("a SYN", XDP_REDIRECT, UplinkCounter.TAKEN_NAT_RETURN, answer(Packet.SYN));
            cache.outdateBefore(worker + 1);
        }
        cache.switchOff();
        steers("the cache is off", XDP_REDIRECT, UplinkCounter.TAKEN_NAT_RETURN, answer(ACK));
        steers("no binding", XDP_PASS, UplinkCounter.PASSED, datagram());
    }

    @Test
    void shouldLeaveToTcWhatComesToAPodsOwnAddress() {
        final byte[] ipv4 = frame(Packet.ipv4(SERVER, POD, UDP, Packet.udp(53, POD_PORT)));
        final byte[] ipv6 = frame(Packet.ipv6(SERVER6, POD6, TCP, Packet.tcp(80, POD_PORT, ACK)));
        for (final byte[] frame : new byte[][] {ipv4, ipv6}) {
            steers("no entry", XDP_REDIRECT, UplinkCounter.TAKEN_PLAIN, frame);
            assertEquals(TC_ACT_OK, arrive(frame).action(), "the host's stack brings it to the pod's own hooks");
        }
        putPlain(toPod(SERVER, POD, UDP, 53 << 16 | POD_PORT));
        putPlain(toPod(SERVER6, POD6, TCP, 80 << 16 | POD_PORT));
        for (final byte[] frame : new byte[][] {ipv4, ipv6}) {
            steers("an entry", XDP_PASS, UplinkCounter.PASSED_OFFLOADED, frame);
            final TestSkb.Result result = arrive(frame);
            assertEquals(TC_ACT_REDIRECT, result.action());
            assertArrayEquals(Packet.POD_MAC, result.destinationMac());
        }
    }

    /** A tag is gone when tc sees the packet, and the device is another one. */
    @Test
    void shouldTakeTaggedPackets() {
        programs.putDevice(LOOPBACK, new UplinkDevice(MacAddress.of(OWN), 7, 3, 1));
        putPlain(toPod(SERVER, POD, UDP, 53 << 16 | POD_PORT));
        final byte[] packet = Packet.ipv4(SERVER, POD, UDP, Packet.udp(53, POD_PORT));
        steers("VLAN 7", XDP_REDIRECT, UplinkCounter.TAKEN_PLAIN, Packet.ethernet(OWN, ROUTER, 0x8100, Packet.be16(7),
            Packet.be16(ETH_IPV4), packet));
    }

    @Test
    void shouldWriteThePodsAddressAndPortWithRightSums() {
        bind(TCP, 2);
        putTranslated(TCP, 2);
        final TestSkb.Result result = arrive(answer(ACK));
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.POD_MAC, result.destinationMac());
        final byte[] out = result.packet();
        assertArrayEquals(Packet.address(POD), Arrays.copyOfRange(out, IP + 16, IP + 20));
        assertArrayEquals(Packet.be16(POD_PORT), Arrays.copyOfRange(out, TRANSPORT + 2, TRANSPORT + 4));
        assertArrayEquals(Packet.be16(80), Arrays.copyOfRange(out, TRANSPORT, TRANSPORT + 2), "the server's stays");
        assertEquals(63, out[IP + 8], "TTL");
        assertEquals(0xffff, Packet.onesComplementSum(Arrays.copyOfRange(out, IP, TRANSPORT), 0));
        final byte[] tcp = Arrays.copyOfRange(out, TRANSPORT, out.length);
        assertEquals(0xffff, Packet.onesComplementSum(tcp, pseudoSum(SERVER, POD, TCP, tcp.length)));
    }

    @Test
    void shouldLeaveADatagramWithoutASumWithoutOne() {
        bind(UDP, 1);
        putTranslated(UDP, 1);
        final byte[] out = arrive(datagram()).packet();
        assertArrayEquals(Packet.be16(POD_PORT), Arrays.copyOfRange(out, TRANSPORT + 2, TRANSPORT + 4));
        assertArrayEquals(Packet.be16(0), Arrays.copyOfRange(out, TRANSPORT + 6, TRANSPORT + 8));
    }

    /** What XDP has left to an entry that is gone: the host's stack would answer it with a RST. */
    @Test
    void shouldGiveTheEngineAnAnswerWithoutAnEntryAndTheHostNone() {
        bind(TCP, 1);
        assertPunted(arrive(answer(ACK)));
        noEngine();
        assertEquals(TC_ACT_SHOT, arrive(answer(ACK)).action(), "not even where others may pass without an engine");
    }

    /** In whose part an answer has its entry says the binding there, too. */
    @Test
    void shouldSendOnWithoutXdpWhatHasAnEntryInItsWorkersPart() {
        for (int worker = 0; worker < QUEUES; worker++) {
            bind(TCP, worker);
            assertPunted(arriveWithoutXdp(answer(ACK)));
            putTranslated(TCP, worker);
            final TestSkb.Result result = arriveWithoutXdp(answer(ACK));
            assertEquals(TC_ACT_REDIRECT, result.action());
            assertArrayEquals(Packet.POD_MAC, result.destinationMac());
            assertPunted(arriveWithoutXdp(answer(Packet.SYN)));
            cache.outdateBefore(worker + 1);
        }
        noEngine();
        assertEquals(TC_ACT_SHOT, arriveWithoutXdp(answer(ACK)).action(), "not even where others may pass");
    }

    private TestSkb.Result arriveWithoutXdp(final byte[] frame) {
        return TestSkb.of(frame, LOOPBACK).run(programs.fromNetwork());
    }

    private void noEngine() {
        for (int worker = 0; worker < QUEUES; worker++) {
            punt.sockets().clear(worker);
        }
    }

    private static void assertPunted(final TestSkb.Result result) {
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertNotEquals(Arrays.toString(Packet.POD_MAC), Arrays.toString(result.destinationMac()));
    }

    @Test
    void shouldLeaveTheHostItsOwn() {
        bind(TCP, 0);
        putTranslated(TCP, 0);
        for (final byte[] frame : new byte[][] {datagram(), frame(Packet.ipv4(SERVER, NODE, TCP, Packet.tcp(80, 22, ACK))),
            frame(Packet.ipv4("198.51.100.8", NODE, TCP, Packet.tcp(80, NAT_PORT, ACK)))}) {
            final TestSkb.Result result = arrive(frame);
            assertEquals(TC_ACT_OK, result.action());
            assertArrayEquals(frame, result.packet());
        }
    }
}
