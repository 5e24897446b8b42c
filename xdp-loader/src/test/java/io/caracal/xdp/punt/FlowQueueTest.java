package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.ICMP;
import static io.caracal.xdp.testing.Packet.ICMPV6;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Which queue a packet is sent to, against the hash written a second time. The queue shows in which socket must be
 * there.
 */
final class FlowQueueTest extends ProgramTable {
    private static final String A4 = "10.65.0.2";
    private static final String B4 = "10.65.3.77";
    private static final String A6 = "fd00:10:65::2";
    private static final String B6 = "fd00:10:65:1:2:3:4:5";

    private void assertQueue(final int queue, final String what, final byte[] packet) {
        for (int other = 0; other < QUEUES; other++) {
            unbindEngine(other);
        }
        bindEngine(queue);
        assertEquals(TC_ACT_REDIRECT, TestSkb.of(packet, WORKLOAD).run(programs.fromWorkload()).action(),
            what + " should go to queue " + queue);
        bindEngine();
        unbindEngine(queue);
        assertEquals(TC_ACT_SHOT, TestSkb.of(packet, WORKLOAD).run(programs.fromWorkload()).action(),
            what + " should go to queue " + queue + " and no other");
    }

    private static int queue(final String a, final int aPort, final String b, final int bPort, final int protocol) {
        return FlowHashOracle.queue(Packet.address(a), aPort, Packet.address(b), bPort, protocol, SEED, QUEUES);
    }

    @Test
    void shouldSendBothDirectionsOfAFlowToTheQueueOfItsHash() {
        final int udp4 = queue(A4, 5000, B4, 53, UDP);
        assertQueue(udp4, "udp4", Packet.ethernet(ETH_IPV4, Packet.ipv4(A4, B4, UDP, Packet.udp(5000, 53))));
        assertQueue(udp4, "udp4 back", Packet.ethernet(ETH_IPV4, Packet.ipv4(B4, A4, UDP, Packet.udp(53, 5000))));
        final int tcp6 = queue(A6, 40000, B6, 443, TCP);
        assertQueue(tcp6, "tcp6", Packet.ethernet(ETH_IPV6, Packet.ipv6(A6, B6, TCP,
            Packet.tcp(40000, 443, Packet.SYN))));
        assertQueue(tcp6, "tcp6 back", Packet.ethernet(ETH_IPV6,
            Packet.ipv6(B6, A6, TCP, Packet.tcp(443, 40000, Packet.ACK))));
    }

    @Test
    void shouldReadPortsBehindOptionsAndExtensions() {
        assertQueue(queue(A4, 7, B4, 9, TCP), "options",
            Packet.ethernet(ETH_IPV4, Packet.ipv4WithOptions(A4, B4, TCP, Packet.tcp(7, 9, Packet.ACK))));
        final byte[] hopByHop = Packet.extension(60, 0, 8);
        final byte[] destination = Packet.extension(51, 1, 16);
        final byte[] authentication = Packet.extension(UDP, 4, 24);
        assertQueue(queue(A6, 7, B6, 9, UDP), "extensions", Packet.ethernet(ETH_IPV6,
            Packet.ipv6(A6, B6, 0, hopByHop, destination, authentication, Packet.udp(7, 9))));
    }

    @Test
    void shouldSendPacketsOfUnboundedExtensionsToQueueZero() {
        final byte[] more = Packet.extension(60, 0, 8);
        final byte[] last = Packet.extension(UDP, 0, 8);
        assertQueue(queue(A6, 7, B6, 9, UDP), "six extensions", Packet.ethernet(ETH_IPV6,
            Packet.ipv6(A6, B6, 60, more, more, more, more, more, last, Packet.udp(7, 9))));
        assertQueue(0, "seven extensions", Packet.ethernet(ETH_IPV6,
            Packet.ipv6(A6, B6, 60, more, more, more, more, more, more, last, Packet.udp(7, 9))));
        assertQueue(0, "an extension of 2048 bytes", Packet.ethernet(ETH_IPV6,
            Packet.ipv6(A6, B6, 60, Packet.extension(UDP, 255, 2048), Packet.udp(7, 9))));
    }

