package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
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

import io.caracal.netlink.MacAddress;
import io.caracal.xdp.cache.CachedFlowSpec;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.Workload;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An uplink with XDP and flows in the cache that come without encapsulation: answers to what NAT-outgoing has
 * translated, and a pod's own address. XDP leaves them to tc, which sends them into the pod; everything else goes as
 * ever.
 */
final class PlainOffloadTest extends OffloadedUplink {
    /** The loopback interface's own. */
    private static final byte[] MAC = new byte[6];
    private static final int NAT_PORT = 40_000;
    private static final int POD_PORT = 4321;
    private static final int IP = 14;
    private static final int TRANSPORT = IP + 20;

    @BeforeEach
    void load() {
        open(OnEngineLoss.PASS, MAC,
            new UplinkConfig(VNI, 4789, (Inet4Address)ip(NODE), null, true, OVERLAY, OVERLAY6));
        punt.putWorkload(POD_IFINDEX, new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE));
        for (int worker = 0; worker < QUEUES; worker++) {
            punt.sockets().set(worker, socket.number());
        }
    }

    private static int ipv4(final String text) {
        return ByteBuffer.wrap(ip(text).getAddress()).getInt();
    }

    /** The answers to a flow that a worker has bound: whichever their own hash would name. */
    private void bind(final int protocol, final int worker) {
        programs.natBindings().update(new NatBinding(ip(NODE), ip(SERVER), NAT_PORT, 80, protocol), worker);
    }

    private void putTranslated(final int protocol, final int worker) {
        final CachedFlowSpec spec = toPod(LOOPBACK, SERVER, NODE, protocol, 80 << 16 | NAT_PORT);
        spec.isTranslated = true;
        spec.natAddress = ipv4(POD);
        spec.natPort = POD_PORT;
        spec.generation = worker;
        cache.part(worker).insert(spec);
    }

    private static byte[] toMac(final byte[] ip) {
        return ethernet(MAC, ip);
    }

    /** A segment with a right checksum. */
    private static byte[] answer(final int flags) {
        final byte[] tcp = Packet.tcp(80, NAT_PORT, flags);
        final int sum = ~Packet.onesComplementSum(tcp, pseudoSum(SERVER, NODE, TCP, tcp.length));
        tcp[16] = (byte)(sum >> 8);
        tcp[17] = (byte)sum;
        return toMac(Packet.ipv4(SERVER, NODE, TCP, tcp));
    }

    private static byte[] datagram() {
        return toMac(Packet.ipv4(SERVER, NODE, UDP, Packet.udp(80, NAT_PORT, new byte[3])));
    }

    private static int pseudoSum(final String source, final String destination, final int protocol, final int length) {
        return Packet.onesComplementSum(Packet.concat(Packet.address(source), Packet.address(destination),
            Packet.be16(protocol), Packet.be16(length)), 0);
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
        final byte[] ipv4 = toMac(Packet.ipv4(SERVER, POD, UDP, Packet.udp(53, POD_PORT)));
        final byte[] ipv6 = toMac(Packet.ipv6(SERVER6, POD6, TCP, Packet.tcp(80, POD_PORT, ACK)));
        for (final byte[] frame : new byte[][] {ipv4, ipv6}) {
            steers("no entry", XDP_REDIRECT, UplinkCounter.TAKEN_PLAIN, frame);
            assertEquals(TC_ACT_OK, arrive(frame).action(), "the host's stack brings it to the pod's own hooks");
        }
        put(toPod(LOOPBACK, SERVER, POD, UDP, 53 << 16 | POD_PORT));
        put(toPod(LOOPBACK, SERVER6, POD6, TCP, 80 << 16 | POD_PORT));
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
        programs.putDevice(LOOPBACK, new UplinkDevice(MacAddress.of(MAC), 7, SLOT, 1));
        put(toPod(LOOPBACK, SERVER, POD, UDP, 53 << 16 | POD_PORT));
        final byte[] packet = Packet.ipv4(SERVER, POD, UDP, Packet.udp(53, POD_PORT));
        steers("VLAN 7", XDP_REDIRECT, UplinkCounter.TAKEN_PLAIN, Packet.ethernet(MAC, ROUTER, 0x8100, Packet.be16(7),
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
        for (final byte[] frame : new byte[][] {datagram(),
            toMac(Packet.ipv4(SERVER, NODE, TCP, Packet.tcp(80, 22, ACK))),
            toMac(Packet.ipv4("198.51.100.8", NODE, TCP, Packet.tcp(80, NAT_PORT, ACK)))}) {
            final TestSkb.Result result = arrive(frame);
            assertEquals(TC_ACT_OK, result.action());
            assertArrayEquals(frame, result.packet());
        }
    }
}