    @Test
    void shouldSendAllFragmentsOfAPacketToTheSameQueue() {
        final int v4 = queue(A4, 0, B4, 0, 0);
        assertQueue(v4, "first", Packet.ethernet(ETH_IPV4, Packet.ipv4(A4, B4, UDP, 0x2000,
            Packet.udp(5000, 53, new byte[16]))));
        assertQueue(v4, "last", Packet.ethernet(ETH_IPV4, Packet.ipv4(A4, B4, UDP, 0x0003, new byte[11])));
        assertQueue(queue(A4, 5, B4, 6, UDP), "don't fragment",
            Packet.ethernet(ETH_IPV4, Packet.ipv4(A4, B4, UDP, 0x4000, Packet.udp(5, 6))));
        final int v6 = queue(A6, 0, B6, 0, 0);
        final byte[] fragment = Packet.extension(UDP, 0, 8);
        assertQueue(v6, "first of v6", Packet.ethernet(ETH_IPV6, Packet.ipv6(A6, B6, 44, fragment, Packet.udp(1, 2))));
        assertQueue(v6, "last of v6", Packet.ethernet(ETH_IPV6, Packet.ipv6(A6, B6, 44, fragment, new byte[3])));
    }

    @Test
    void shouldSendIcmpQueriesByAddressesAndProtocol() {
        assertQueue(queue(A4, 0, B4, 0, ICMP), "echo", Packet.ethernet(ETH_IPV4,
            Packet.ipv4(A4, B4, ICMP, Packet.icmp(8, 0))));
        assertQueue(queue(A6, 0, B6, 0, ICMPV6), "echo6", Packet.ethernet(ETH_IPV6,
            Packet.ipv6(A6, B6, ICMPV6, Packet.icmp(128, 0))));
    }

    @Test
    void shouldSendIcmpErrorsToTheQueueOfTheFlowTheyAreAbout() {
        final byte[] about4 = Packet.ipv4(B4, A4, TCP, Packet.tcp(443, 40000, Packet.ACK));
        assertQueue(queue(A4, 40000, B4, 443, TCP), "unreachable",
            Packet.ethernet(ETH_IPV4, Packet.ipv4("192.0.2.1", B4, ICMP, Packet.icmp(3, 4, about4))));
        final byte[] about6 = Packet.ipv6(B6, A6, UDP, Packet.udp(53, 5000));
        assertQueue(queue(A6, 5000, B6, 53, UDP), "too big",
            Packet.ethernet(ETH_IPV6, Packet.ipv6("2001:db8::1", B6, ICMPV6, Packet.icmp(2, 0, about6))));
    }

    @Test
    void shouldFallBackToTheOuterFlowWhenAnIcmpErrorIsCutOrBroken() {
        final int outer = queue("192.0.2.1", 0, B4, 0, ICMP);
        assertQueue(outer, "cut", Packet.ethernet(ETH_IPV4, Packet.ipv4("192.0.2.1", B4, ICMP,
            Packet.icmp(3, 1, new byte[12]))));
        assertQueue(outer, "cut in its ports", Packet.ethernet(ETH_IPV4, Packet.ipv4("192.0.2.1", B4, ICMP,
            Packet.icmp(3, 1, Packet.ipv4(B4, A4, TCP, new byte[3])))));
        assertQueue(outer, "zeros", Packet.ethernet(ETH_IPV4,
            Packet.ipv4("192.0.2.1", B4, ICMP, Packet.icmp(3, 1, new byte[40]))));
    }

    @Test
    void shouldAgreeWithTheOracleOnRandomFlowsAndSpreadThem() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final int[] perQueue = new int[QUEUES];
        final int flowCount = 400;
        for (int i = 0; i < flowCount; i++) {
            final String a = "10." + random.nextInt(256) + '.' + random.nextInt(256) + '.' + random.nextInt(256);
            final String b = "10.65.0." + random.nextInt(256);
            final int port = random.nextInt(0x10000);
            final int queue = queue(a, port, b, 80, TCP);
            perQueue[queue]++;
            assertQueue(queue, a + ':' + port + " -> " + b + ":80 (seed " + seed + ')',
                Packet.ethernet(ETH_IPV4, Packet.ipv4(a, b, TCP, Packet.tcp(port, 80, Packet.SYN))));
        }
        for (final int count : perQueue) {
            assertTrue(count > flowCount / QUEUES / 3, () -> "a queue starves: " + java.util.Arrays.toString(perQueue)
                + " (seed " + seed + ')');
        }
    }
}
